import { Refused, type Written } from "./written.ts";
import { zone } from "./zone.ts";

/** The hours in which a heartbeat may beat, `HH:MM`, in a zone (the group's without one). */
export interface Hours {
  from: string;
  to: string;
  zone?: string;
}

const TIME = "([01]?\\d|2[0-3]):([0-5]\\d)";
const HOURS = new RegExp(`^${TIME}\\s*[-–]\\s*${TIME}(?:\\s+(\\S+))?$`);

export function hours(written: Written): Hours {
  const given = written as Partial<Hours>;
  const line = typeof written === "string" ? written : `${given.from}-${given.to} ${given.zone ?? ""}`;
  const found = HOURS.exec(line.trim());
  if (!found)
    throw new Refused("activeHours is written like 08:00-22:00, with a time zone behind it if you like.");
  const [, h1, m1, h2, m2, place] = found;
  const times = { from: `${h1!.padStart(2, "0")}:${m1}`, to: `${h2!.padStart(2, "0")}:${m2}` };
  if (times.from === times.to) throw new Refused("activeHours begin and end at different times.");
  return place ? { ...times, zone: zone(place) } : times;
}

export function shownHours({ from, to, zone }: Hours): string {
  return `${from}-${to}${zone ? ` ${zone}` : ""}`;
}
