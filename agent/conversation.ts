import type { Answer, Step } from "./journal.ts";
import type { ChatMessage } from "./model.ts";

/**
 * The conversation of a turn: its prompt, then each round of the journal, with what joined before the round.
 * @param joined the catch-up blocks of rounds above 0, by round
 */
export function conversation(base: ChatMessage[], joined: Map<number, string>, steps: Step[]): ChatMessage[] {
  const messages = [...base];
  const models = steps.filter((step) => step.kind === "model" && step.state === "done");
  for (const model of models) {
    addJoined(messages, joined, model.round);
    const answer = JSON.parse(model.output!) as Answer;
    messages.push({ role: "assistant", content: answer.content, toolCalls: answer.toolCalls });
    for (const step of steps.filter((step) => step.kind === "tool" && step.round === model.round)) {
      messages.push({ role: "tool", callId: step.callId!, content: step.output ?? "" });
    }
  }
  addJoined(messages, joined, models.length);
  return messages;
}

function addJoined(messages: ChatMessage[], joined: Map<number, string>, round: number): void {
  const block = joined.get(round);
  if (round > 0 && block) messages.push({ role: "user", content: block });
}
