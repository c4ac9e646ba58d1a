import { once } from "node:events";
import type { AddressInfo } from "node:net";
import {
  createLedgerClient,
  InvalidRequestError,
  type Ledger,
  LedgerError,
  type Problem,
} from "@credit-activity/client";
import { serve } from "@hono/node-server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENGINES } from "../databases.js";
import { openLedger, SECRET, type TestLedger } from "./ledger.js";
import { SCRIPT, type Step } from "./script.js";

const KINDS = {
  gift: { type: "grant", title: "Gift" },
  video: { type: "usage", title: "Video", nouns: { one: "clip", other: "clips" } },
  goodwill: { type: "correction", title: "Goodwill" },
} as const;

/** The result or error of a step. */
interface Outcome {
  readonly result: unknown;
  readonly error: null | {
    readonly name: string;
    readonly code: string;
    readonly facts: unknown;
    readonly status: number | null;
    readonly errors: InvalidRequestError["errors"] | null;
    readonly problem: Problem | null;
  };
}

/** Runs a step, and replaces ids, hashes and tokens, which are random. */
async function play({ run }: Step, ledger: Ledger, memo: Parameters<Step["run"]>[1]): Promise<Outcome> {
  try {
    const result = await run(ledger, memo);
    expect(JSON.parse(JSON.stringify(result))).toStrictEqual(result);
    return { result: normalize(result), error: null };
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    const { name, code, facts, status, problem } = error;
    const errors = error instanceof InvalidRequestError ? error.errors : null;
    return { result: null, error: normalize({ name, code, facts, status, errors, problem }) };
  }
}

function normalize<Value>(value: Value): Value {
  const text = JSON.stringify(value)
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<uuid>")
    .replace(/"[0-9a-f]{64}"/g, '"<hash>"')
    .replace(/"eyJ[\w-]+\.[\w-]+\.[\w-]+"/g, '"<token>"');
  return JSON.parse(text);
}

describe.each(ENGINES)("a ledger in the process and one over HTTP, on %s", (engine) => {
  let inProcess: TestLedger;
  let remote: TestLedger;
  let server: ReturnType<typeof serve>;
  let client: Ledger;

  beforeAll(async () => {
    const options = { engine, kinds: KINDS, now: () => "2026-11-22T10:00:00Z" };
    [inProcess, remote] = await Promise.all([openLedger(options), openLedger(options)]);
    server = serve({ fetch: remote.local.fetch, port: 0, hostname: "127.0.0.1" });
    await once(server, "listening");
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    client = createLedgerClient({ baseUrl, key: SECRET, retries: 0 });
  });
  afterAll(async () => {
    server.close();
    await Promise.all([inProcess.drop(), remote.drop()]);
  });

  it("have the same results and errors for one script", async () => {
    const memos = [0, 1].map(() => ({ hold: "", second: "", asOf: "", cursor: "" }));
    let refused = 0;
    for (const step of SCRIPT) {
      const here = await play(step, inProcess.local, memos[0] as never);
      const there = await play(step, client, memos[1] as never);
      if (here.error !== null) refused += 1;
      if (step.isUnsendable) expectRefusedAlike(step.name, here, there);
      else expect({ step: step.name, ...there }).toStrictEqual({ step: step.name, ...here });
    }
    expect(refused).toBeGreaterThan(50);
    for (const { local } of [inProcess, remote]) expect((await local.verify()).violations).toEqual([]);
  });

  /** The client has its own words for what it can't send, but the same class, code, facts and paths. */
  function expectRefusedAlike(name: string, here: Outcome, there: Outcome) {
    const toComparable = ({ error }: Outcome) => ({
      ...{ step: name, name: error?.name, code: error?.code, facts: error?.facts },
      paths: error?.errors?.map(({ path }) => path),
    });
    expect(there.error?.status).toBeNull();
    expect(toComparable(there)).toStrictEqual(toComparable(here));
  }

  it("were called by every method in the script", () => {
    const methods = Object.keys(client);
    const called = new Set<string>();
    const spy = new Proxy({} as Ledger, {
      get: (_, name: string) => {
        called.add(name);
        return () => new Promise(() => {});
      },
    });
    for (const { run } of SCRIPT) void run(spy, { hold: "h", second: "h", asOf: "x", cursor: "x" });
    expect([...called].sort()).toEqual(methods.sort());
    expect(Object.keys(inProcess.local)).toEqual(expect.arrayContaining(methods));
  });

  it("reject with the reason of a signal that aborts before or during the call", async () => {
    for (const ledger of [inProcess.local, client]) {
      await ledger.putAccount("aborted");
      const calls: ((signal: AbortSignal) => Promise<unknown>)[] = [
        (signal) => ledger.putAccount("aborted", {}, { signal }),
        (signal) => ledger.getAccount("aborted", { signal }),
        (signal) => ledger.grant("aborted", { kind: "purchase", credits: 1 }, { signal }),
        (signal) => ledger.spend("aborted", { credits: 1 }, { signal }),
        (signal) => ledger.usage([{ id: "1", account: "b", kind: "ai_usage", credits: 1 }], { signal }),
        (signal) => ledger.hold("aborted", { credits: 1 }, { signal }),
        (signal) => ledger.settle("aborted", "h", { credits: 1 }, { signal }),
        (signal) => ledger.release("aborted", "h", { signal }),
        (signal) => ledger.refund("aborted", { entry: 1 }, { signal }),
        (signal) => ledger.adjust("aborted", { credits: 1, description: "x" }, { signal }),
        (signal) => ledger.writeOff("aborted", { credits: 1, description: "x" }, { signal }),
        (signal) => ledger.activity("aborted", {}, { signal }),
        (signal) => ledger.activityEntries("aborted", 1, {}, { signal }),
        (signal) => ledger.entries("aborted", {}, { signal }),
        (signal) => ledger.grants("aborted", {}, { signal }),
        (signal) => ledger.accounts({}, { signal }),
        (signal) => ledger.getEntry("aborted", 1, { signal }),
        (signal) => ledger.holds("aborted", {}, { signal }),
        (signal) => ledger.getHold("aborted", "h", { signal }),
        (signal) => ledger.balance("aborted", {}, { signal }),
        (signal) => ledger.totals("aborted", { by: "kind" }, { signal }),
        (signal) => ledger.createToken("aborted", {}, { signal }),
      ];
      for (const call of calls) {
        const reason = new Error("enough");
        await expect(call(AbortSignal.abort(reason))).rejects.toBe(reason);
        const controller = new AbortController();
        const called = call(controller.signal);
        controller.abort(reason);
        await expect(called).rejects.toBe(reason);
      }
      const controller = new AbortController();
      expect(await ledger.getAccount("aborted", { signal: controller.signal })).toMatchObject({
        id: "aborted",
      });
    }
  });
});
