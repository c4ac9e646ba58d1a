import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Credits } from "../../src/ledger/credits.js";
import type { Entry, Grant } from "../../src/ledger/entry.js";
import type { Instant } from "../../src/ledger/instant.js";
import { COPY_ENTRIES, COPY_GRANTS, entryLines, grantLines } from "../../src/store/copy.js";
import { type EntryColumns, entryOf, type GrantColumns, grantOf } from "../../src/store/rows.js";
import { ENGINES, openTestDatabase, type TestDatabase } from "../databases.js";

const MAX = 2n ** 63n - 1n;

/** Texts with all that one of COPY's formats gives a meaning to. */
const text = fc.oneof(
  fc.string({
    unit: fc.constantFrom("a", "\\", "\\N", "\\.", "\t", "\n", "\r", '"', "{", ",", "é", "€", "😀"),
  }),
  fc.constant("x".repeat(500)),
);
const nullable = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: null });
const credits = fc.oneof(
  fc.constantFrom(0n, 1n, -1n, MAX, -MAX, 2n ** 32n, -(2n ** 32n), 2n ** 31n, -(2n ** 31n) - 1n),
  fc.bigInt({ min: -MAX, max: MAX }),
) as fc.Arbitrary<Credits>;
const count = fc.constantFrom(1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1);
const instant = fc.oneof(
  fc.constantFrom(
    0,
    -1,
    946_684_800_000_000,
    946_684_799_999_999,
    -2_208_988_800_000_000,
    7_258_118_399_999_999,
  ),
  fc.integer({ min: -2_208_988_800_000_000, max: 7_258_118_399_999_999 }),
) as fc.Arbitrary<Instant>;
const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((array) => Buffer.from(array).toString("hex"));
const source = nullable(fc.record({ type: text, id: nullable(text), label: text }));
const facts = fc.dictionary(fc.string({ unit: "grapheme" }), fc.oneof(text, fc.boolean(), fc.integer()), {
  noNullPrototype: true,
});

const entries = fc.record<Entry>({
  account: fc.uuid(),
  seq: count,
  kind: fc.constantFrom("ai_usage", "expiry"),
  title: nullable(text),
  credits,
  originalCredits: nullable(credits),
  balance: credits,
  description: nullable(text),
  source,
  project: nullable(text),
  occurredAt: instant,
  recordedAt: instant,
  key: nullable(text),
  fingerprint: nullable(hex(16)),
  draws: fc.array(fc.record({ grant: count, credits }), { maxLength: 5 }),
  debt: credits,
  refundOf: nullable(count),
  metadata: facts,
  hash: hex(32),
  position: count,
});

const grant: Grant = {
  seq: 1,
  kind: "bonus",
  title: null,
  description: null,
  source: null,
  credits: MAX as Credits,
  remaining: 0n as Credits,
  priority: 2 ** 31 - 1,
  effectiveAt: 0 as Instant,
  expiresAt: null,
  recordedAt: -1 as Instant,
};

describe.each(ENGINES)("lines for COPY on %s", (engine) => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await openTestDatabase(engine);
  });
  afterAll(() => test.drop());

  it("bring entries in as they are, whatever they hold", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(entries, { selector: ({ account }) => account, minLength: 1 }),
        async (given) => {
          await test.database.run([{ copy: COPY_ENTRIES, lines: entryLines(given) as Buffer }]);
          const rows = await test.database.query<EntryColumns & { account: string }>(
            "SELECT * FROM credits.entries WHERE account = ANY ($1)",
            [given.map(({ account }) => account)],
          );
          const found = new Map(rows.map((columns) => [columns.account, entryOf(columns)]));
          expect(given.map(({ account }) => found.get(account))).toEqual(given);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("refuse a number beyond its column, and take the next lines", async () => {
    const owned = (one: Partial<Grant>) => [{ account: "a", of: { ...grant, ...one } }];
    for (const priority of [2 ** 31, -(2 ** 31) - 1, 1.5])
      expect(() => grantLines(owned({ priority }))).toThrow(/out of range/);
    for (const seq of [2 ** 53, 1.5, Number.NaN])
      expect(() => grantLines(owned({ seq }))).toThrow(/out of range/);
    expect(() => grantLines(owned({ credits: (2n ** 63n) as Credits }))).toThrow(/out of range/);
    await test.database.run([{ copy: COPY_GRANTS, lines: grantLines(owned({})) as Buffer }]);
    const [row] = await test.database.query<GrantColumns>("SELECT * FROM credits.grants");
    expect(row && grantOf(row)).toEqual(grant);
    expect(grantLines([])).toBeNull();
  });
});
