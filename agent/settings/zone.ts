import { ScheduleError } from "../../schedule/error.ts";
import { checkZone } from "../../schedule/zones.ts";
import { Refused, text, type Written } from "./written.ts";

export function zone(written: Written): string {
  try {
    return checkZone(text(written, "A time zone", 64));
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    throw new Refused(
      `"${String(written).slice(0, 60)}" is not the name of a time zone; write e.g. Europe/Berlin.`,
    );
  }
}
