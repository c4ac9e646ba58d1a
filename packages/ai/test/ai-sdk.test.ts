import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { InsufficientCreditsError, type LocalLedger } from "@credit-activity/server";
import { generateText, streamText } from "ai";
import { afterAll, beforeAll, expect, it } from "vitest";
import { withCredits } from "../src/index.js";
import { createAccount, openLedger, until, VERSION } from "./ledger.js";
import { events, json, type Provider, startProvider } from "./provider.js";
import { chatResult, chatStream, messagesStream, WORDS, whole } from "./shapes.js";

let ledger: LocalLedger;
let provider: Provider;
beforeAll(async () => {
  [ledger, provider] = await Promise.all([openLedger(), startProvider()]);
});
afterAll(async () => {
  expect(provider.left()).toBe(0);
  expect((await ledger.verify()).violations).toEqual([]);
  await Promise.all([ledger.close(), provider.close()]);
});

const openai = () => createOpenAI({ baseURL: provider.url, apiKey: "key" }).chat("gpt-5.5");
const anthropic = () => createAnthropic({ baseURL: provider.url, apiKey: "key" })("claude-sonnet-5");

it("charges a call", async () => {
  const account = await createAccount(ledger);
  provider.play(json(chatResult));
  const { text } = await generateText({
    model: withCredits(openai(), { ...account.options, project: "site", member: "ada", task: "t1" }),
    prompt: "Why?",
  });
  expect(text).toBe(WORDS.join(""));
  expect(await account.used()).toMatchObject([
    {
      kind: "ai_usage",
      // 100 × 3 + 900 × 0.3 + 18 × 15 + 32 × 20 micro-credits
      credits: "-0.00148",
      source: { type: "model", id: "gpt-5.5", label: "gpt-5.5" },
      project: { id: "site" },
      member: { id: "ada" },
      task: { id: "t1" },
      price: VERSION,
      quantities: { inputTokens: "100", cacheReadTokens: "900", outputTokens: "18", reasoningTokens: "32" },
      estimated: false,
    },
  ]);
  expect(await account.openHolds()).toBe(0);
});

it("charges a stream before it ends", async () => {
  const account = await createAccount(ledger);
  provider.play(events(whole(chatStream)));
  const { textStream } = streamText({ model: withCredits(openai(), account.options), prompt: "Why?" });
  let text = "";
  for await (const part of textStream) text += part;
  expect(text).toBe(WORDS.join(""));
  expect(await account.used()).toMatchObject([{ credits: "-0.00148", estimated: false }]);
  expect(await account.openHolds()).toBe(0);
});

it("charges what was streamed when the stream is aborted", async () => {
  const account = await createAccount(ledger);
  provider.play(events([...messagesStream.opening, ...messagesStream.tokens.slice(0, 2)], "hang"));
  const controller = new AbortController();
  const { textStream } = streamText({
    model: withCredits(anthropic(), account.options),
    prompt: "Why?",
    abortSignal: controller.signal,
  });
  let text = "";
  for await (const part of textStream) {
    text += part;
    if (text === WORDS.slice(0, 2).join("")) controller.abort();
  }
  await until(async () => (await account.used()).length > 0);
  expect(await account.used()).toMatchObject([
    {
      // 100 × 3 + 900 × 0.3 + 10 × 15 micro-credits
      credits: "-0.00072",
      quantities: { inputTokens: "100", cacheReadTokens: "900", outputTokens: "10" },
      estimated: true,
    },
  ]);
  expect(await account.openHolds()).toBe(0);
});

it("refuses a call that is not covered before the model is called", async () => {
  const account = await createAccount(ledger, "0.001");
  const calls = provider.requests.length;
  const model = withCredits(openai(), account.options);
  const refused = await generateText({ model, prompt: "Why?" }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(InsufficientCreditsError);
  expect(provider.requests.length).toBe(calls);
  let streamed: unknown;
  const { textStream } = streamText({
    model,
    prompt: "Why?",
    onError: ({ error }) => {
      streamed = error;
    },
  });
  for await (const _ of textStream) throw new Error("A part was streamed.");
  expect(streamed).toBeInstanceOf(InsufficientCreditsError);
  expect(provider.requests.length).toBe(calls);
  expect(await account.used()).toEqual([]);
});

it("charges nothing for a call that fails", async () => {
  const account = await createAccount(ledger);
  provider.play(json({ error: { message: "No such model.", type: "invalid_request_error" } }, 404));
  const model = withCredits(openai(), account.options);
  await expect(generateText({ model, prompt: "Why?" })).rejects.toThrow("No such model.");
  expect(await account.used()).toEqual([]);
  expect(await account.openHolds()).toBe(0);
});
