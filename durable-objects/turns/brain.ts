import type { Model, ModelChoice } from "../../agent/model.ts";
import { chooseModels, type Reachable } from "../../agent/models/choose.ts";
import { demoModel } from "../../agent/models/demo.ts";
import { withFallbacks } from "../../agent/models/fallback.ts";
import { openaiModel } from "../../agent/models/openai.ts";
import { now, random } from "../clock.ts";
import type { Room } from "../room.ts";

/** The model that a group's turns use, its fallbacks behind it. */
export interface Brain {
  choice: ModelChoice;
  model: Model;
}

/** Opens what `chooseModels` chose. No request leaves before the first `stream`. */
export function openBrain(room: Room): Brain {
  const choices = chooseModels(room.config.vars, room.settings?.model);
  return {
    choice: choices[0]!,
    model: withFallbacks(choices.map((choice) => ({ choice, model: open(room, choice) }))),
  };
}

function open(room: Room, choice: Reachable): Model {
  if (choice.provider === "demo") return demoModel(now);
  const { provider, model, baseURL, apiKey } = choice;
  const stallMs = room.config.MODEL_STALL_TIMEOUT * 1000;
  return openaiModel({
    provider,
    model,
    baseURL,
    apiKey,
    fetch: (input, init) => fetch(input, init),
    now,
    random,
    stallMs,
  });
}
