/** The Worker of the full install: the default one, and the containers in which commands run. */
export { ContainerProxy, Sandbox } from "../durable-objects/sandbox-object.ts";
export * from "./index.ts";
export { default } from "./index.ts";
