import { InsufficientCreditsError, type LocalLedger } from "@credit-activity/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type SdkModel, withCredits } from "../src/index.js";
import { createAccount, openLedger, type TestAccount, until } from "./ledger.js";
import { events, json, type Provider, startProvider } from "./provider.js";
import { type Api, SDKS, type Streamed } from "./sdks.js";
import {
  chatResult,
  chatStream,
  chatToolCall,
  EXACT,
  messagesResult,
  messagesStream,
  type Recording,
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

const APIS: readonly [Api, object, Recording][] = [
  ["chat", chatResult, chatStream],
  ["responses", responsesResult, responsesStream],
  ["messages", messagesResult, messagesStream],
];

async function read({ text }: Streamed): Promise<string> {
  let all = "";
  for await (const part of text) all += part;
  return all;
}

describe.each(SDKS)("$name", (sdk) => {
  const targetOf = ({ options }: TestAccount, api: Api = "chat") => ({ url: provider.url, api, options });

  it.each(APIS)("charges the %s API once per pool", async (api, result, stream) => {
    const account = await createAccount(ledger);
    provider.play(json(result));
    expect((await sdk.generate(targetOf(account, api))).text).toBe(WORDS.join(""));
    provider.play(events(whole(stream)));
    expect(await read(sdk.stream(targetOf(account, api)))).toBe(WORDS.join(""));
    expect(await account.used()).toMatchObject([EXACT, EXACT]);
    expect(await account.openHolds()).toBe(0);
  });

  it("attributes a charge to the model, the project, the member and the task", async () => {
    const account = await createAccount(ledger);
    provider.play(json(chatResult));
    const attributes = { project: "site", member: { id: "ada", label: "Ada" }, task: "t1" };
    const options = {
      ...account.options,
      ...attributes,
      description: "Landing page",
      label: () => "GPT-5.5",
    };
    await sdk.generate({ ...targetOf(account), options });
    expect(await account.used()).toMatchObject([
      {
        source: { type: "model", id: "gpt-5.5", label: "GPT-5.5" },
        project: { id: "site" },
        member: { id: "ada", label: "Ada" },
        task: { id: "t1" },
        description: "Landing page",
      },
    ]);
  });

  it("holds the estimate while a call runs", async () => {
    const account = await createAccount(ledger);
    provider.play(events(whole(chatStream).slice(0, 2), "hang"));
    const controller = new AbortController();
    const call = { maxOutputTokens: 1000, abortSignal: controller.signal };
    const reading = read(sdk.stream(targetOf(account), call)).catch(() => {});
    await until(async () => (await account.openHolds()) === 1);
    const { held } = await ledger.getAccount(account.id);
    // The prompt is some tokens, at 3 micro-credits each. The limit of output is 1,000 tokens at 15.
    expect(Number(held)).toBeGreaterThan(0.015);
    expect(Number(held)).toBeLessThan(0.0153);
    controller.abort();
    await reading;
    await until(async () => (await account.openHolds()) === 0);
  });

  it("refuses a call that is not covered before the model is called", async () => {
    const account = await createAccount(ledger, "0.001");
    const calls = provider.requests.length;
    await expect(sdk.generate(targetOf(account), { maxRetries: 2 })).rejects.toBeInstanceOf(
      InsufficientCreditsError,
    );
    const stream = sdk.stream(targetOf(account), { maxRetries: 2 });
    await read(stream).catch(() => {});
    expect(stream.errors).toEqual([expect.any(InsufficientCreditsError)]);
    expect(provider.requests.length).toBe(calls);
    expect(await account.used()).toEqual([]);
  });

  it("charges nothing for a call that fails, and its retry once", async () => {
    const account = await createAccount(ledger);
    provider.play(json({ error: { message: "Try again." } }, 500), json(chatResult));
    const target = targetOf({ ...account, options: { ...account.options, requestId: "request-1" } });
    await sdk.generate(target, { maxRetries: 1 });
    expect(await account.used()).toMatchObject([{ ...EXACT, key: "ai:request-1:0" }]);
    expect(await account.openHolds()).toBe(0);
  });

  it("charges each step of a tool loop, and none again when the request is repeated", async () => {
    const account = await createAccount(ledger);
    const target = targetOf({ ...account, options: { ...account.options, requestId: "request-1" } });
    const play = () => provider.play(json(chatToolCall), json(chatToolCall), json(chatResult));
    play();
    expect((await sdk.generate(target, { hasTool: true })).text).toBe(WORDS.join(""));
    const keys = ["ai:request-1:0", "ai:request-1:1", "ai:request-1:2"];
    expect((await account.used()).map(({ key }) => key)).toEqual(keys);
    play();
    expect((await sdk.generate(target, { hasTool: true })).text).toBe(WORDS.join(""));
    expect((await account.used()).map(({ key }) => key)).toEqual(keys);
    expect(await account.openHolds()).toBe(0);
  });

  it("passes raw chunks on only if they are asked for", async () => {
    const account = await createAccount(ledger);
    const types = async (includeRawChunks: boolean) => {
      provider.play(events(whole(messagesStream)));
      const found = new Set<string>();
      const { parts } = sdk.stream(targetOf(account, "messages"), { includeRawChunks });
      for await (const { type } of parts) found.add(type);
      return found;
    };
    expect(await types(false)).not.toContain("raw");
    expect(await types(true)).toContain("raw");
  });
});

it("refuses a model of another version of the SDK", async () => {
  const { options } = await createAccount(ledger);
  const model = { specificationVersion: "v2" } as SdkModel;
  expect(() => withCredits(model, options)).toThrow(
    "The model has the specification v2. Use a model of AI SDK 6 or 7 (v3, v4).",
  );
});

describe("a model whose result is not of the specification", () => {
  const finish = { finishReason: { unified: "stop", raw: "stop" } };
  const text = [{ type: "text", text: "x".repeat(7) }];

  const CALL = { prompt: [] } as never;

  /** Makes a model that ends with a result. */
  const modelOf = ({ options }: TestAccount, result: object) =>
    withCredits(
      {
        specificationVersion: "v3",
        provider: "test",
        modelId: "model",
        supportedUrls: {},
        doGenerate: async (_: never) => result,
        doStream: async (_: never) => ({
          stream: new ReadableStream({
            start(controller) {
              controller.enqueue({ type: "text-delta", delta: "x".repeat(7) });
              controller.enqueue({ type: "finish", ...result });
              controller.close();
            },
          }),
        }),
      },
      options,
    );

  it.each([
    ["usage", { content: text, ...finish }],
    ["a usage in pools", { content: text, ...finish, usage: { inputTokens: 1, outputTokens: 2 } }],
    ["a reason", { content: text }],
  ])("is estimated without %s", async (_, result) => {
    const account = await createAccount(ledger);
    const model = modelOf(account, result);
    expect(await model.doGenerate(CALL)).toBe(result);
    const { stream } = (await model.doStream(CALL)) as { stream: ReadableStream };
    for await (const part of stream) expect(part).toHaveProperty("type");
    const entry = { quantities: { outputTokens: "2" }, estimated: true };
    expect(await account.used()).toMatchObject([entry, entry]);
    expect(await account.openHolds()).toBe(0);
  });

  it("ends its call although its content can't be read", async () => {
    const account = await createAccount(ledger);
    const result = {
      get content() {
        throw new Error("The content is broken.");
      },
    };
    const calling = modelOf(account, result).doGenerate(CALL);
    await expect(calling).rejects.toThrow("The content is broken.");
    expect(await account.openHolds()).toBe(0);
  });
});
