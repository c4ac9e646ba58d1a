import type { Progress } from "./call.js";
import { toChatUsage, toMessagesUsage, toResponsesUsage } from "./chunks.js";
import { isObject, type Json, parseObject } from "./json.js";

/**
 * Reads the JSON of a whole result: of OpenAI's chat completions, responses and embeddings, or of Anthropic's messages.
 * What is not JSON counts as output, since a proxy may have changed a result that the provider charges.
 */
export function readResult(text: string): Progress {
  const result = parseObject(text);
  if (result === null) return { output: text };
  if (isObject(result.error) || result.status === "failed") return { hasFailed: true };
  const { usage } = result;
  if (isObject(usage)) return { reported: toUsage(result, usage), isComplete: true };
  return { output: JSON.stringify(result.choices ?? result.output ?? result.content ?? "") };
}

function toUsage({ object, type }: Json, usage: Json) {
  if (object === "response") return toResponsesUsage(usage);
  return type === "message" ? toMessagesUsage(usage) : toChatUsage(usage);
}
