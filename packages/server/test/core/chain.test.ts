import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { micros } from "../../src/core/amount.js";
import { canonicalEntry, digestText, hashEntry } from "../../src/core/chain.js";
import type { Entry } from "../../src/core/entry.js";
import { type Facts, NO_FACTS } from "../../src/core/facts.js";
import { JsonArray } from "../../src/core/json-array.js";
import { credits, toGrant, toUsage } from "../commands.js";
import { sha256, toCanonical, toDigest, toHash } from "../model/canonical.js";
import { decideAll, minutes, NOW } from "./rules.js";

/** Strings with everything that JSON escapes. */
const string = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom('"', "\\", "\n", "\u2028", "\ud800", "ä€😀", "\u007f"),
);

/** Names with everything that JSON escapes, and those that objects put first. */
const name = fc.oneof(string, fc.constantFrom("10", "9", "b", "a"));
const label = fc.oneof(fc.constant(null), string);
const dimension = fc.record({ id: string, label });
const maybe = <T>(given: fc.Arbitrary<T>) => fc.option(given, { nil: null });
const amount = fc.bigInt({ min: 1n, max: 10n ** 12n }).map(micros);
const metadata = fc.dictionary(name, fc.oneof(string, fc.double(), fc.boolean()), {
  minKeys: 1,
  noNullPrototype: true,
});

const facts: fc.Arbitrary<Facts> = fc.record({
  originalCredits: maybe(amount),
  description: maybe(string),
  source: maybe(fc.record({ type: string, id: maybe(string), label: string })),
  project: maybe(dimension),
  member: maybe(dimension),
  task: maybe(dimension),
  price: maybe(string),
  quantities: maybe(fc.dictionary(name, fc.constantFrom("0", "-1.5", "12"), { noNullPrototype: true })),
  estimated: maybe(fc.boolean()),
  cost: maybe(amount),
  metadata: maybe(metadata),
  privateMetadata: maybe(metadata),
});

const minimal: Entry = {
  version: 2,
  account: "a",
  seq: 1,
  kind: "expiry",
  type: "correction",
  title: null,
  credits: micros(0n),
  balance: micros(0n),
  facts: NO_FACTS,
  occurredAt: NOW,
  recordedAt: NOW,
  key: null,
  fingerprint: null,
  draws: [],
  debt: micros(0n),
  refundOf: null,
  grant: null,
  expiry: null,
  opens: null,
  salt: "00112233445566778899aabbccddeeff",
  digest: null,
  hash: "",
  position: 1,
};

const full: Entry = {
  ...minimal,
  account: 'a "b"',
  seq: 7,
  kind: "gift",
  type: "grant",
  title: "Welcome",
  credits: micros(12_500_000n),
  balance: micros(-1n),
  occurredAt: minutes(-1),
  key: "key 1",
  fingerprint: "02ff",
  draws: [
    { grant: 3, credits: micros(5n) },
    { grant: 4, credits: micros(-6n) },
  ],
  debt: micros(-2n),
  refundOf: 5,
  grant: 6,
  expiry: { before: null, after: minutes(2) },
  opens: {
    credits: micros(9n),
    priority: 100,
    effectiveAt: NOW,
    expiresAt: minutes(1),
    only: ["ai_usage", "build_usage"],
  },
  facts: {
    originalCredits: micros(13_000_000n),
    description: "Grüße",
    source: { type: "plan", id: null, label: "Team" },
    project: { id: "p", label: "Project" },
    member: { id: "m", label: "Member" },
    task: { id: "t", label: "Task" },
    price: "price-1",
    quantities: { output: "3", input: "1.5" },
    estimated: false,
    cost: micros(250_000n),
    metadata: { b: "x", a: 1.5 },
    privateMetadata: { c: true },
  },
};

describe("the canonical form of version 2", () => {
  it("of a minimal entry has what every entry has", () => {
    expect(canonicalEntry(minimal)).toBe(
      '[2,"a",1,"expiry","correction","0","0",1795341900000000,1795341900000000,null,null,[]]',
    );
  });

  it("of a full entry has its fields in a fixed order, and its free text as a digest", () => {
    const digest = digestText(full.salt as string, full);
    expect(canonicalEntry({ ...full, digest })).toBe(
      '[2,"a \\"b\\"",7,"gift","grant","12500000","-1",1795341840000000,1795341900000000,"key 1","02ff",' +
        '[[3,"5"],[4,"-6"]],"originalCredits","-13000000","debt","-2","refundOf",5,"grant",6,' +
        '"expiry",[null,1795342020000000],' +
        '"opens",["9",100,1795341900000000,1795341960000000,["ai_usage","build_usage"]],"source",["plan",null],"project","p","task","t",' +
        `"price","price-1","quantities",{"input":"1.5","output":"3"},"estimated",false,"digest","${digest}"]`,
    );
  });

  it("has the free text in the digest, under the salt", () => {
    expect(digestText(full.salt as string, full)).toBe(
      sha256(
        "00112233445566778899aabbccddeeff\n" +
          '["title","Welcome","description","Grüße","sourceLabel","Team","member","m","cost","250000",' +
          '"metadata",{"a":1.5,"b":"x"},"privateMetadata",{"c":true}]',
      ),
    );
    expect(digestText("another", full)).not.toBe(digestText(full.salt as string, full));
    expect(digestText(minimal.salt as string, minimal)).toBeNull();
  });

  it("is hashed after the hash before it and a line feed", () => {
    const previous = "ab".repeat(32);
    expect(hashEntry(previous, full)).toBe(sha256(`${previous}\n${canonicalEntry(full)}`));
  });

  it("and its digest are as JSON.stringify has them, whatever an entry holds", () => {
    const salt = fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(facts, salt, maybe(string), string, (given, salt, title, account) => {
        const entry = { ...full, facts: given, salt, title, account };
        const digest = digestText(salt, entry);
        expect(digest).toBe(toDigest(entry));
        expect(canonicalEntry({ ...entry, digest })).toBe(toCanonical({ ...entry, digest }));
        expect(hashEntry("before", { ...entry, digest })).toBe(toHash("before", { ...entry, digest }));
      }),
    );
  });

  it("is that of the entries which the rules make", () => {
    const { changes } = decideAll([
      toGrant("a", "g", "5", { expiresAt: minutes(1), title: "Title" }),
      toUsage("a", "u", "1", { ...full.facts, originalCredits: credits("2") }),
    ]);
    let previous = "0".repeat(64);
    for (const entry of changes.entries) {
      expect(entry.digest).toBe(toDigest(entry));
      expect(entry.hash).toBe(toHash(previous, entry));
      previous = entry.hash;
    }
    expect(changes.entries).toHaveLength(2);
    expect(changes.entries[0]?.opens).toMatchObject({ priority: 100, expiresAt: minutes(1) });
  });
});

describe("the canonical form of version 1", () => {
  it("is a JSON array of the facts there were then, with the free text in clear", () => {
    expect(canonicalEntry({ ...full, version: 1, digest: null, salt: null })).toBe(
      '[1,"a \\"b\\"",7,"gift","Welcome","12500000","-13000000","-1","Grüße",["plan",null,"Team"],"p",' +
        '1795341840000000,1795341900000000,"key 1","02ff",[[3,"5"],[4,"-6"]],"-2",5,"{\\"a\\":1.5,\\"b\\":\\"x\\"}"]',
    );
    expect(canonicalEntry({ ...minimal, version: 1 })).toBe(
      '[1,"a",1,"expiry",null,"0",null,"0",null,null,null,1795341900000000,1795341900000000,null,null,[],"0",null,"{}"]',
    );
  });

  it("is as JSON.stringify has it, whatever an entry holds", () => {
    fc.assert(
      fc.property(facts, maybe(string), (given, title) => {
        const entry = { ...full, version: 1, facts: given, title };
        expect(canonicalEntry(entry)).toBe(toCanonical(entry));
      }),
    );
  });
});

describe("a JSON array that is written", () => {
  it("is as JSON.stringify has it, and drops what was written before", () => {
    const array = new JsonArray();
    const item = fc.oneof(string, fc.constant(null), fc.integer(), fc.constant("x".repeat(10_000)));
    fc.assert(
      fc.property(fc.array(item), fc.array(item), (items, nested) => {
        array.begin();
        for (const given of items) typeof given === "number" ? array.number(given) : array.string(given);
        array.open();
        for (const given of nested) typeof given === "number" ? array.number(given) : array.string(given);
        expect(array.close().toString()).toBe(JSON.stringify([...items, nested]));
      }),
    );
  });
});
