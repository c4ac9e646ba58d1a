import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { decode } from "../../src/core/codec.js";
import type { Command } from "../../src/core/command.js";
import type { Entry } from "../../src/core/entry.js";
import { isRepeat, toFingerprint } from "../../src/core/fingerprint.js";
import {
  toAdjust,
  toGrant,
  toHold,
  toRefund,
  toRelease,
  toSettle,
  toSpend,
  toUsage,
  toWriteOff,
} from "../commands.js";
import { pairs, sha256, sorted } from "../model/canonical.js";
import { minutes } from "./rules.js";

const SALT = "00112233445566778899aabbccddeeff";
const SOURCE = { type: "model", id: null, label: "Model One" };
const DESCRIBED = { description: "Chat", metadata: { b: "x", a: 1.5 } };

const first = (fingerprint: string, salt: string | null) => ({
  entry: { fingerprint, salt } as Entry,
  hold: null,
});

/** Computes a fingerprint again, from its definition. */
function recompute({ operation, account, hold, input }: Command, salt: string): string {
  const named = operation.name === "hold" ? null : hold;
  // The id and the account of usage address it.
  const { id: _id, account: _account, ...payloadFields } = sorted(input as object) as Record<string, unknown>;
  const fields = pairs(payloadFields).map(toPlain);
  const payload = JSON.stringify([operation.name, account, named, ...fields]);
  return `02${sha256(`${salt}\n${payload}`).slice(0, 32)}`;
}

function toPlain(value: unknown): unknown {
  if (typeof value === "bigint") return `${value}`;
  if (typeof value !== "object" || value === null) return value;
  const { type, id, label } = value as { type?: string; id?: string | null; label?: string | null };
  if (type !== undefined && label !== undefined) return [type, id ?? null, label];
  if (id !== undefined && label !== undefined) return label === null ? id : [id, label];
  return sorted(value);
}

/** Commands of all operations, each bare and with all that version 1 had. */
const COMMANDS: readonly (readonly [name: string, command: Command, version1: readonly unknown[]])[] = [
  ["grant", toGrant("a", "k", "1"), ["purchase", null, "1000000", null, 100, null, null, null, "{}"]],
  [
    "grant",
    toGrant("a", "k", "1", {
      ...DESCRIBED,
      kind: "bonus",
      title: "Welcome",
      source: SOURCE,
      priority: 5,
      effectiveAt: minutes(1),
      expiresAt: minutes(2),
    }),
    [
      ...["bonus", "Welcome", "1000000", ["model", null, "Model One"], 5, minutes(1), minutes(2)],
      ...["Chat", '{"a":1.5,"b":"x"}'],
    ],
  ],
  ["spend", toSpend("a", "k", "1"), ["ai_usage", "1000000", null, null, null, null, null, "{}"]],
  [
    "spend",
    toSpend("a", "k", "1", { kind: "build_usage", source: SOURCE, project: { id: "p", label: null } }),
    ["build_usage", "1000000", null, ["model", null, "Model One"], "p", null, null, "{}"],
  ],
  [
    "usage",
    toUsage("a", "k", "1", { ...DESCRIBED, originalCredits: null, occurredAt: minutes(-1) }),
    ["ai_usage", "1000000", null, null, null, minutes(-1), "Chat", '{"a":1.5,"b":"x"}'],
  ],
  ["hold", toHold("a", "k", "1"), ["ai_usage", "1000000", null, null, null, 3600]],
  [
    "hold",
    toHold("a", "k", "1", { expiresIn: 60, description: "Held", project: { id: "p", label: null } }),
    ["ai_usage", "1000000", null, "p", "Held", 60],
  ],
  ["settle", toSettle("a", "k", "h", "1"), ["h", "1000000", null, null, "{}"]],
  ["release", toRelease("a", "k", "h"), ["h"]],
  ["refund", toRefund("a", "k", 3), [3, null, null, null, "{}"]],
  ["adjust", toAdjust("a", "k", "-1"), ["-1000000", null, "Correction", "{}"]],
  ["writeoff", toWriteOff("a", "k", "1"), ["1000000", null, "Lost", "{}"]],
];

const toVersion1 = (name: string, payload: readonly unknown[]) =>
  sha256(JSON.stringify([name, "a", ...payload])).slice(0, 32);

const withInput = (command: Command, change: object): Command => ({
  ...command,
  input: { ...(command.input as object), ...change },
});

describe("fingerprints", () => {
  it.each(COMMANDS)(
    "of %s are a version byte and 16 bytes of SHA-256 over salt and payload",
    (_name, command) => {
      expect(toFingerprint(command, SALT)).toBe(recompute(command, SALT));
      expect(toFingerprint(command, SALT)).toMatch(/^02[0-9a-f]{32}$/);
      expect(isRepeat(command, first(toFingerprint(command, SALT), SALT))).toBe(true);
      expect(isRepeat(command, first(toFingerprint(command, SALT), "another"))).toBe(false);
    },
  );

  it("are the same with exact bytes", () => {
    const spend = toSpend("a", "k", "1.5", {
      ...DESCRIBED,
      member: { id: "m", label: "Member" },
      quantities: { tokens: "12.5" },
      estimated: false,
    });
    const payload =
      '["spend","a",null,"credits","1500000","description","Chat","estimated",false,' +
      '"member",["m","Member"],"metadata",{"a":1.5,"b":"x"},"quantities",{"tokens":"12.5"}]';
    expect(toFingerprint(spend, SALT)).toBe(`02${sha256(`${SALT}\n${payload}`).slice(0, 32)}`);
  });

  it("leave nulls out, so that a field which comes later does not change them", () => {
    for (const [, command] of COMMANDS) {
      const { operation, input } = command;
      const given = Object.entries(input as object).filter(([, value]) => value !== null);
      const bare = { ...command, input: Object.fromEntries(given) };
      expect(toFingerprint(bare, SALT)).toBe(toFingerprint(command, SALT));
      const schema = operation.schema.extend({ comesLater: z.number() });
      const upgraded = { ...command, operation: { ...operation, schema } };
      expect(toFingerprint(withInput(upgraded, { comesLater: null }), SALT)).toBe(
        toFingerprint(command, SALT),
      );
      expect(toFingerprint(withInput(upgraded, { comesLater: 1 }), SALT)).not.toBe(
        toFingerprint(command, SALT),
      );
    }
    const toSourced = (source: object) => {
      const command = toSpend("a", "k", "1");
      const { value } = decode(command.operation.schema, { credits: "1", source });
      return { ...command, input: value };
    };
    const source = { type: "model", label: "Model One" };
    expect(toFingerprint(toSourced({ ...source, id: null }), SALT)).toBe(
      toFingerprint(toSourced(source), SALT),
    );
  });

  it("do not depend on the order of names", () => {
    for (const [, command] of COMMANDS) {
      const turned = Object.fromEntries(
        Object.entries(command.input as object)
          .toReversed()
          .map(([name, value]) => [
            name,
            typeof value === "object" && value !== null
              ? Object.fromEntries(Object.entries(value).toReversed())
              : value,
          ]),
      );
      expect(toFingerprint({ ...command, input: turned }, SALT)).toBe(toFingerprint(command, SALT));
    }
  });

  it("do not fill defaults in", () => {
    const given = toSpend("a", "k", "1", { kind: "ai_usage" });
    expect(isRepeat(given, first(toFingerprint(toSpend("a", "k", "1"), SALT), SALT))).toBe(false);
  });

  it("of holds leave the id out, which differs per try", () => {
    const again = { ...toHold("a", "k", "1"), hold: "hold-another" };
    expect(toFingerprint(again, SALT)).toBe(toFingerprint(toHold("a", "k", "1"), SALT));
    expect(toFingerprint(toRelease("a", "k", "g"), SALT)).not.toBe(
      toFingerprint(toRelease("a", "k", "h"), SALT),
    );
  });

  it("differ in every string, whatever it holds", () => {
    const string = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom('"', "\\", "\n", "{}", "1"));
    const name = string.filter((each) => each !== "__proto__");
    fc.assert(
      fc.property(string, name, string, (description, field, value) => {
        const command = toSpend("a", "k", "1", { description, metadata: { [field]: value, z: "z" } });
        expect(toFingerprint(command, SALT)).toBe(recompute(command, SALT));
      }),
    );
  });
});

describe("fingerprints of version 1", () => {
  it.each(COMMANDS)("of %s are recognized as repeats", (name, command, payload) => {
    expect(isRepeat(command, first(toVersion1(name, payload), null))).toBe(true);
    expect(isRepeat({ ...command, account: "b" }, first(toVersion1(name, payload), null))).toBe(false);
  });

  it.each(COMMANDS)("of %s refuse other payloads", (name, command, payload) => {
    const fingerprint = toVersion1(name, payload);
    const others: object[] = [
      { credits: 7n },
      { description: "Other" },
      { metadata: { other: 1 } },
      { source: { type: "model", id: "m-1", label: "Model One" } },
      { privateMetadata: { a: 1 } },
    ];
    for (const other of others) {
      const names = Object.keys(command.operation.schema.shape);
      if (!names.includes(Object.keys(other)[0] as string)) continue;
      expect(
        isRepeat(withInput(command, other), first(fingerprint, null)),
        JSON.stringify(other, toText),
      ).toBe(false);
    }
  });

  const later: readonly object[] = [
    { member: { id: "m", label: null } },
    { task: { id: "t", label: null } },
    { project: { id: "p", label: "Project" } },
    { price: "price-1" },
    { quantities: { tokens: "1" } },
    { estimated: false },
    { cost: 0n },
    { privateMetadata: { a: 1 } },
  ];
  it.each(COMMANDS)(
    "of %s refuse payloads with facts that version 1 did not have",
    (name, command, payload) => {
      const fingerprint = toVersion1(name, payload);
      const names = Object.keys(command.operation.schema.shape);
      for (const fact of later.filter((each) => names.includes(Object.keys(each)[0] as string))) {
        expect(
          isRepeat(withInput(command, fact), first(fingerprint, null)),
          JSON.stringify(fact, toText),
        ).toBe(false);
      }
    },
  );

  it("have the defaults filled in, so the default may be given or left out", () => {
    const fingerprintOf = (name: string) => {
      const [, , payload] = COMMANDS.find(([each]) => each === name) as (typeof COMMANDS)[number];
      return first(toVersion1(name, payload), null);
    };
    expect(isRepeat(toSpend("a", "k", "1", { kind: "ai_usage" }), fingerprintOf("spend"))).toBe(true);
    expect(
      isRepeat(toHold("a", "k", "1", { kind: "ai_usage", expiresIn: 3600 }), fingerprintOf("hold")),
    ).toBe(true);
    expect(isRepeat(toGrant("a", "k", "1", { priority: 100 }), fingerprintOf("grant"))).toBe(true);
    expect(isRepeat(toAdjust("a", "k", "-1", { kind: "adjustment" }), fingerprintOf("adjust"))).toBe(true);
    expect(isRepeat(toAdjust("a", "k", "-1", { kind: "goodwill" }), fingerprintOf("adjust"))).toBe(false);
  });

  it("of holds refuse metadata, which version 1 did not have there", () => {
    const hold = toHold("a", "k", "1", { metadata: { a: 1 } });
    const fingerprint = toVersion1("hold", ["ai_usage", "1000000", null, null, null, 3600]);
    expect(isRepeat(hold, first(fingerprint, null))).toBe(false);
  });
});

const toText = (_name: string, value: unknown) => (typeof value === "bigint" ? `${value}` : value);
