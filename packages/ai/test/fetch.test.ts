import Anthropic from "@anthropic-ai/sdk";
import { InsufficientCreditsError, type LocalLedger, NotFoundError } from "@credit-activity/server";
import OpenAI from "openai";
import OpenAI6 from "openai-6";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findLedgerError, type MeteredFetchOptions, meteredFetch } from "../src/index.js";
import { createAccount, openLedger, until } from "./ledger.js";
import { events, json, type Provider, startProvider } from "./provider.js";
import {
  CHAT_USAGE,
  chatResult,
  chatStream,
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
afterAll(async () => {
  expect(provider.left()).toBe(0);
  expect((await ledger.verify()).violations).toEqual([]);
  await Promise.all([ledger.close(), provider.close()]);
});

const settings = (options: MeteredFetchOptions) => ({
  baseURL: provider.url,
  apiKey: "key",
  fetch: meteredFetch(options),
});

const anthropicOf = (options: MeteredFetchOptions) =>
  new Anthropic({ ...settings(options), baseURL: new URL(provider.url).origin });

const messages = [{ role: "user", content: "Why?" } as const];
const CHAT = { model: "gpt-5.5", messages };
const MESSAGES = { model: "claude-sonnet-5", messages, max_tokens: 100 };

describe.each([
  ["openai 7", OpenAI],
  ["openai 6", OpenAI6 as unknown as typeof OpenAI],
])("%s", (_, Sdk) => {
  it("is charged for chat completions", async () => {
    const account = await createAccount(ledger);
    const openai = new Sdk(settings(account.options));
    provider.play(json(chatResult), events(whole(chatStream)));
    const result = await openai.chat.completions.create(CHAT);
    expect(result.choices[0]?.message.content).toBe(WORDS.join(""));
    let text = "";
    for await (const chunk of await openai.chat.completions.create({ ...CHAT, stream: true })) {
      // A chunk without choices comes only if the usage was asked for.
      expect(chunk.choices).toHaveLength(1);
      text += chunk.choices[0]?.delta.content ?? "";
    }
    expect(text).toBe(WORDS.join(""));
    expect(provider.requests.at(-1)).toMatchObject({ stream_options: { include_usage: true } });
    const entry = { ...EXACT, source: { type: "model", id: "gpt-5.5", label: "gpt-5.5" } };
    expect(await account.used()).toMatchObject([entry, entry]);
  });

  it("passes the usage on if it was asked for", async () => {
    const account = await createAccount(ledger);
    const openai = new Sdk(settings(account.options));
    provider.play(events(whole(chatStream)));
    const stream_options = { include_usage: true, include_obfuscation: false };
    let usage: unknown;
    for await (const chunk of await openai.chat.completions.create({
      ...CHAT,
      stream: true,
      stream_options,
    })) {
      usage = chunk.usage;
    }
    expect(usage).toEqual(CHAT_USAGE);
    expect(await account.used()).toMatchObject([EXACT]);
  });

  it("is charged for responses", async () => {
    const account = await createAccount(ledger);
    const openai = new Sdk(settings(account.options));
    provider.play(json(responsesResult), events(whole(responsesStream)));
    const request = { model: "gpt-5.5", input: "Why?" };
    expect((await openai.responses.create(request)).output_text).toBe(WORDS.join(""));
    let text = "";
    for await (const event of await openai.responses.create({ ...request, stream: true })) {
      if (event.type === "response.output_text.delta") text += event.delta;
    }
    expect(text).toBe(WORDS.join(""));
    expect(await account.used()).toMatchObject([EXACT, EXACT]);
  });

  it("is charged for embeddings", async () => {
    const account = await createAccount(ledger);
    const openai = new Sdk(settings(account.options));
    const data = [{ object: "embedding", index: 0, embedding: [0.5] }];
    const usage = { prompt_tokens: 8, total_tokens: 8 };
    provider.play(json({ object: "list", model: "text-embedding-4", data, usage }));
    await openai.embeddings.create({
      model: "text-embedding-4",
      input: ["Why?", "How?"],
      encoding_format: "float",
    });
    expect(await account.used()).toMatchObject([
      { credits: "-0.000024", quantities: { inputTokens: "8" }, estimated: false },
    ]);
  });

  it("throws a refusal of the ledger at once, and does not call the provider", async () => {
    const account = await createAccount(ledger, "0.0001");
    const openai = new Sdk(settings(account.options));
    const calls = provider.requests.length;
    const thrown = await openai.chat.completions.create(CHAT).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ status: 402, code: "insufficient_credits" });
    const error = findLedgerError(thrown);
    expect(error).toBeInstanceOf(InsufficientCreditsError);
    expect(error?.facts).toMatchObject({ available: "0.0001" });
    expect(provider.requests.length).toBe(calls);
  });

  it("does not repeat a refusal whose status it would repeat", async () => {
    const account = await createAccount(ledger);
    await ledger.closeAccount(account.id);
    let holds = 0;
    const hold: LocalLedger["hold"] = (...parameters) => {
      holds += 1;
      return ledger.hold(...parameters);
    };
    const counted = {
      settle: ledger.settle,
      release: ledger.release,
      extend: ledger.extend,
      usage: ledger.usage,
    };
    const openai = new Sdk(settings({ ...account.options, ledger: { ...counted, hold } }));
    await expect(openai.chat.completions.create(CHAT)).rejects.toMatchObject({ status: 409 });
    expect(holds).toBe(1);
  });

  it("is charged for the try that succeeds", async () => {
    const account = await createAccount(ledger);
    const openai = new Sdk(settings({ ...account.options, requestId: "request-1" }));
    const overloaded = json({ error: { message: "Overloaded." } }, 503);
    provider.play({ body: null, ending: "reset" }, overloaded, json(chatResult));
    await openai.chat.completions.create(CHAT);
    expect(await account.used()).toMatchObject([{ ...EXACT, key: "ai:request-1:0" }]);
    expect(await account.openHolds()).toBe(0);
  });
});

describe("@anthropic-ai/sdk", () => {
  it("is charged for messages", async () => {
    const account = await createAccount(ledger);
    const anthropic = anthropicOf(account.options);
    provider.play(json(messagesResult), events(whole(messagesStream)));
    expect((await anthropic.messages.create(MESSAGES)).content).toMatchObject([{ text: WORDS.join("") }]);
    expect(await anthropic.messages.stream(MESSAGES).finalText()).toBe(WORDS.join(""));
    const entry = { ...EXACT, source: { type: "model", id: "claude-sonnet-5", label: "claude-sonnet-5" } };
    expect(await account.used()).toMatchObject([entry, entry]);
  });

  it("throws a refusal of the ledger at once", async () => {
    const { options } = await createAccount(ledger);
    const anthropic = anthropicOf({ ...options, account: "nobody" });
    const thrown = await anthropic.messages.create(MESSAGES).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ status: 404 });
    expect(findLedgerError(thrown)).toBeInstanceOf(NotFoundError);
  });

  it("does not meter the count of tokens", async () => {
    const account = await createAccount(ledger, null);
    provider.play(json({ input_tokens: 8 }));
    await anthropicOf(account.options).messages.countTokens({ model: "claude-sonnet-5", messages });
    expect(await account.used()).toEqual([]);
  });
});

describe("meteredFetch", () => {
  const post = (body: unknown): RequestInit => ({ method: "POST", body: JSON.stringify(body) });

  it("holds the limit of output of all choices", async () => {
    const account = await createAccount(ledger);
    provider.play({ body: null, ending: "hang" });
    const controller = new AbortController();
    const init = { ...post({ ...CHAT, max_tokens: 1000, n: 3 }), signal: controller.signal };
    const calling = meteredFetch(account.options)(`${provider.url}/chat/completions`, init);
    await until(async () => (await account.openHolds()) === 1);
    const { held } = await ledger.getAccount(account.id);
    expect(Number(held)).toBeGreaterThan(0.045);
    expect(Number(held)).toBeLessThan(0.0452);
    controller.abort();
    await expect(calling).rejects.toThrow("aborted");
    expect(await account.openHolds()).toBe(0);
    expect(await account.used()).toEqual([]);
  });

  it("reads events wherever the network cuts them", async () => {
    const account = await createAccount(ledger);
    const text = whole(chatStream).join("").replaceAll("\n", "\r\n").replace("Credits", "Crédits");
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of new TextEncoder().encode(text)) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    const headers = { "content-type": "text/event-stream; charset=utf-8" };
    const fetch = meteredFetch({ ...account.options, fetch: async () => new Response(body, { headers }) });
    const asked = { ...CHAT, stream: true, stream_options: { include_usage: true } };
    const response = await fetch("https://api.example.com/v1/chat/completions", post(asked));
    expect(await response.text()).toBe(text);
    expect(await account.used()).toMatchObject([EXACT]);
  });

  const ESCAPED = String.raw`\u2028`;

  it.each([
    ["raw U+2028", (text: string) => text.replaceAll(ESCAPED, "\u2028")],
    ["a byte order mark", (text: string) => `\ufeff${text}`],
    ["mixed ends of rows", (text: string) => text.replaceAll("\n\n", "\n\r\n")],
    ["carriage returns", (text: string) => text.replaceAll("\n", "\r")],
    ["carriage returns and feeds", (text: string) => text.replaceAll("\n", "\r\n")],
  ])("reads events with %s", async (_, change) => {
    const account = await createAccount(ledger);
    const item = { content: ["a\u2028b\u2029c"] };
    const usage = { input_tokens: 10, output_tokens: 500 };
    const chunk = { type: "response.completed", response: { output: [item], usage } };
    const data = JSON.stringify(chunk).replaceAll("\u2028", ESCAPED);
    const text = change(`event: response.completed\ndata: ${data}\n\n`);
    const headers = { "content-type": "text/event-stream" };
    const fetch = meteredFetch({ ...account.options, fetch: async () => new Response(text, { headers }) });
    const response = await fetch(`${provider.url}/responses`, post({ model: "m", input: "", stream: true }));
    const bytes = new Uint8Array(await response.arrayBuffer());
    expect(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes)).toBe(text);
    expect(await account.used()).toMatchObject([
      { quantities: { inputTokens: "10", outputTokens: "500" }, estimated: false },
    ]);
  });

  it.each([
    { max_tokens: -1 },
    { max_tokens: 0 },
    { max_tokens: -2.5 },
    { max_tokens: 1e308 },
    { max_output_tokens: -1000 },
    { max_tokens: 4096, n: 0 },
    { max_tokens: 4096, n: -5 },
    { max_completion_tokens: 0, max_tokens: 4096 },
  ])("holds no less for the limits %j", async (limits) => {
    const account = await createAccount(ledger);
    let held = 0;
    const fetch = meteredFetch({
      ...account.options,
      fetch: async () => {
        held = Number((await ledger.getAccount(account.id)).held);
        return Response.json(chatResult);
      },
    });
    await fetch(`${provider.url}/chat/completions`, post({ ...CHAT, ...limits }));
    expect(held).toBeGreaterThan(0.06144);
    expect(held).toBeLessThan(0.062);
  });

  it.each([false, true])("keeps the headers of a request object when stream is %s", async (stream) => {
    const account = await createAccount(ledger);
    const headers: (string | null)[] = [];
    const fetch = meteredFetch({
      ...account.options,
      fetch: async (...parameters) => {
        headers.push(new Request(...parameters).headers.get("authorization"));
        return Response.json(chatResult);
      },
    });
    const init = { ...post({ ...CHAT, stream }), headers: { authorization: "Bearer key" } };
    await fetch(new Request(`${provider.url}/chat/completions`, init));
    expect(headers).toEqual(["Bearer key"]);
  });

  it("takes a request object", async () => {
    const account = await createAccount(ledger);
    const fetch = meteredFetch(account.options);
    provider.play(json(chatResult), events(whole(chatStream)));
    const url = `${provider.url}/chat/completions`;
    const response = await fetch(new Request(url, post(CHAT)));
    expect(await response.json()).toEqual(chatResult);
    expect(response.url).toBe(url);
    const streamed = await fetch(new Request(url, post({ ...CHAT, stream: true })));
    expect(await streamed.text()).not.toContain('"prompt_tokens"');
    expect(await account.used()).toMatchObject([EXACT, EXACT]);
  });

  it("takes the deployment of Azure for the model", async () => {
    const account = await createAccount(ledger);
    const url = new URL("/openai/deployments/our-gpt/chat/completions?api-version=1", provider.url);
    provider.play(json(chatResult));
    await meteredFetch(account.options)(url, post({ messages }));
    expect(await account.used()).toMatchObject([{ source: { id: "our-gpt" } }]);
  });

  it("prices by the model, and passes other requests on", async () => {
    const account = await createAccount(ledger);
    const fetch = meteredFetch({
      ...account.options,
      price: (_, { provider, id }) => ({ credits: "1", version: `${provider}/${id}` }),
    });
    provider.play(json(messagesResult), json({ data: [] }));
    await fetch(`${provider.url}/messages`, post(MESSAGES));
    await fetch(`${provider.url}/files`, post({}));
    expect(await account.used()).toMatchObject([{ credits: "-1", price: "anthropic/claude-sonnet-5" }]);
  });

  it.each([
    ["no body", {}],
    ["bytes", { body: new Uint8Array(2) }],
    ["an array", { body: "[]" }],
    ["what is not JSON", { body: "{" }],
  ])("refuses %s, which it can't meter", async (_, init) => {
    const { options } = await createAccount(ledger);
    const calling = meteredFetch(options)("https://api.example.com/v1/messages", { method: "POST", ...init });
    await expect(calling).rejects.toThrow(
      "The body of a request to /messages is not a JSON object in a string, so it can't be metered.",
    );
  });

  it("estimates a result without usage", async () => {
    const account = await createAccount(ledger);
    const { usage: _, ...result } = chatResult;
    provider.play(json(result));
    await meteredFetch(account.options)(`${provider.url}/chat/completions`, post(CHAT));
    const [entry] = await account.used();
    expect(entry?.estimated).toBe(true);
    expect(Number(entry?.quantities?.outputTokens)).toBeGreaterThan(18);
  });

  it.each(["Text/Event-Stream", "application/octet-stream", "text/plain", ""])(
    "reads the events of a stream whose type is %j",
    async (type) => {
      const account = await createAccount(ledger);
      const headers: Record<string, string> = type === "" ? {} : { "content-type": type };
      const body = () => new TextEncoder().encode(whole(chatStream).join(""));
      const fetch = meteredFetch({
        ...account.options,
        fetch: async () => new Response(body(), { headers }),
      });
      const response = await fetch(`${provider.url}/chat/completions`, post({ ...CHAT, stream: true }));
      expect(await response.text()).toContain(WORDS[0]);
      expect(await account.used()).toMatchObject([EXACT]);
    },
  );

  it("reads the JSON that a request for a stream has led to", async () => {
    const account = await createAccount(ledger);
    provider.play(json(chatResult));
    const calling = meteredFetch(account.options)(
      `${provider.url}/chat/completions`,
      post({ ...CHAT, stream: true }),
    );
    expect(await (await calling).json()).toEqual(chatResult);
    expect(await account.used()).toMatchObject([EXACT]);
  });

  it("estimates a result that is not JSON, and charges nothing for one that failed", async () => {
    const account = await createAccount(ledger);
    const failed = { ...responsesResult, status: "failed", error: { code: "server_error" }, usage: null };
    const notJson = { headers: { "content-type": "text/html" }, body: ["<p>Hello</p>"] };
    provider.play(json(failed), notJson);
    const fetch = meteredFetch(account.options);
    await fetch(`${provider.url}/responses`, post({ model: "gpt-5.5", input: "Why?" }));
    const response = await fetch(`${provider.url}/responses`, post({ model: "gpt-5.5", input: "Why?" }));
    expect(await response.text()).toBe("<p>Hello</p>");
    expect(await account.used()).toMatchObject([{ quantities: { outputTokens: "4" }, estimated: true }]);
    expect(await account.openHolds()).toBe(0);
  });
});

describe("findLedgerError", () => {
  const refusal = new Error("refused") as Error & { cause: unknown };

  it("finds the error among causes, and the last one of several tries", () => {
    const error = { status: 402, error: { code: "insufficient_credits", message: "No.", facts: {} } };
    refusal.cause = { lastError: error };
    expect(findLedgerError(refusal)).toMatchObject({ name: "InsufficientCreditsError", message: "No." });
  });

  it("finds nothing in other errors", () => {
    for (const thrown of [null, "text", new Error("x"), { status: 402, error: { message: "No." } }]) {
      expect(findLedgerError(thrown)).toBeNull();
    }
  });
});
