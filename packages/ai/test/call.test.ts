import { NotFoundError, type UsageEvent } from "@credit-activity/client";
import { type LocalLedger, UnavailableError } from "@credit-activity/server";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { MeteredCall } from "../src/call.js";
import type { CreditsOptions } from "../src/index.js";
import { toMetering } from "../src/options.js";
import { meterStream } from "../src/stream.js";
import { createAccount, failSettlements, openLedger, type TestAccount, until } from "./ledger.js";

let clock = Date.parse("2026-11-22T10:00:00Z");
let ledger: LocalLedger;
beforeAll(async () => {
  ledger = await openLedger({ now: () => new Date(clock) });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});
afterAll(async () => {
  expect((await ledger.verify()).violations).toEqual([]);
  await ledger.close();
});

const REQUEST = { model: { provider: "test", id: "model" }, input: "", maxOutputTokens: 100 };

/** The price of 100 output tokens, which an empty request holds. */
const HELD = "0.0015";

const open = (options: CreditsOptions) => MeteredCall.open(toMetering(options), REQUEST);

/** Reports output tokens, and that the report is complete. */
const output = (tokens: number) => ({
  reported: {
    input: { input: 0, cacheRead: 0, cacheWrite: 0 },
    output: { output: tokens, reasoning: 0 },
  },
  isComplete: true,
});

describe("a hold", () => {
  it("does not bound usage that was reported, which may leave a debt", async () => {
    const account = await createAccount(ledger, "0.002");
    const call = await open(account.options);
    call.observe(output(200));
    await call.end();
    expect(await account.used()).toMatchObject([{ credits: "-0.003", balance: "-0.001", estimated: false }]);
  });

  it("bounds usage that is estimated", async () => {
    const account = await createAccount(ledger);
    const call = await open(account.options);
    call.observe({ output: "x".repeat(3500) });
    await call.end();
    expect(await account.used()).toMatchObject([
      { credits: `-${HELD}`, quantities: { outputTokens: "1000" }, estimated: true },
    ]);
  });

  it("does not bound an estimate whose hold cost nothing", async () => {
    const account = await createAccount(ledger);
    const call = await open({ ...account.options, price: ({ output }) => (output === 100 ? "0" : "1") });
    expect(await account.openHolds()).toBe(0);
    call.observe({ output: "x".repeat(7) });
    await call.end();
    expect(await account.used()).toMatchObject([{ credits: "-1", estimated: true }]);
  });

  it("is extended while its call runs", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const account = await createAccount(ledger);
    const call = await open(account.options);
    const lasts = async () => {
      const { holds } = await ledger.holds(account.id, { status: "open" });
      return Date.parse(holds[0]?.expiresAt ?? "") - clock;
    };
    expect(await lasts()).toBe(900_000);
    for (let minutes = 0; minutes < 60; minutes += 5) {
      clock += 300_000;
      vi.advanceTimersByTime(300_000);
      await until(async () => (await lasts()) === 900_000);
    }
    call.observe(output(100));
    await call.end();
    expect(await account.used()).toMatchObject([{ credits: `-${HELD}` }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("that expired leaves the usage to be reported", async () => {
    const account = await createAccount(ledger);
    const call = await open({ ...account.options, requestId: "late" });
    clock += 901_000;
    expect(await account.openHolds()).toBe(0);
    call.observe(output(100));
    await call.end();
    expect(await account.used()).toMatchObject([
      { kind: "ai_usage", credits: `-${HELD}`, key: "ai:late:0", source: { id: "model" } },
    ]);
  });

  it("is not needed for what costs nothing", async () => {
    const account = await createAccount(ledger, null);
    const call = await open({ ...account.options, price: { input: 0, output: 0 } });
    expect(await account.openHolds()).toBe(0);
    call.observe(output(100));
    await call.end();
    expect(await account.used()).toEqual([]);
  });

  it("is not taken from an account that does not exist", async () => {
    const { options } = await createAccount(ledger);
    await expect(open({ ...options, account: "nobody" })).rejects.toBeInstanceOf(NotFoundError);
  });

  it("is released without an entry when the usage costs nothing", async () => {
    const account = await createAccount(ledger);
    const call = await open(account.options);
    call.observe(output(0));
    await call.end();
    expect(await account.used()).toEqual([]);
    expect(await account.openHolds()).toBe(0);
  });
});

describe("a call", () => {
  it("ends once", async () => {
    const account = await createAccount(ledger);
    const call = await open(account.options);
    call.observe(output(10));
    await Promise.all([call.end(), call.end(), call.fail()]);
    call.observe(output(90));
    await call.end();
    expect(await account.used()).toMatchObject([{ credits: "-0.00015" }]);
  });

  it("is not charged when the provider reports a failure", async () => {
    const account = await createAccount(ledger);
    const call = await open(account.options);
    call.observe({ output: "Some words. " });
    call.observe({ hasFailed: true });
    await call.end();
    expect(await account.used()).toEqual([]);
    expect(await account.openHolds()).toBe(0);
  });

  it("takes the larger of what was reported amid a stream and what was streamed", async () => {
    const account = await createAccount(ledger);
    const call = await open(account.options);
    call.observe({ ...output(20), isComplete: false });
    call.observe({ output: "x".repeat(7), reasoning: "x".repeat(7) });
    await call.end();
    expect(await account.used()).toMatchObject([
      { quantities: { outputTokens: "20", reasoningTokens: "2" }, estimated: true },
    ]);
  });

  it("counts with the given tokenizer", async () => {
    const account = await createAccount(ledger);
    const call = await open({ ...account.options, countTokens: (text) => text.split(" ").length - 1 });
    call.observe({ output: "one two three" });
    await call.end();
    expect(await account.used()).toMatchObject([{ quantities: { outputTokens: "2" } }]);
  });
});

describe("a tokenizer that fails", () => {
  const countTokens = (text: string) => {
    if (text.includes("<|end|>")) throw new Error("The token <|end|> is not allowed.");
    return text.length;
  };

  it("leaves the count to the length, for the hold and for the charge", async () => {
    const account = await createAccount(ledger);
    const input = "<|end|>".repeat(10);
    const call = await MeteredCall.open(toMetering({ ...account.options, countTokens }), {
      ...REQUEST,
      input,
    });
    call.observe({ output: "<|end|>" });
    await call.end();
    expect(await account.used()).toMatchObject([
      { quantities: { inputTokens: "20", outputTokens: "2" }, estimated: true },
    ]);
    expect(await account.openHolds()).toBe(0);
  });

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY])("is not taken at a count of %d", async (count) => {
    const account = await createAccount(ledger);
    const call = await open({ ...account.options, countTokens: () => count });
    call.observe({ output: "x".repeat(7) });
    await call.end();
    expect(await account.used()).toMatchObject([{ quantities: { outputTokens: "2" } }]);
  });
});

describe("a request", () => {
  const openStep = (options: CreditsOptions) => {
    const metering = toMetering({ ...options, requestId: "r" });
    return () => MeteredCall.open(metering, REQUEST);
  };

  const end = async (call: MeteredCall, tokens: number) => {
    call.observe(output(tokens));
    await call.end();
  };

  const charges = async (account: TestAccount) =>
    (await account.used()).map(({ key, credits }) => [key, credits]);

  it("charges steps at the same time, each once", async () => {
    const account = await createAccount(ledger);
    const step = openStep(account.options);
    const calls = await Promise.all([step(), step(), step()]);
    await Promise.all(calls.map((call, index) => end(call, 10 * (index + 1))));
    expect((await charges(account)).sort()).toEqual([
      ["ai:r:0", "-0.00015"],
      ["ai:r:1", "-0.0003"],
      ["ai:r:2", "-0.00045"],
    ]);
  });

  it("leaves the step of a call that failed to the next one", async () => {
    const account = await createAccount(ledger);
    const step = openStep(account.options);
    const [first, second] = await Promise.all([step(), step()]);
    await end(second as MeteredCall, 20);
    await first?.fail();
    await end(await step(), 10);
    expect(await charges(account)).toEqual([
      ["ai:r:1", "-0.0003"],
      ["ai:r:0", "-0.00015"],
    ]);
  });

  it("leaves the step of a call that was refused to the next one", async () => {
    const account = await createAccount(ledger, null);
    const step = openStep(account.options);
    await expect(step()).rejects.toThrow();
    await ledger.grant(account.id, { kind: "purchase", credits: "1" });
    await end(await step(), 10);
    expect(await charges(account)).toEqual([["ai:r:0", "-0.00015"]]);
  });

  it("that is repeated is charged for the steps that it adds", async () => {
    const account = await createAccount(ledger);
    const first = openStep(account.options);
    await end(await first(), 10);
    await end(await first(), 20);
    const second = openStep(account.options);
    for (const tokens of [15, 25, 30]) await end(await second(), tokens);
    expect(await charges(account)).toEqual([
      ["ai:r:0", "-0.00015"],
      ["ai:r:1", "-0.0003"],
      ["ai:r:2", "-0.00045"],
    ]);
  });

  it("is charged once by two processes at the same time", async () => {
    const account = await createAccount(ledger);
    const calls = await Promise.all([openStep(account.options)(), openStep(account.options)()]);
    await Promise.all(calls.map((call, index) => end(call, 10 * (index + 1))));
    expect(await charges(account)).toHaveLength(1);
    expect(await account.openHolds()).toBe(0);
  });

  it("is charged once although its hold expired", async () => {
    const account = await createAccount(ledger);
    const calls = await Promise.all([openStep(account.options)(), openStep(account.options)()]);
    clock += 901_000;
    await Promise.all(calls.map((call, index) => end(call, 10 * (index + 1))));
    expect(await charges(account)).toHaveLength(1);
  });

  it.each(["", " r", "r\n", "é", "x".repeat(201)])("refuses the id %j", async (requestId) => {
    const { options } = await createAccount(ledger);
    expect(() => toMetering({ ...options, requestId })).toThrow(
      `The requestId ${JSON.stringify(requestId)} can't be a key.`,
    );
  });
});

describe("a ledger that fails", () => {
  it("settles at the next try", async () => {
    const account = await createAccount(ledger);
    const call = await open({ ...account.options, ledger: failSettlements(ledger, 2) });
    call.observe(output(10));
    await call.end();
    expect(await account.used()).toMatchObject([{ credits: "-0.00015" }]);
  });

  it.each([
    ["before", false],
    ["after", true],
  ])("hands the usage over when it fails %s it posted, and charges it once", async (_, isPosted) => {
    const account = await createAccount(ledger);
    const events: UsageEvent[] = [];
    const onUnsettled = (event: UsageEvent, error: unknown) => {
      expect(error).toBeInstanceOf(UnavailableError);
      events.push(event);
    };
    const failing = failSettlements(ledger, 9, isPosted);
    const call = await open({ ...account.options, ledger: failing, onUnsettled, task: "t1" });
    call.observe(output(10));
    await call.end();
    expect(events).toMatchObject([{ account: account.id, credits: "0.00015", task: "t1" }]);
    await ledger.usage(events);
    await ledger.usage(events);
    expect(await account.used()).toMatchObject([{ credits: "-0.00015", task: { id: "t1" } }]);
  });

  it("writes the usage to the console by default", async () => {
    const written = vi.spyOn(console, "error").mockImplementation(() => {});
    const account = await createAccount(ledger);
    const call = await open({ ...account.options, ledger: failSettlements(ledger, 9) });
    call.observe(output(10));
    await call.end();
    expect(written).toHaveBeenCalledTimes(1);
    const event = JSON.parse(written.mock.calls[0]?.[1] as string) as UsageEvent;
    expect((await ledger.usage([event])).results).toMatchObject([{ status: "posted" }]);
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("The queue is down.");
      },
    ],
    ["rejects", () => Promise.reject(new Error("The queue is down."))],
  ])("writes the usage to the console when onUnsettled %s after an abort", async (_, onUnsettled) => {
    const written = vi.spyOn(console, "error").mockImplementation(() => {});
    const account = await createAccount(ledger);
    const call = await open({ ...account.options, ledger: failSettlements(ledger, 9), onUnsettled });
    call.observe({ output: "x".repeat(7) });
    const controller = new AbortController();
    meterStream(new ReadableStream(), call, { observe: () => [] }, controller.signal);
    controller.abort();
    await until(async () => written.mock.calls.length > 0);
    const [message, event, failure] = written.mock.calls[0] ?? [];
    expect(message).toBe("onUnsettled failed. Report this event with ledger.usage:");
    expect(JSON.parse(event as string)).toMatchObject({ account: account.id, credits: "0.00003" });
    expect(failure).toMatchObject({ message: "The queue is down." });
    await expect(call.end()).resolves.toBeUndefined();
  });

  it("hands over what it refuses", async () => {
    const account = await createAccount(ledger);
    const refused: unknown[] = [];
    const onUnsettled = (_: UsageEvent, error: unknown) => refused.push(error);
    const call = await open({ ...account.options, onUnsettled });
    await ledger.closeAccount(account.id);
    call.observe(output(10));
    await call.end();
    expect(refused).toMatchObject([{ code: "account_closed" }]);
  });

  it("releases the hold of a usage that it refuses for good", async () => {
    const account = await createAccount(ledger);
    const events: UsageEvent[] = [];
    const settle = () => Promise.reject(new Error("The settlement is refused."));
    const refusing = new Proxy(ledger, {
      get: (target, name) => (name === "settle" ? settle : Reflect.get(target, name)),
    });
    const onUnsettled = (event: UsageEvent) => events.push(event);
    const call = await open({ ...account.options, ledger: refusing, onUnsettled });
    call.observe(output(10));
    await call.end();
    expect(events).toMatchObject([{ account: account.id, credits: "0.00015" }]);
    expect(await account.openHolds()).toBe(0);
  });
});

it("a usage that the price can't price is handed over as what was held", async () => {
  const account = await createAccount(ledger);
  const unsettled: unknown[] = [];
  const price: CreditsOptions["price"] = ({ output }) => {
    if (output < 100) throw new Error("The tokens are too few.");
    return "0.5";
  };
  const onUnsettled = (event: UsageEvent, error: unknown) => unsettled.push([event, error]);
  const call = await open({ ...account.options, price, onUnsettled });
  call.observe(output(10));
  await call.end();
  expect(unsettled).toMatchObject([
    [{ credits: "0.5", quantities: { outputTokens: 10 } }, { message: "The tokens are too few." }],
  ]);
});

describe("a stream", () => {
  const streamOf = (parts: readonly string[]) => {
    let cancelled: unknown;
    const left = [...parts];
    const source = new ReadableStream<string>(
      {
        pull: (controller) => {
          const part = left.shift();
          return part === undefined ? new Promise(() => {}) : controller.enqueue(part);
        },
        cancel: (reason) => {
          cancelled = reason;
        },
      },
      { highWaterMark: 0 },
    );
    return { source, cancelled: () => cancelled };
  };

  const meter = (call: MeteredCall) => ({
    observe(part: string) {
      call.observe({ output: part });
      return [part];
    },
  });

  it("whose meter fails ends its call, and is cancelled", async () => {
    const account = await createAccount(ledger);
    const call = await open(account.options);
    const { source, cancelled } = streamOf(["x"]);
    const observe = () => {
      throw new Error("The part is broken.");
    };
    const reader = meterStream(source, call, { observe }).getReader();
    await expect(reader.read()).rejects.toThrow("The part is broken.");
    expect(cancelled()).toMatchObject({ message: "The part is broken." });
    expect(await account.openHolds()).toBe(0);
  });

  it("that nobody reads is cut after the time of a hold", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const account = await createAccount(ledger);
    const call = await open(account.options);
    const { source, cancelled } = streamOf(["x".repeat(7), "y"]);
    const reader = meterStream(source, call, meter(call)).getReader();
    expect((await reader.read()).value).toHaveLength(7);
    await new Promise(setImmediate);
    vi.advanceTimersByTime(899_000);
    expect(cancelled()).toBeUndefined();
    vi.advanceTimersByTime(1_000);
    expect(cancelled()).toBeInstanceOf(Error);
    await expect(reader.read()).rejects.toThrow("The stream was not read for 900 seconds.");
    await call.end();
    expect(await account.used()).toMatchObject([{ quantities: { outputTokens: "2" }, estimated: true }]);
  });

  it("that waits for its provider is not cut", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const account = await createAccount(ledger);
    const call = await open(account.options);
    const { source, cancelled } = streamOf([]);
    const stream = meterStream(source, call, meter(call));
    const reader = stream.getReader();
    const reading = reader.read();
    await new Promise(setImmediate);
    vi.advanceTimersByTime(3_600_000);
    expect(cancelled()).toBeUndefined();
    expect(await account.openHolds()).toBe(1);
    await reader.cancel();
    expect(await reading).toEqual({ done: true, value: undefined });
    expect(await account.openHolds()).toBe(0);
  });

  it.each(["before", "after"])(
    "that was aborted %s it was made ends its call, although nobody reads it",
    async (when) => {
      const account = await createAccount(ledger);
      const call = await open(account.options);
      const controller = new AbortController();
      if (when === "before") controller.abort();
      meterStream(streamOf([]).source, call, meter(call), controller.signal);
      controller.abort();
      await until(async () => (await account.openHolds()) === 0);
      expect(await account.used()).toEqual([]);
    },
  );
});
