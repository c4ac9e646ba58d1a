import { createHash } from "node:crypto";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Credentials, createCredentials } from "../../src/auth/credentials.js";
import { addSeconds, instantFromMillis } from "../../src/core/instant.js";

const SECRET = { type: "secret" };
const UNKNOWN = { problem: expect.stringMatching(/unknown or revoked\. Use a key/) };

let now = instantFromMillis(0);
/** The digests of the keys in the database, and the number of lookups. */
let known: Set<string>;
let lookups: number;
let credentials: Credentials;

/** Sets the clock of the caches, in milliseconds. */
const setClock = (ms: number) => vi.spyOn(performance, "now").mockReturnValue(ms);

const add = (key: string) => known.add(createHash("sha256").update(key).digest("hex"));
const revoke = (key: string) => known.delete(createHash("sha256").update(key).digest("hex"));

beforeEach(() => {
  setClock(1_000_000);
  now = instantFromMillis(Date.UTC(2026, 10, 22, 10));
  known = new Set();
  lookups = 0;
  credentials = createCredentials({
    tokenSecret: new Uint8Array(32).fill(7),
    secretKeys: ["given"],
    isValidKey: async (digest) => {
      lookups += 1;
      return known.has(digest.toString("hex"));
    },
    now: () => now,
  });
});
afterEach(() => vi.restoreAllMocks());

it("looks up an unknown key once in five seconds, however often it is sent", async () => {
  for (let sent = 0; sent < 100; sent += 1) expect(await credentials.identify("bad")).toEqual(UNKNOWN);
  const together = await Promise.all(Array.from({ length: 100 }, () => credentials.identify("worse")));
  expect(together).toEqual(Array.from({ length: 100 }, () => UNKNOWN));
  expect(lookups).toBe(2);
  setClock(1_004_999);
  await credentials.identify("bad");
  expect(lookups).toBe(2);
  setClock(1_005_001);
  await credentials.identify("bad");
  expect(lookups).toBe(3);
});

it("accepts a key that another server created after it was sent, within five seconds", async () => {
  expect(await credentials.identify("key")).toEqual(UNKNOWN);
  add("key");
  setClock(1_005_001);
  expect(await credentials.identify("key")).toEqual(SECRET);
});

it("counts the five seconds of a valid key from its lookup", async () => {
  add("key");
  const replies: ((isValid: boolean) => void)[] = [];
  credentials = createCredentials({
    tokenSecret: new Uint8Array(32),
    secretKeys: [],
    isValidKey: () => new Promise((resolve) => replies.push(resolve)),
    now: () => now,
  });
  const first = credentials.identify("key");
  setClock(1_003_000);
  replies[0]?.(true);
  expect(await first).toEqual(SECRET);
  setClock(1_005_001);
  const second = credentials.identify("key");
  replies[1]?.(false);
  expect(await second).toEqual(UNKNOWN);
});

it("a flood of unknown keys evicts no valid key", async () => {
  add("key");
  expect(await credentials.identify("key")).toEqual(SECRET);
  for (let sent = 0; sent < 10_001; sent += 1) await credentials.identify(`bad-${sent}`);
  expect(lookups).toBe(10_002);
  revoke("key");
  expect(await credentials.identify("key")).toEqual(SECRET);
  await credentials.identify("bad-10000");
  expect(lookups).toBe(10_002);
  // The oldest was evicted.
  await credentials.identify("bad-0");
  expect(lookups).toBe(10_003);
});

it("looks a key up again after the database could not be reached", async () => {
  let isDown = true;
  credentials = createCredentials({
    tokenSecret: new Uint8Array(32),
    secretKeys: ["given"],
    isValidKey: () => {
      if (isDown) throw new Error("down");
      return Promise.resolve(true);
    },
    now: () => now,
  });
  const together = await Promise.allSettled([credentials.identify("key"), credentials.identify("key")]);
  expect(together.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(await credentials.identify("given")).toEqual(SECRET);
  isDown = false;
  expect(await credentials.identify("key")).toEqual(SECRET);
});

it("caches a token until it expires, for its account only", async () => {
  const { token } = await credentials.issue("acme", 60);
  const other = await credentials.issue("other", 60);
  for (const _ of [1, 2, 3]) {
    expect(await credentials.identify(token)).toEqual({ type: "reader", account: "acme" });
    expect(await credentials.identify(other.token)).toEqual({ type: "reader", account: "other" });
  }
  const forged = `${token.slice(0, -2)}${token.endsWith("AA") ? "BB" : "AA"}`;
  expect(await credentials.identify(forged)).toEqual({
    problem: expect.stringMatching(/not signed by this server/),
  });
  now = addSeconds(now, 59);
  expect(await credentials.identify(token)).toMatchObject({ account: "acme" });
  now = addSeconds(now, 1);
  expect(await credentials.identify(token)).toEqual({ problem: expect.stringMatching(/expired/) });
  now = addSeconds(now, -60);
  expect(await credentials.identify(token)).toMatchObject({ account: "acme" });
  expect(lookups).toBe(0);
});
