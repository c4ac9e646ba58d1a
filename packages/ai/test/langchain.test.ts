import { InsufficientCreditsError, type LocalLedger } from "@credit-activity/server";
import { ChatAnthropic } from "@langchain/anthropic";
import { HumanMessage } from "@langchain/core/messages";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { FakeLLM } from "@langchain/core/utils/testing";
import { ChatOpenAI, OpenAI } from "@langchain/openai";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type CreditsOptions, creditsCallback } from "../src/index.js";
import { createAccount, openLedger, until } from "./ledger.js";
import { events, json, type Provider, startProvider } from "./provider.js";
import {
  chatResult,
  chatStream,
  chatToolCall,
  EXACT,
  messagesResult,
  messagesStream,
  responsesResult,
  responsesStream,
  WORDS,
  whole,
} from "./shapes.js";

let ledger: LocalLedger;
let provider: Provider;
beforeAll(async () => {
  [ledger, provider] = await Promise.all([openLedger(), startProvider()]);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});
afterAll(async () => {
  expect(provider.left()).toBe(0);
  expect((await ledger.verify()).violations).toEqual([]);
  await Promise.all([ledger.close(), provider.close()]);
});

const openaiOf = (options: CreditsOptions, useResponsesApi = false) =>
  new ChatOpenAI({
    model: "gpt-5.5",
    apiKey: "key",
    configuration: { baseURL: provider.url },
    maxRetries: 0,
    useResponsesApi,
    callbacks: [creditsCallback(options)],
  });

const anthropicOf = (options: CreditsOptions) =>
  new ChatAnthropic({
    model: "claude-sonnet-5",
    apiKey: "key",
    anthropicApiUrl: new URL(provider.url).origin,
    maxTokens: 100,
    maxRetries: 0,
    callbacks: [creditsCallback(options)],
  });

async function read(stream: AsyncIterable<{ readonly text: string }>): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += chunk.text;
  return text;
}

/** LangChain does not tell Anthropic's thinking from other output. */
const WITHOUT_THINKING = {
  credits: "-0.00132",
  quantities: { inputTokens: "100", cacheReadTokens: "900", outputTokens: "50" },
  estimated: false,
};

describe("a model", () => {
  it.each([
    ["chat completions", false, chatResult, chatStream],
    ["responses", true, responsesResult, responsesStream],
  ])("is charged for OpenAI's %s", async (_, useResponsesApi, result, recording) => {
    const account = await createAccount(ledger);
    const model = openaiOf(account.options, useResponsesApi);
    provider.play(json(result), events(whole(recording)));
    expect((await model.invoke("Why?")).text).toBe(WORDS.join(""));
    expect(await read(await model.stream("Why?"))).toBe(WORDS.join(""));
    const entry = { ...EXACT, source: { type: "model", id: "gpt-5.5", label: "gpt-5.5" } };
    expect(await account.used()).toMatchObject([entry, entry]);
    expect(await account.openHolds()).toBe(0);
  });

  it("is charged for Anthropic's messages", async () => {
    const account = await createAccount(ledger);
    const model = anthropicOf(account.options);
    provider.play(json(messagesResult), events(whole(messagesStream)));
    expect((await model.invoke("Why?")).text).toBe(WORDS.join(""));
    expect(await read(await model.stream("Why?"))).toBe(WORDS.join(""));
    const entry = { ...WITHOUT_THINKING, source: { id: "claude-sonnet-5" } };
    expect(await account.used()).toMatchObject([entry, entry]);
  });

  it("is refused before it is called", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const account = await createAccount(ledger, "0.0001");
    const calls = provider.requests.length;
    await expect(openaiOf(account.options).invoke("Why?")).rejects.toBeInstanceOf(InsufficientCreditsError);
    await expect(openaiOf(account.options).stream("Why?").then(read)).rejects.toBeInstanceOf(
      InsufficientCreditsError,
    );
    expect(provider.requests.length).toBe(calls);
  });

  it("is not charged for a failure", async () => {
    const account = await createAccount(ledger);
    provider.play(json({ error: { message: "No such model." } }, 404));
    await expect(openaiOf(account.options).invoke("Why?")).rejects.toThrow("No such model.");
    expect(await account.used()).toEqual([]);
    expect(await account.openHolds()).toBe(0);
  });

  it("is charged once by a handler that was given twice", async () => {
    const account = await createAccount(ledger);
    const handler = creditsCallback(account.options);
    const model = openaiOf(account.options);
    model.callbacks = [handler];
    provider.play(json(chatResult));
    await model.invoke("Why?", { callbacks: [handler] });
    expect(await account.used()).toMatchObject([EXACT]);
    await Promise.all([1, 2].map(() => handler.handleChatModelStart({}, [[{ content: "Why?" }]], "run")));
    expect(await account.openHolds()).toBe(1);
    await Promise.all([1, 2].map(() => handler.handleLLMEnd({ generations: [[{ text: "So." }]] }, "run")));
    expect(await account.used()).toHaveLength(2);
    expect(await account.openHolds()).toBe(0);
  });

  it("is charged for all prompts of a batch, and in a chain", async () => {
    const account = await createAccount(ledger);
    const model = openaiOf(account.options);
    model.callbacks = [];
    const callbacks = [creditsCallback({ ...account.options, requestId: "request-1" })];
    const chain = ChatPromptTemplate.fromMessages([["human", "{question}"]]).pipe(model);
    provider.play(json(chatResult), json(chatToolCall));
    await chain.batch([{ question: "Why?" }, { question: "How?" }], { callbacks });
    const keys = (await account.used()).map(({ key }) => key);
    expect(keys.sort()).toEqual(["ai:request-1:0", "ai:request-1:1"]);
  });

  it("holds for images a fixed number of tokens", async () => {
    const account = await createAccount(ledger);
    const image = { type: "image_url", image_url: { url: `data:image/png;base64,${"A".repeat(1e6)}` } };
    provider.play({ body: null, ending: "hang" });
    const controller = new AbortController();
    const calling = anthropicOf(account.options).invoke([new HumanMessage({ content: [image] })], {
      signal: controller.signal,
    });
    await until(async () => (await account.openHolds()) === 1);
    const { held } = await ledger.getAccount(account.id);
    // 1,000 tokens of the image and some of names at 3 micro-credits, and 100 tokens of output at 15
    expect(Number(held)).toBeGreaterThan(0.0045);
    expect(Number(held)).toBeLessThan(0.0048);
    controller.abort();
    await expect(calling).rejects.toThrow();
    await until(async () => (await account.openHolds()) === 0);
    expect(await account.used()).toEqual([]);
  });

  it("that is not a chat model is charged by what it returned", async () => {
    const account = await createAccount(ledger);
    const model = new FakeLLM({ response: "x".repeat(35) });
    await model.invoke("Why?", { callbacks: [creditsCallback(account.options)] });
    expect(await account.used()).toMatchObject([
      { source: { id: "unknown" }, quantities: { outputTokens: "10" }, estimated: true },
    ]);
    const completion = { text: "Because.", index: 0, logprobs: null, finish_reason: "stop" };
    const usage = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 };
    provider.play(json({ object: "text_completion", choices: [completion], usage }));
    const openai = new OpenAI({ model: "davinci", apiKey: "key", configuration: { baseURL: provider.url } });
    await openai.invoke("Why?", { callbacks: [creditsCallback(account.options)] });
    expect((await account.used())[1]).toMatchObject({
      source: { id: "davinci" },
      quantities: { inputTokens: "7", outputTokens: "3" },
      estimated: false,
    });
  });
});

describe("a batch", () => {
  const completions = {
    object: "text_completion",
    choices: ["One.", "Two.", "Three."].map((text, index) => ({
      text,
      index,
      logprobs: null,
      finish_reason: "stop",
    })),
  };

  const generate = (options: CreditsOptions) =>
    new OpenAI({
      model: "davinci",
      apiKey: "key",
      configuration: { baseURL: provider.url },
      maxTokens: 100,
    }).generate(["One?", "Two?", "Three?"], { callbacks: [creditsCallback(options)] });

  it("that is not of a chat model is charged its total once", async () => {
    const account = await createAccount(ledger);
    const usage = { prompt_tokens: 30, completion_tokens: 60, total_tokens: 90 };
    provider.play(json({ ...completions, usage }));
    await generate(account.options);
    expect(await account.used()).toMatchObject([
      { quantities: { inputTokens: "30", outputTokens: "60" }, estimated: false },
    ]);
    expect(await account.openHolds()).toBe(0);
  });

  it("without a usage is estimated per prompt", async () => {
    const account = await createAccount(ledger);
    provider.play(json(completions));
    await generate(account.options);
    expect(await account.used()).toMatchObject([
      { estimated: true, quantities: { outputTokens: "2" } },
      { estimated: true, quantities: { outputTokens: "2" } },
      { estimated: true, quantities: { outputTokens: "2" } },
    ]);
  });

  it("of which one prompt is refused keeps no hold", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    // The credits cover one prompt.
    const account = await createAccount(ledger, "0.002");
    await expect(generate(account.options)).rejects.toBeInstanceOf(InsufficientCreditsError);
    await until(async () => (await account.openHolds()) === 0);
    expect(await account.used()).toEqual([]);
  });
});

describe("a stream", () => {
  it("is charged for its part when its loop is left", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"], shouldAdvanceTime: true });
    const account = await createAccount(ledger);
    provider.play(events([...messagesStream.opening, ...messagesStream.tokens.slice(0, 2)], "hang"));
    let text = "";
    for await (const chunk of await anthropicOf(account.options).stream("Why?")) {
      text += chunk.text;
      if (text === WORDS.slice(0, 2).join("")) break;
    }
    expect(await account.openHolds()).toBe(1);
    vi.advanceTimersByTime(900_000);
    await until(async () => (await account.openHolds()) === 0);
    expect(await account.used()).toMatchObject([
      // LangChain does not report the chunk at which the loop was left.
      {
        quantities: { inputTokens: "100", cacheReadTokens: "900", outputTokens: "5" },
        estimated: true,
      },
    ]);
  });
});
