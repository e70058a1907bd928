export * from "re2js";
export * from "./meter.ts";
