import { createHash } from "node:crypto";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Credentials, createCredentials } from "../../src/auth/credentials.js";
import { addSeconds, instantFromMillis } from "../../src/core/instant.js";

const SECRET = { type: "secret" };
const UNKNOWN = {
  problem: expect.stringMatching(/unknown or revoked\. Use a key/),
  code: "unauthorized",
};
const EXHAUSTED = {
  problem: expect.stringMatching(/^Too many wrong secret keys came from this address\./),
  code: "too_many_attempts",
};

let now = instantFromMillis(0);
/** The digests of the keys in the database, and the number of lookups. */
let known: Set<string>;
let lookups: number;
let credentials: Credentials;

/** Sets the clock of the caches, in milliseconds. */
const setClock = (ms: number) => vi.spyOn(performance, "now").mockReturnValue(ms);

const identify = (credential: string, address: string | null = null) =>
  credentials.identify(credential, address);

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
    readValidKeys: async (digests) => {
      lookups += digests.length;
      return new Set(digests.filter((digest) => known.has(digest)));
    },
    now: () => now,
  });
});
afterEach(() => vi.restoreAllMocks());

it("looks up an unknown key once in five seconds, however often it is sent", async () => {
  for (let sent = 0; sent < 100; sent += 1) expect(await identify("bad")).toEqual(UNKNOWN);
  const together = await Promise.all(Array.from({ length: 100 }, () => identify("worse")));
  expect(together).toEqual(Array.from({ length: 100 }, () => UNKNOWN));
  expect(lookups).toBe(2);
  setClock(1_004_999);
  await identify("bad");
  expect(lookups).toBe(2);
  setClock(1_005_001);
  await identify("bad");
  expect(lookups).toBe(3);
});

it("accepts a key that another server created after it was sent, within five seconds", async () => {
  expect(await identify("key")).toEqual(UNKNOWN);
  add("key");
  setClock(1_005_001);
  expect(await identify("key")).toEqual(SECRET);
});

it("counts the five seconds of a valid key from its lookup", async () => {
  add("key");
  const replies: ((isValid: boolean) => void)[] = [];
  credentials = createCredentials({
    tokenSecret: new Uint8Array(32),
    secretKeys: [],
    readValidKeys: (digests) =>
      new Promise((resolve) => replies.push((isValid) => resolve(new Set(isValid ? digests : [])))),
    now: () => now,
  });
  const first = identify("key");
  setClock(1_003_000);
  replies[0]?.(true);
  expect(await first).toEqual(SECRET);
  setClock(1_005_001);
  const second = identify("key");
  replies[1]?.(false);
  expect(await second).toEqual(UNKNOWN);
});

it("a flood of unknown keys evicts no valid key", async () => {
  add("key");
  expect(await identify("key")).toEqual(SECRET);
  for (let sent = 0; sent < 10_001; sent += 1) await identify(`bad-${sent}`);
  expect(lookups).toBe(10_002);
  revoke("key");
  expect(await identify("key")).toEqual(SECRET);
  await identify("bad-10000");
  expect(lookups).toBe(10_002);
  // The oldest was evicted.
  await identify("bad-0");
  expect(lookups).toBe(10_003);
});

it("looks a key up again after the database could not be reached", async () => {
  let isDown = true;
  credentials = createCredentials({
    tokenSecret: new Uint8Array(32),
    secretKeys: ["given"],
    readValidKeys: (digests) => {
      if (isDown) throw new Error("down");
      return Promise.resolve(new Set(digests));
    },
    now: () => now,
  });
  const together = await Promise.allSettled([identify("key"), identify("key")]);
  expect(together.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(await identify("given")).toEqual(SECRET);
  isDown = false;
  expect(await identify("key")).toEqual(SECRET);
});

it("looks up no unknown key of an address that sent 20 wrong ones, and one more per second", async () => {
  add("new");
  for (let sent = 0; sent < 20; sent += 1)
    expect(await identify(`bad-${sent}`, "192.0.2.1")).toEqual(UNKNOWN);
  expect(lookups).toBe(20);
  for (const key of ["bad-20", "new"]) expect(await identify(key, "192.0.2.1")).toEqual(EXHAUSTED);
  // Keys that were looked up before are in the cache.
  expect(await identify("bad-3", "192.0.2.1")).toEqual(UNKNOWN);
  expect(await identify("given", "192.0.2.1")).toEqual(SECRET);
  expect(lookups).toBe(20);
  expect(await identify("bad-20", "192.0.2.2")).toEqual(UNKNOWN);
  expect(await identify("bad-21")).toEqual(UNKNOWN);
  setClock(1_001_001);
  expect(await identify("new", "192.0.2.1")).toEqual(SECRET);
  expect(await identify("bad-22", "192.0.2.1")).toEqual(UNKNOWN);
  expect(await identify("bad-23", "192.0.2.1")).toEqual(EXHAUSTED);
  setClock(1_100_000);
  for (let sent = 30; sent < 50; sent += 1)
    expect(await identify(`bad-${sent}`, "192.0.2.1")).toEqual(UNKNOWN);
  expect(await identify("bad-50", "192.0.2.1")).toEqual(EXHAUSTED);
});

it("looks up a key a second after its address sent any number of wrong ones at once", async () => {
  add("new");
  await Promise.all(Array.from({ length: 500 }, (_, sent) => identify(`bad-${sent}`, "192.0.2.1")));
  expect(await identify("new", "192.0.2.1")).toEqual(EXHAUSTED);
  setClock(1_001_001);
  expect(await identify("new", "192.0.2.1")).toEqual(SECRET);
});

it("looks up a key that has been valid, however many wrong ones its address sent", async () => {
  add("key");
  expect(await identify("key", "192.0.2.1")).toEqual(SECRET);
  for (let sent = 0; sent < 30; sent += 1) await identify(`bad-${sent}`, "192.0.2.1");
  setClock(1_005_001);
  expect(await identify("key", "192.0.2.1")).toEqual(SECRET);
  revoke("key");
  for (let sent = 30; sent < 60; sent += 1) await identify(`bad-${sent}`, "192.0.2.1");
  setClock(1_010_002);
  expect(await identify("key", "192.0.2.1")).toEqual(UNKNOWN);
});

it("has one query for keys in flight, and all that come meanwhile share the next", async () => {
  const asked: (readonly string[])[] = [];
  const answer: (() => void)[] = [];
  credentials = createCredentials({
    tokenSecret: new Uint8Array(32),
    secretKeys: [],
    readValidKeys: (digests) => {
      asked.push(digests);
      return new Promise((resolve) => answer.push(() => resolve(new Set(digests.slice(0, 1)))));
    },
    now: () => now,
  });
  const first = identify("a");
  const others = ["b", "c", "d"].map((key) => identify(key));
  expect(asked.map(({ length }) => length)).toEqual([1]);
  answer[0]?.();
  expect(await first).toEqual(SECRET);
  await vi.waitFor(() => expect(asked.map(({ length }) => length)).toEqual([1, 3]));
  answer[1]?.();
  expect(await Promise.all(others)).toEqual([SECRET, UNKNOWN, UNKNOWN]);
});

it("caches a token until it expires, for its account only", async () => {
  const { token } = await credentials.issue("acme", 60);
  const other = await credentials.issue("other", 60);
  for (const _ of [1, 2, 3]) {
    expect(await identify(token)).toEqual({ type: "reader", account: "acme" });
    expect(await identify(other.token)).toEqual({ type: "reader", account: "other" });
  }
  const forged = `${token.slice(0, -2)}${token.endsWith("AA") ? "BB" : "AA"}`;
  expect(await identify(forged)).toEqual({
    problem: expect.stringMatching(/not signed by this server/),
    code: "unauthorized",
  });
  now = addSeconds(now, 59);
  expect(await identify(token)).toMatchObject({ account: "acme" });
  now = addSeconds(now, 1);
  expect(await identify(token)).toEqual({ problem: expect.stringMatching(/expired/), code: "unauthorized" });
  now = addSeconds(now, -60);
  expect(await identify(token)).toMatchObject({ account: "acme" });
  expect(lookups).toBe(0);
});
