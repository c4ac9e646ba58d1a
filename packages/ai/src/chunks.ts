import type { Progress } from "./call.js";
import { isObject, type Json, toNumber, toObject, toText } from "./json.js";
import { type Reported, splitInput, splitOutput, toCount } from "./usage.js";

/** Reads a chunk of a stream: of OpenAI's chat completions, of its responses, or of Anthropic's messages. */
export function readChunk(value: unknown): Progress {
  const chunk = toObject(value);
  if (Array.isArray(chunk.choices)) return readChatChunk(chunk, chunk.choices.map(toObject));
  const type = toText(chunk.type);
  if (type === "error" || isObject(chunk.error)) return { hasFailed: true };
  return type.startsWith("response.") ? readResponsesChunk(type, chunk) : readMessagesChunk(type, chunk);
}

function readChatChunk(chunk: Json, choices: readonly Json[]): Progress {
  const deltas = choices.map(({ delta }) => toObject(delta));
  const text = {
    output: deltas.map(toChatOutput).join(""),
    reasoning: deltas.map((delta) => toText(delta.reasoning_content) || toText(delta.reasoning)).join(""),
  };
  if (!isObject(chunk.usage)) return text;
  // Some servers report the usage so far with each chunk.
  const isComplete = choices.length === 0 || choices.some((choice) => toText(choice.finish_reason) !== "");
  return { ...text, reported: toChatUsage(chunk.usage), isComplete };
}

function toChatOutput(delta: Json): string {
  const calls = Array.isArray(delta.tool_calls) ? delta.tool_calls.map(toObject) : [];
  const inputs = calls.map((call) => toText(toObject(call.function).arguments));
  return [toText(delta.content), toText(delta.refusal), ...inputs].join("");
}

function readResponsesChunk(type: string, chunk: Json): Progress {
  if (type.endsWith(".delta") && type !== "response.audio.delta") {
    const delta = toText(chunk.delta);
    return type.includes("reasoning") ? { reasoning: delta } : { output: delta };
  }
  if (type === "response.failed") return { hasFailed: true };
  const { usage } = toObject(chunk.response);
  return isObject(usage) ? { reported: toResponsesUsage(usage), isComplete: true } : {};
}

function readMessagesChunk(type: string, chunk: Json): Progress {
  const delta = toObject(chunk.delta);
  switch (type) {
    case "message_start":
      return { reported: toMessagesUsage(toObject(toObject(chunk.message).usage)) };
    case "content_block_delta":
      return {
        output: toText(delta.text) + toText(delta.partial_json),
        reasoning: toText(delta.thinking),
      };
    case "message_delta":
      return {
        reported: toMessagesUsage(toObject(chunk.usage)),
        isComplete: toText(delta.stop_reason) !== "",
      };
    default:
      return {};
  }
}

/** Converts the usage of chat completions and of embeddings. The prompt includes the cached tokens. */
export function toChatUsage(usage: Json): Reported {
  const { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total } = usage;
  const cached = toObject(usage.prompt_tokens_details);
  const { reasoning_tokens: reasoning } = toObject(usage.completion_tokens_details);
  const sum = toCount(prompt) + toCount(completion);
  // OpenAI's completion includes the reasoning. That of some other servers does not, as their total shows.
  const isApart = toCount(reasoning) > 0 && total === sum + toCount(reasoning);
  return {
    input: splitInput(prompt, cached.cached_tokens, cached.cache_write_tokens),
    output: splitOutput(toCount(completion) + (isApart ? toCount(reasoning) : 0), reasoning),
  };
}

/** Converts the usage of responses. The input includes the cached tokens, and the output the reasoning. */
export function toResponsesUsage(usage: Json): Reported {
  const cached = toObject(usage.input_tokens_details);
  const reasoning = toObject(usage.output_tokens_details).reasoning_tokens;
  return {
    input: splitInput(usage.input_tokens, cached.cached_tokens, cached.cache_write_tokens),
    output: splitOutput(usage.output_tokens, reasoning),
  };
}

/**
 * Converts the usage of messages. The input excludes the cached tokens, and the output includes the thinking. Pools that
 * are missing were reported before.
 */
export function toMessagesUsage(usage: Json): Reported {
  const { input_tokens, output_tokens } = sumIterations(usage);
  const counts = {
    input: toNumber(input_tokens),
    cacheRead: toNumber(usage.cache_read_input_tokens),
    cacheWrite: toNumber(usage.cache_creation_input_tokens),
  };
  const given = Object.entries(counts).filter(([, count]) => count !== undefined);
  const thinking = toObject(usage.output_tokens_details).thinking_tokens;
  return {
    input: given.length === 0 ? null : Object.fromEntries(given.map(([name, n]) => [name, toCount(n)])),
    output: splitOutput(output_tokens, thinking),
  };
}

/** Adds up the turns of a call with compaction, because its totals leave the compaction out. */
function sumIterations(usage: Json): Json {
  const iterations = Array.isArray(usage.iterations) ? usage.iterations.map(toObject) : [];
  const own = iterations.filter(({ type }) => type === "compaction" || type === "message");
  if (!own.some(({ type }) => type === "compaction")) return usage;
  const sum = (name: string) => own.reduce((total, turn) => total + toCount(turn[name]), 0);
  return { input_tokens: sum("input_tokens"), output_tokens: sum("output_tokens") };
}
