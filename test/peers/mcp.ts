import { MCPMock } from "@copilotkit/aimock";

/** One pixel. */
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/** An MCP server whose answers stand in the calls: `say` repeats its text, `draw` gives a picture. */
export class McpPeer {
  readonly #mock = new MCPMock();
  #url = "";

  async start(): Promise<void> {
    const text = { type: "object", properties: { text: { type: "string" } }, required: ["text"] };
    this.#mock.addTool({ name: "say", description: "Repeats a text.", inputSchema: text });
    this.#mock.addTool({ name: "draw", description: "Draws.", inputSchema: { type: "object" } });
    this.#mock.addTool({ name: "hidden", description: "Not for you.", inputSchema: { type: "object" } });
    this.#mock.onToolCall("say", (args) => (args as { text: string }).text);
    this.#mock.onToolCall("draw", () => [{ type: "image", data: PNG, mimeType: "image/png" }]);
    this.#url = await this.#mock.start();
  }

  get url(): string {
    return this.#url;
  }

  stop(): Promise<void> {
    return this.#mock.stop();
  }
}
