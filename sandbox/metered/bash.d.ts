export * from "just-bash/browser";
export * from "./meter.ts";
