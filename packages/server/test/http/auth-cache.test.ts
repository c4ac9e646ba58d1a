import { createHash } from "node:crypto";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Auth, createAuth } from "../../src/http/auth.js";
import { addSeconds, instantFromMillis } from "../../src/ledger/instant.js";

const SECRET = { type: "secret" };
const UNKNOWN = { problem: "The secret key is not known, or has been revoked." };

let now = instantFromMillis(0);
/** The digests of the keys in the database, and how often it was asked for one. */
let known: Set<string>;
let lookups: number;
let auth: Auth;

const add = (key: string) => known.add(createHash("sha256").update(key).digest("hex"));
const revoke = (key: string) => known.delete(createHash("sha256").update(key).digest("hex"));

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  now = instantFromMillis(Date.UTC(2026, 10, 22, 10));
  known = new Set();
  lookups = 0;
  auth = createAuth({
    tokenSecret: new Uint8Array(32).fill(7),
    secretKeys: ["given"],
    isKnownKey: async (digest) => {
      lookups += 1;
      return known.has(digest.toString("hex"));
    },
    now: () => now,
  });
});
afterEach(() => vi.useRealTimers());

it("asks the database for an unknown key once in five seconds, however often it is sent", async () => {
  for (let sent = 0; sent < 100; sent += 1) expect(await auth.identify("bad")).toEqual(UNKNOWN);
  const together = await Promise.all(Array.from({ length: 100 }, () => auth.identify("worse")));
  expect(together).toEqual(Array.from({ length: 100 }, () => UNKNOWN));
  expect(lookups).toBe(2);
  vi.setSystemTime(1_004_999);
  await auth.identify("bad");
  expect(lookups).toBe(2);
  vi.setSystemTime(1_005_000);
  await auth.identify("bad");
  expect(lookups).toBe(3);
});

it("lets a key in that came to be elsewhere after it was sent, within five seconds", async () => {
  expect(await auth.identify("key")).toEqual(UNKNOWN);
  add("key");
  vi.setSystemTime(1_005_000);
  expect(await auth.identify("key")).toEqual(SECRET);
});

it("counts the five seconds of a good key from when the database was asked", async () => {
  add("key");
  const answers: ((isKnown: boolean) => void)[] = [];
  auth = createAuth({
    tokenSecret: new Uint8Array(32),
    secretKeys: [],
    isKnownKey: () => new Promise((resolve) => answers.push(resolve)),
    now: () => now,
  });
  const first = auth.identify("key");
  vi.setSystemTime(1_003_000);
  answers[0]?.(true);
  expect(await first).toEqual(SECRET);
  vi.setSystemTime(1_005_000);
  const second = auth.identify("key");
  answers[1]?.(false);
  expect(await second).toEqual(UNKNOWN);
});

it("does not let a flood of bad keys drive the good ones out", async () => {
  add("key");
  expect(await auth.identify("key")).toEqual(SECRET);
  for (let sent = 0; sent < 10_001; sent += 1) await auth.identify(`bad-${sent}`);
  expect(lookups).toBe(10_002);
  revoke("key");
  expect(await auth.identify("key")).toEqual(SECRET);
  await auth.identify("bad-10000");
  expect(lookups).toBe(10_002);
  // The oldest made room for the newest.
  await auth.identify("bad-0");
  expect(lookups).toBe(10_003);
});

it("asks again after the database could not be reached", async () => {
  let isDown = true;
  auth = createAuth({
    tokenSecret: new Uint8Array(32),
    secretKeys: ["given"],
    isKnownKey: () => {
      if (isDown) throw new Error("down");
      return Promise.resolve(true);
    },
    now: () => now,
  });
  const together = await Promise.allSettled([auth.identify("key"), auth.identify("key")]);
  expect(together.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(await auth.identify("given")).toEqual(SECRET);
  isDown = false;
  expect(await auth.identify("key")).toEqual(SECRET);
});

it("remembers a token until it expires, and each for its own account", async () => {
  const { token } = await auth.issue("acme", 60);
  const other = await auth.issue("other", 60);
  for (const _ of [1, 2, 3]) {
    expect(await auth.identify(token)).toEqual({ type: "reader", account: "acme" });
    expect(await auth.identify(other.token)).toEqual({ type: "reader", account: "other" });
  }
  const forged = `${token.slice(0, -2)}${token.endsWith("AA") ? "BB" : "AA"}`;
  expect(await auth.identify(forged)).toEqual({ problem: expect.stringMatching(/not valid/) });
  now = addSeconds(now, 59);
  expect(await auth.identify(token)).toMatchObject({ account: "acme" });
  now = addSeconds(now, 1);
  expect(await auth.identify(token)).toEqual({ problem: expect.stringMatching(/expired/) });
  now = addSeconds(now, -60);
  expect(await auth.identify(token)).toMatchObject({ account: "acme" });
  expect(lookups).toBe(0);
});
