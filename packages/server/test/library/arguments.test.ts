import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  credits as amount,
  type Credits,
  CreditsFormatError,
  InvalidInputError,
  instantFromMillis,
  parseInstant,
  RefusedError,
} from "../../src/index.js";
import { type LibraryLedger, openLibrary } from "./ledger.js";

let ledger: LibraryLedger;
let credits: Credits;
beforeAll(async () => {
  ledger = await openLibrary("pglite");
  credits = ledger.credits;
  await credits.putAccount("a");
  await credits.grant("a", { kind: "purchase", credits: amount("100") });
});
afterAll(() => ledger.drop());

/** What a caller without types could send. */
const untyped = (value: unknown) => value as never;

async function expectInvalid(call: () => Promise<unknown>, ...paths: string[]) {
  const before = await credits.getAccount("a");
  const error = await call().then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(InvalidInputError);
  if (paths.length > 0) {
    expect((error as InvalidInputError).issues.map((issue) => issue.path)).toEqual(paths);
  }
  expect(await credits.getAccount("a")).toEqual(before);
}

describe("amounts", () => {
  it("can't be mixed up with plain numbers, texts or bigints, by their types", async () => {
    await expectInvalid(
      // @ts-expect-error A plain number is no amount.
      () => credits.spend("a", { credits: 5 }),
      "credits",
    );
    await expectInvalid(
      // @ts-expect-error Neither is a text.
      () => credits.spend("a", { credits: "5" }),
      "credits",
    );
    await expectInvalid(
      // @ts-expect-error And a plain bigint is one by chance only: it says nothing of micro-credits.
      () => credits.hold("nobody", { credits: 5n, expiresIn: 0 }),
    );
    // @ts-expect-error Sums of amounts and numbers are no amounts.
    expect(() => amount("1") + 1).toThrow(TypeError);
    // @ts-expect-error Amounts are made from texts, where no digit was lost.
    expect(() => amount(1e-7)).toThrow(CreditsFormatError);
  });

  it("are refused at run time by every method", async () => {
    for (const wrong of [5, "5", 5.5, Number.NaN, null, {}, 2n ** 63n, -(2n ** 63n), true]) {
      const bad = untyped(wrong);
      const described = { credits: bad, description: "x" };
      await expectInvalid(() => credits.grant("a", { kind: "bonus", credits: bad }), "credits");
      await expectInvalid(() => credits.spend("a", { credits: bad }), "credits");
      await expectInvalid(() => credits.hold("a", { credits: bad }), "credits");
      await expectInvalid(() => credits.settle("a", "h", { credits: bad }), "credits");
      await expectInvalid(() => credits.adjust("a", described), "credits");
      await expectInvalid(() => credits.writeOff("a", described), "credits");
      if (wrong !== null) {
        await expectInvalid(() => credits.refund("a", { entry: 1, credits: bad }), "credits");
        await expectInvalid(() => credits.putAccount("a", { overdraftLimit: bad }), "overdraftLimit");
      }
      const event = { id: "1", account: "a", kind: "ai_usage" as const };
      await expectInvalid(
        () =>
          credits.usage([
            { ...event, credits: amount("1") },
            { ...event, credits: bad },
          ]),
        "1.credits",
      );
    }
    await expectInvalid(() => credits.putAccount("a", { overdraftLimit: amount("-1") }), "overdraftLimit");
  });

  it("may be changed by the caller as soon as the call is made", async () => {
    const event = (id: string) => ({ id, account: "a", kind: "ai_usage" as const, credits: amount("0.01") });
    const events = [event("mine-1"), event("mine-2")];
    const posting = credits.usage(events);
    events.splice(0, 2, event("other-1"));
    const results = await posting;
    expect(results.map(({ id, entry }) => [id, entry?.key])).toEqual([
      ["mine-1", "mine-1"],
      ["mine-2", "mine-2"],
    ]);
  });

  it("of commands hold nothing but a key, so that a slip does not cost the repeat its safety", async () => {
    for (const options of [{ kye: "k" }, "k", null, { key: "k", more: 1 }])
      await expectInvalid(() => credits.spend("a", { credits: amount("1") }, untyped(options)));
    await expectInvalid(() => credits.spend("a", { credits: amount("1") }, { key: "" }), "key");
  });

  it("hold no metadata that would be lost on the way", async () => {
    const metadata = JSON.parse('{"__proto__": "x", "a": 1}') as object;
    await expectInvalid(() => credits.spend("a", untyped({ credits: amount("1"), metadata })), "metadata");
    await expectInvalid(
      () => credits.spend("a", untyped({ credits: amount("1"), metadata: { a: { b: 1 } } })),
      "metadata.a",
    );
  });

  it("say of each text what is wrong with it, wherever it stands", async () => {
    const issuesOf = async (input: object) => {
      const error = await credits
        .grant("a", untyped({ kind: "purchase", credits: amount("1"), ...input }))
        .then(
          () => null,
          (thrown: unknown) => thrown as InvalidInputError,
        );
      return error?.issues.map(({ path, message }) => `${path}: ${message}`);
    };
    const unstorable = /has a character that can't be stored \(NUL, or half of a surrogate pair\)$/;
    expect(await issuesOf({ metadata: { k: "x".repeat(501) } })).toEqual([
      "metadata.k: Too big: expected string to have <=500 characters",
    ]);
    expect(await issuesOf({ metadata: { k: "a\0" } })).toEqual([expect.stringMatching(unstorable)]);
    expect(await issuesOf({ description: "\ud800" })).toEqual([expect.stringMatching(unstorable)]);
    expect(await issuesOf({ description: "\ufeffa" })).toEqual([
      expect.stringMatching(/^description: begins with a byte order mark/),
    ]);
    expect(await issuesOf({ title: "", description: "a\ufeff" })).toEqual([
      "title: Too small: expected string to have >=1 characters",
      "title: only a bonus has a name of its own; use description for the other kinds",
    ]);
  });
});

describe("other arguments", () => {
  it("are checked by every method", async () => {
    const one = amount("1");
    for (const account of ["", "..", "x".repeat(129), "a\0", "\ud83d", 5, null, undefined]) {
      const bad = untyped(account);
      await expectInvalid(() => credits.putAccount(bad));
      await expectInvalid(() => credits.getAccount(bad));
      await expectInvalid(() => credits.spend(bad, { credits: one }));
      await expectInvalid(() => credits.entries(bad));
      await expectInvalid(() => credits.activity(bad));
      await expectInvalid(() => credits.activityEntries(bad, 1));
      await expectInvalid(() => credits.grants(bad));
      await expectInvalid(() => credits.createToken(bad));
    }
    for (const key of ["", "x".repeat(256), "a\0", 5, null]) {
      await expectInvalid(() => credits.spend("a", { credits: one }, { key: untyped(key) }));
    }
    for (const position of [0, -1, 1.5, "1", Number.NaN]) {
      await expectInvalid(() => credits.activityEntries("a", untyped(position)));
    }
    await expectInvalid(() => credits.spend("a", untyped({ credits: one, surprise: 1 })));
    await expectInvalid(() => credits.spend("a", untyped({ credits: one, original_credits: one })));
    await expectInvalid(() => credits.spend("a", untyped(undefined)));
    await expectInvalid(() => credits.grant("a", { kind: untyped("refund"), credits: one }), "kind");
    await expectInvalid(() => credits.grant("a", { kind: "purchase", credits: one, title: "x" }), "title");
    await expectInvalid(() => credits.settle("a", "", { credits: one }));
    await expectInvalid(() => credits.refund("a", { entry: 1.5 }), "entry");
    await expectInvalid(() => credits.usage(untyped({})));
    await expectInvalid(() => credits.createToken("a", { expiresIn: 0 }));
    await expectInvalid(() => credits.createToken("a", { expiresIn: 86_401 }));
    await expectInvalid(() => credits.createKey({ name: "" }));
    for (const query of [
      { perPage: 0 },
      { perPage: 101 },
      { page: 0 },
      { page: 1.5 },
      { filter: "x" },
      { per_page: 8 },
    ]) {
      await expectInvalid(() => credits.activity("a", untyped(query)));
    }
    await expectInvalid(() => credits.activity("a", { asOf: "forged" }), "as_of");
    await expectInvalid(() => credits.entries("a", { limit: 1001 }), "limit");
    await expectInvalid(() => credits.entries("a", { cursor: "forged" }), "cursor");
  });

  it("may be moments as Date or Instant, and no other numbers or texts", async () => {
    const expiresAt = parseInstant("2199-01-01T00:00:00Z");
    const effectiveAt = new Date("2026-01-01T00:00:00.123Z");
    const { entry } = await credits.grant("a", {
      kind: "bonus",
      credits: amount("1"),
      effectiveAt,
      expiresAt,
    });
    const grant = (await credits.grants("a", { limit: 1 })).items[0];
    expect(grant).toMatchObject({
      seq: entry.seq,
      expiresAt,
      effectiveAt: instantFromMillis(effectiveAt.getTime()),
    });
    for (const moment of [
      "2026-01-01T00:00:00Z",
      new Date("x"),
      1e18,
      1.5,
      Number.NaN,
      new Date("1800-01-01"),
    ]) {
      await expectInvalid(() =>
        credits.grant("a", { kind: "bonus", credits: amount("1"), expiresAt: untyped(moment) }),
      );
    }
  });
});

describe("refusals and results", () => {
  it("carry a code, a sentence and facts", async () => {
    const refused = async (call: Promise<unknown>) => {
      const error = await call.then(
        () => null,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(RefusedError);
      expect((error as RefusedError).message).toMatch(/\.$/);
      return error as RefusedError;
    };
    const one = amount("1");
    await credits.putAccount("poor");
    const short = await refused(credits.spend("poor", { credits: one }));
    expect([short.code, short.facts]).toEqual(["insufficient_credits", { available: "0", required: "1" }]);
    const codes: [Promise<unknown>, string][] = [
      [credits.spend("nobody", { credits: one }), "account_not_found"],
      [credits.entries("nobody"), "account_not_found"],
      [credits.createToken("nobody"), "account_not_found"],
      [credits.activityEntries("poor", 1), "row_not_found"],
      [credits.settle("poor", "h", { credits: one }), "hold_not_found"],
      [credits.refund("poor", { entry: 1 }), "entry_not_found"],
      [credits.refund("a", { entry: 1 }), "not_refundable"],
      [credits.spend("a", { credits: amount("-1") }), "invalid_amount"],
    ];
    for (const [call, code] of codes) expect((await refused(call)).code).toBe(code);
    await credits.spend("a", { credits: one }, { key: "k" });
    expect((await refused(credits.spend("a", { credits: amount("2") }, { key: "k" }))).code).toBe(
      "key_conflict",
    );
    expect(await credits.getAccount("nobody")).toBeNull();
  });

  it("of commands say whether they are repeats, and of usage what became of each event", async () => {
    const spend = () => credits.spend("a", { credits: amount("1.5"), project: "p" }, { key: "again" });
    const first = await spend();
    expect(first).toMatchObject({
      repeated: false,
      entry: { credits: amount("-1.5"), project: "p", key: "again" },
    });
    expect(await spend()).toEqual({ ...first, repeated: true });
    const event = { account: "a", kind: "build_usage" as const, credits: amount("1") };
    const results = await credits.usage([
      { ...event, id: "u1" },
      { ...event, id: "u1" },
      { ...event, id: "u2", account: "nobody" },
      { ...event, id: "u1", credits: amount("2") },
      { ...event, id: "u3", occurredAt: new Date("2150-01-01") },
    ]);
    expect(results.map(({ id, status, refusal }) => [id, status, refusal?.code])).toEqual([
      ["u1", "posted", undefined],
      ["u1", "duplicate", undefined],
      ["u2", "refused", "account_not_found"],
      ["u1", "refused", "key_conflict"],
      ["u3", "refused", "occurred_in_future"],
    ]);
    expect(results[1]?.entry).toEqual(results[0]?.entry);
    expect(await credits.usage([])).toEqual([]);
  });

  it("of a page name what is shown of how much", async () => {
    const page = await credits.activity("a", { perPage: 2, filter: "added" });
    expect(page).toMatchObject({ from: 1, to: 2, total: 2, pages: 1 });
    const all = await credits.activity("a", { perPage: 1 });
    const next = await credits.activity("a", { perPage: 1, page: 2, asOf: all.asOf });
    expect(next.rows[0]?.balance).toBe((all.rows[0]?.balance as bigint) - (all.rows[0]?.credits as bigint));
  });
});
