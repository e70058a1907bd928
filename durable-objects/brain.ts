import { chooseModels, openModels } from "../agent/models/choose.ts";
import type { Model, ModelChoice } from "../agent/model.ts";
import type { Room } from "./room.ts";

/** The model that a group's turns use, its fallbacks behind it. */
export interface Brain {
  choice: ModelChoice;
  model: Model;
}
