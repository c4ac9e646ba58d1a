import { describe, expect, it } from "vitest";
import { readChunk, toChatUsage, toMessagesUsage, toResponsesUsage } from "../src/chunks.js";
import { splitInput, splitOutput, toQuantities } from "../src/usage.js";
import { CHAT_USAGE } from "./shapes.js";

const POOLS = {
  input: { input: 100, cacheRead: 900, cacheWrite: 0 },
  output: { output: 18, reasoning: 32 },
};

describe("pools", () => {
  it("counts the cached tokens of chat completions once, and the reasoning once", () => {
    expect(toChatUsage(CHAT_USAGE)).toEqual(POOLS);
  });

  it("adds the reasoning of a server whose completion leaves it out", () => {
    const usage = { ...CHAT_USAGE, completion_tokens: 18 };
    expect(toChatUsage(usage)).toEqual(POOLS);
    // The total shows that the reasoning is a part of the completion.
    expect(toChatUsage({ ...usage, total_tokens: 1018 }).output).toEqual({ output: 0, reasoning: 18 });
    expect(toChatUsage({ ...usage, total_tokens: undefined }).output).toEqual({ output: 0, reasoning: 18 });
  });

  it("reads chat completions without details, and embeddings", () => {
    expect(toChatUsage({ prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 })).toEqual({
      input: { input: 7, cacheRead: 0, cacheWrite: 0 },
      output: { output: 5, reasoning: 0 },
    });
    expect(toChatUsage({ prompt_tokens: 7, total_tokens: 7 })).toEqual({
      input: { input: 7, cacheRead: 0, cacheWrite: 0 },
      output: { output: 0, reasoning: 0 },
    });
  });

  it("counts the cached tokens of responses once, and the reasoning once", () => {
    expect(
      toResponsesUsage({
        input_tokens: 1000,
        input_tokens_details: { cached_tokens: 600, cache_write_tokens: 300 },
        output_tokens: 50,
        output_tokens_details: { reasoning_tokens: 32 },
      }),
    ).toEqual({ input: { input: 100, cacheRead: 600, cacheWrite: 300 }, output: POOLS.output });
  });

  it("adds the cached tokens of messages to their input", () => {
    expect(
      toMessagesUsage({
        input_tokens: 100,
        cache_read_input_tokens: 600,
        cache_creation_input_tokens: 300,
        cache_creation: { ephemeral_5m_input_tokens: 200, ephemeral_1h_input_tokens: 100 },
        output_tokens: 50,
        output_tokens_details: { thinking_tokens: 32 },
      }),
    ).toEqual({ input: { input: 100, cacheRead: 600, cacheWrite: 300 }, output: POOLS.output });
  });

  it("leaves out what messages do not repeat", () => {
    expect(toMessagesUsage({ output_tokens: 50 })).toEqual({
      input: null,
      output: { output: 50, reasoning: 0 },
    });
    expect(
      toMessagesUsage({ input_tokens: null, cache_read_input_tokens: 3, output_tokens: 50 }).input,
    ).toEqual({ cacheRead: 3 });
  });

  it("adds the compaction that the totals of messages leave out", () => {
    const turn = (type: string, input_tokens: number, output_tokens: number) => ({
      type,
      input_tokens,
      output_tokens,
    });
    const usage = { input_tokens: 20, cache_read_input_tokens: 5, output_tokens: 4 };
    const iterations = [turn("compaction", 100, 10), turn("message", 20, 4), turn("advisor_message", 9, 9)];
    expect(toMessagesUsage({ ...usage, iterations })).toEqual({
      input: { input: 120, cacheRead: 5 },
      output: { output: 14, reasoning: 0 },
    });
    expect(toMessagesUsage({ ...usage, iterations: iterations.slice(1) }).output?.output).toBe(4);
  });

  it("never makes a pool negative, or a broken count a number", () => {
    expect(splitInput(5, 9, 0)).toEqual({ input: 0, cacheRead: 9, cacheWrite: 0 });
    expect(splitOutput(5, 9)).toEqual({ output: 0, reasoning: 5 });
    expect(splitInput(Number.NaN, 1, 1)).toBeNull();
    expect(splitOutput(1.5, -3)).toEqual({ output: 2, reasoning: 0 });
  });

  it("leaves empty pools out of the quantities", () => {
    expect(toQuantities({ input: 1, cacheRead: 0, cacheWrite: 2, output: 3, reasoning: 0 })).toEqual({
      inputTokens: 1,
      cacheWriteTokens: 2,
      outputTokens: 3,
    });
  });
});

describe("chunks", () => {
  it("reads what chat completions stream besides content", () => {
    const chunk = (delta: object) => readChunk({ choices: [{ delta, finish_reason: null }], usage: null });
    expect(chunk({ refusal: "No." }).output).toBe("No.");
    expect(
      chunk({ tool_calls: [{ index: 0, function: { name: "look", arguments: '{"a":1}' } }] }).output,
    ).toBe('{"a":1}');
    expect(chunk({ reasoning_content: "Hm." }).reasoning).toBe("Hm.");
    expect(chunk({ reasoning: "Hm." }).reasoning).toBe("Hm.");
  });

  it("takes a usage amid the chunks as a part", () => {
    const choice = { delta: { content: "Hi" }, finish_reason: null };
    expect(readChunk({ choices: [choice], usage: CHAT_USAGE }).isComplete).toBe(false);
    expect(readChunk({ choices: [{ ...choice, finish_reason: "stop" }], usage: CHAT_USAGE }).isComplete).toBe(
      true,
    );
    expect(readChunk({ choices: [], usage: CHAT_USAGE }).isComplete).toBe(true);
  });

  it("reads the deltas of responses, apart from audio", () => {
    const chunk = (type: string) => readChunk({ type, delta: "Hi" });
    expect(chunk("response.output_text.delta")).toEqual({ output: "Hi" });
    expect(chunk("response.function_call_arguments.delta")).toEqual({ output: "Hi" });
    expect(chunk("response.reasoning_summary_text.delta")).toEqual({ reasoning: "Hi" });
    expect(chunk("response.audio.delta")).toEqual({});
  });

  it("reads the end of responses", () => {
    const response = { usage: { input_tokens: 7, output_tokens: 5 } };
    expect(readChunk({ type: "response.incomplete", response })).toMatchObject({ isComplete: true });
    expect(readChunk({ type: "response.created", response: { usage: null } })).toEqual({});
    expect(readChunk({ type: "response.failed", response })).toEqual({ hasFailed: true });
  });

  it("reads the deltas of messages", () => {
    const chunk = (delta: object) => readChunk({ type: "content_block_delta", delta });
    expect(chunk({ type: "text_delta", text: "Hi" })).toEqual({ output: "Hi", reasoning: "" });
    expect(chunk({ type: "input_json_delta", partial_json: "{" })).toEqual({ output: "{", reasoning: "" });
    expect(chunk({ type: "thinking_delta", thinking: "Hm." })).toEqual({ output: "", reasoning: "Hm." });
  });

  it("reads failures", () => {
    expect(readChunk({ type: "error", error: { type: "overloaded_error" } })).toEqual({ hasFailed: true });
    expect(readChunk({ error: { message: "The server failed." } })).toEqual({ hasFailed: true });
  });

  it("takes no interest in anything else", () => {
    for (const value of [null, "text", 1, [], {}, { type: "ping" }, { type: "message_stop" }]) {
      expect(readChunk(value)).toEqual({});
    }
  });
});
