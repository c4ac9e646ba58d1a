import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { createLedger, InvalidRequestError, LedgerError, type LocalLedger } from "../../src/index.js";
import { type LibraryLedger, openLibrary } from "./ledger.js";

let library: LibraryLedger;
let ledger: LocalLedger;
beforeAll(async () => {
  library = await openLibrary("pglite");
  ledger = library.ledger;
  await ledger.putAccount("a");
  await ledger.grant("a", { kind: "purchase", credits: 100 });
});
afterAll(() => library.drop());

/** A value that only a caller without types could give. */
const untyped = (value: unknown) => value as never;

async function readError(call: () => Promise<unknown>): Promise<InvalidRequestError> {
  const error = await call().then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(InvalidRequestError);
  return error as InvalidRequestError;
}

/** Expects that a call is refused at these paths, in sentences, and that nothing moved. */
async function expectInvalid(call: () => Promise<unknown>, ...paths: string[]) {
  const before = await ledger.getAccount("a");
  const { code, facts, errors, message } = await readError(call);
  expect([code, facts]).toEqual(["bad_request", {}]);
  expect(message).toMatch(/^\S.*\. [A-Z].*\.$/s);
  for (const fault of errors) expect(fault.message).toMatch(/^\S.*\. [A-Z].*[^.]$/s);
  if (paths.length > 0) expect(errors.map((fault) => fault.path)).toEqual(paths);
  expect(await ledger.getAccount("a")).toEqual(before);
}

describe("amounts", () => {
  it("are refused by every method if they are not exact", async () => {
    for (const wrong of [0.1 + 0.2, 1e-7, Number.NaN, "5 ", null, {}, 5n, 2 ** 53, true]) {
      const bad = untyped(wrong);
      const described = { credits: bad, description: "x" };
      await expectInvalid(() => ledger.grant("a", { kind: "bonus", credits: bad }), "credits");
      await expectInvalid(() => ledger.spend("a", { credits: bad }), "credits");
      await expectInvalid(() => ledger.hold("a", { credits: bad }), "credits");
      await expectInvalid(() => ledger.settle("a", "h", { credits: bad }), "credits");
      await expectInvalid(() => ledger.adjust("a", described), "credits");
      await expectInvalid(() => ledger.writeOff("a", described), "credits");
      if (wrong !== null) {
        await expectInvalid(() => ledger.refund("a", { entry: 1, credits: bad }), "credits");
        await expectInvalid(() => ledger.putAccount("a", { overdraftLimit: bad }), "overdraftLimit");
        await expectInvalid(() => ledger.spend("a", { credits: 1, cost: bad }), "cost");
      }
      const event = { account: "a", kind: "ai_usage", credits: 0.01 };
      const { results } = await ledger.usage([
        { ...event, id: `before-${String(wrong)}` },
        { ...event, id: "bad", credits: bad },
      ]);
      expect(results.map(({ status }) => status)).toEqual(["posted", "refused"]);
    }
    await expectInvalid(() => ledger.putAccount("a", { overdraftLimit: "-1" }), "overdraftLimit");
  });

  it("may be numbers of at most 15 digits", async () => {
    for (const [given, stored] of [
      [10, "10"],
      [0.75, "0.75"],
      [0.000001, "0.000001"],
      [99_999.999999, "99999.999999"],
    ] as const) {
      const { entry } = await ledger.adjust("a", { credits: given, description: "x" });
      expect(entry.credits).toBe(stored);
      await ledger.adjust("a", { credits: -given, description: "x" });
    }
  });
});

describe("inputs", () => {
  it("may be changed by the caller as soon as the call is made", async () => {
    const toEvent = (id: string) => ({ id, account: "a", kind: "ai_usage", credits: 0.01, metadata: { id } });
    const events = [toEvent("mine-1"), toEvent("mine-2")];
    const posting = ledger.usage(events);
    for (const event of events) event.metadata.id = "other";
    events.splice(0, 2, toEvent("other-1"));
    const { results } = await posting;
    expect(results).toMatchObject([
      { id: "mine-1", entry: { key: "mine-1", metadata: { id: "mine-1" } } },
      { id: "mine-2", entry: { key: "mine-2", metadata: { id: "mine-2" } } },
    ]);
  });

  it("are refused if their metadata would be lost", async () => {
    const metadata = JSON.parse('{"__proto__": "x", "a": 1}') as object;
    await expectInvalid(() => ledger.spend("a", untyped({ credits: 1, metadata })), "metadata");
    await expectInvalid(
      () => ledger.spend("a", untyped({ credits: 1, metadata: { a: { b: 1 } } })),
      "metadata.a",
    );
  });

  it("have the fault of each string in words", async () => {
    const readFaults = async (input: object) => {
      const { errors } = await readError(() =>
        ledger.grant("a", untyped({ kind: "purchase", credits: "1", ...input })),
      );
      return errors.map(({ path, message }) => `${path} ${message}`);
    };
    const unstorable =
      /has a character that can't be stored \(NUL, or half of a surrogate pair\)\. Remove it$/;
    expect(await readFaults({ metadata: { k: "x".repeat(501) } })).toEqual([
      "metadata.k is longer than 500 characters. Shorten it",
    ]);
    expect(await readFaults({ metadata: { k: "a\0" } })).toEqual([expect.stringMatching(unstorable)]);
    expect(await readFaults({ description: "\ud800" })).toEqual([expect.stringMatching(unstorable)]);
    expect(await readFaults({ description: "\ufeffa" })).toEqual([
      expect.stringMatching(/^description begins with a byte order mark/),
    ]);
    expect(await readFaults({ title: "", description: "a\ufeff" })).toEqual([
      "title is empty. Give at least 1 character",
    ]);
    expect(await readFaults({ title: "Mine" })).toEqual([
      "title is not possible for the kind purchase. Use description",
    ]);
  });

  it("have the fault of each value in words", async () => {
    const readFaults = async (input: unknown) => {
      const { errors } = await readError(() => ledger.spend("a", untyped(input)));
      return errors.map(({ path, message }) => `${path} ${message}`);
    };
    const inKinds = "ai_usage, build_usage, runtime_usage";
    for (const [input, faults] of [
      [{}, ['credits is missing. Write it as a decimal string, such as "12.5"']],
      [
        { credits: true },
        ['credits is not a string or number. Write it as a decimal string, such as "12.5"'],
      ],
      [
        { credits: 0.1 + 0.2 },
        [
          'credits The number 0.30000000000000004 has more than 15 digits or 6 decimals. Write it as a string, such as "0.3"',
        ],
      ],
      [{ credits: 1, a: 1, b: 2 }, ["a is not a field. Leave it out", "b is not a field. Leave it out"]],
      [{ credits: 1, estimated: 1 }, ["estimated is not true or false. Give one"]],
      [{ credits: 1, description: 5 }, ["description is not a string. Give one"]],
      [{ credits: 1, source: { type: "a" } }, ["source.label is missing. Give a string"]],
      [{ credits: 1, source: { type: "a", label: "b", x: 1 } }, ["source.x is not a field. Leave it out"]],
      [{ credits: 1, project: 5 }, ["project is not an id or an object { id, label }. Give one of these"]],
      [{ credits: 1, project: { id: 5, label: "x" } }, ["project.id is not a string. Give one"]],
      [{ credits: 1, project: { id: "a", label: "b", c: 1 } }, ["project.c is not a field. Leave it out"]],
      [
        { credits: 1, metadata: { a: [] } },
        ["metadata.a is not a string, a number, true or false. Give one of these"],
      ],
      [
        { credits: 1, quantities: { tokens: "x" } },
        [
          'quantities.tokens "x" is not an amount. Write digits, a point and at most 6 decimals, such as "12.5" or "-3"',
        ],
      ],
      [{ credits: 1, kind: "x" }, [`kind is not a kind of the type usage. Use one of ${inKinds}`]],
      [[], [" is not an object. Give one"]],
      [undefined, [" is missing. Give an object"]],
    ] as const) {
      expect(await readFaults(input)).toEqual(faults);
    }
  });

  it("have these words, whatever an app has configured for zod", async () => {
    const readMessage = async () =>
      (await readError(() => ledger.spend("a", untyped({ credits: 1, description: 5 })))).message;
    const before = await readMessage();
    z.config({ customError: () => "Error of the app" });
    try {
      expect(await readMessage()).toBe(before);
    } finally {
      z.config({ customError: undefined });
    }
  });

  it("have a detail that states up to three faults", async () => {
    const { message } = await readError(() => ledger.spend("a", untyped({ a: 1, b: 2, c: 3, d: 4 })));
    expect(message).toBe(
      'credits is missing. Write it as a decimal string, such as "12.5". a is not a field. Leave it out. b is not a field. Leave it out. There are 2 more faults.',
    );
    const { message: quoted } = await readError(() =>
      ledger.spend("a", untyped({ credits: 1, " \n": 1, ["x".repeat(101)]: 1 })),
    );
    expect(quoted).toBe(
      `" \\n" is not a field. Leave it out. "${"x".repeat(100)}…" is not a field. Leave it out.`,
    );
    const { message: own } = await readError(() => ledger.spend("a", { credits: "1e3" as never }));
    expect(own).toMatch(/^credits: "1e3" is not an amount\. Write digits/);
    const { message: whole } = await readError(() => ledger.spend("a", untyped(5)));
    expect(whole).toBe("The input is not an object. Give one.");
  });
});

describe("other arguments", () => {
  it("are checked by every method", async () => {
    for (const account of ["", "..", "x".repeat(129), "a\0", "\ud83d", 5, null, undefined]) {
      const bad = untyped(account);
      await expectInvalid(() => ledger.putAccount(bad), "account");
      await expectInvalid(() => ledger.getAccount(bad), "account");
      await expectInvalid(() => ledger.grant(bad, { kind: "purchase", credits: 1 }), "account");
      await expectInvalid(() => ledger.spend(bad, { credits: 1 }), "account");
      await expectInvalid(() => ledger.hold(bad, { credits: 1 }), "account");
      await expectInvalid(() => ledger.settle(bad, "h", { credits: 1 }), "account");
      await expectInvalid(() => ledger.release(bad, "h"), "account");
      await expectInvalid(() => ledger.refund(bad, { entry: 1 }), "account");
      await expectInvalid(() => ledger.adjust(bad, { credits: 1, description: "x" }), "account");
      await expectInvalid(() => ledger.writeOff(bad, { credits: 1, description: "x" }), "account");
      await expectInvalid(() => ledger.entries(bad), "account");
      await expectInvalid(() => ledger.activity(bad), "account");
      await expectInvalid(() => ledger.activityEntries(bad, 1), "account");
      await expectInvalid(() => ledger.grants(bad), "account");
      await expectInvalid(() => ledger.createToken(bad), "account");
      if (account !== undefined) await expectInvalid(() => ledger.verify({ account: bad ?? 5 }), "account");
    }
    for (const key of ["", "x".repeat(256), "a\0", 5, null]) {
      await expectInvalid(() => ledger.spend("a", { credits: 1 }, { key: untyped(key) }), "key");
    }
    for (const position of [0, -1, 1.5, "1", Number.NaN]) {
      await expectInvalid(() => ledger.activityEntries("a", untyped(position)), "position");
    }
    await expectInvalid(() => ledger.spend("a", untyped({ credits: 1, surprise: 1 })), "surprise");
    await expectInvalid(
      () => ledger.spend("a", untyped({ credits: 1, original_credits: 1 })),
      "original_credits",
    );
    await expectInvalid(() => ledger.spend("a", untyped(undefined)), "");
    await expectInvalid(() => ledger.grant("a", { kind: "refund", credits: 1 }), "kind");
    await expectInvalid(() => ledger.grant("a", { kind: "purchase", credits: 1, title: "x" }), "title");
    await expectInvalid(() => ledger.settle("a", "", { credits: 1 }), "hold");
    await expectInvalid(() => ledger.refund("a", { entry: 1.5 }), "entry");
    await expectInvalid(() => ledger.usage(untyped({})), "events");
    await expectInvalid(() => ledger.usage([]), "events");
    await expectInvalid(() => ledger.createToken("a", { expiresIn: 0 }), "expiresIn");
    await expectInvalid(() => ledger.createToken("a", { expiresIn: 86_401 }), "expiresIn");
    for (const query of [
      { perPage: 0 },
      { perPage: 101 },
      { page: 0 },
      { page: 1.5 },
      { filter: "x" },
      { per_page: 8 },
    ]) {
      await expectInvalid(() => ledger.activity("a", untyped(query)), Object.keys(query)[0] as string);
    }
    await expectInvalid(() => ledger.activity("a", { asOf: "forged" }), "asOf");
    await expectInvalid(() => ledger.entries("a", { limit: 1001 }), "limit");
    await expectInvalid(() => ledger.entries("a", { cursor: "forged" }), "cursor");
    await expectInvalid(() => ledger.grants("a", untyped({ order: "asc" })), "order");
    await expectInvalid(() => ledger.activityEntries("a", 1, untyped({ order: "asc" })), "order");
  });

  it("are checked by the operator's methods", async () => {
    await expectInvalid(() => ledger.createKey({ name: "" }), "name");
    await expectInvalid(() => ledger.createKey(untyped(undefined)), "");
    await expectInvalid(() => ledger.createKey(untyped({ name: "a", scope: "b" })), "scope");
    await expectInvalid(() => ledger.revokeKey(untyped(undefined)), "id");
    await expectInvalid(() => ledger.verify(untyped({ accounts: "a" })), "accounts");
    await expectInvalid(() => ledger.verify(untyped({ onCheck: "a" })), "onCheck");
  });

  it("may be times as a Date or a string with any offset, and no other values", async () => {
    const { entry } = await ledger.grant("a", {
      kind: "bonus",
      credits: 1,
      effectiveAt: new Date("2026-01-01T00:00:00.123Z"),
      expiresAt: "2199-01-01T05:30:00.123456+05:30",
    });
    expect((await ledger.grants("a", { limit: 1 })).grants[0]).toMatchObject({
      seq: entry.seq,
      effectiveAt: "2026-01-01T00:00:00.123000Z",
      expiresAt: "2199-01-01T00:00:00.123456Z",
    });
    for (const time of [
      "2026-01-01",
      "2026-01-01T00:00:00",
      new Date("x"),
      1e18,
      1.5,
      Number.NaN,
      new Date("1800-01-01"),
    ]) {
      await expectInvalid(
        () => ledger.grant("a", { kind: "bonus", credits: 1, expiresAt: untyped(time) }),
        "expiresAt",
      );
    }
  });
});

describe("unknown options", () => {
  it("are refused by every method, so that a mistyped key does not cost the retry its safety", async () => {
    for (const [options, path] of [
      [{ kye: "k" }, "kye"],
      [{ key: "k", more: 1 }, "more"],
      [{ signal: 5 }, "signal"],
      ["k", ""],
      [null, ""],
    ] as const) {
      const bad = untyped(options);
      const described = { credits: 1, description: "x" };
      await expectInvalid(() => ledger.grant("a", { kind: "purchase", credits: 1 }, bad), path);
      await expectInvalid(() => ledger.spend("a", { credits: 1 }, bad), path);
      await expectInvalid(() => ledger.hold("a", { credits: 1 }, bad), path);
      await expectInvalid(() => ledger.settle("a", "h", { credits: 1 }, bad), path);
      await expectInvalid(() => ledger.release("a", "h", bad), path);
      await expectInvalid(() => ledger.refund("a", { entry: 1 }, bad), path);
      await expectInvalid(() => ledger.adjust("a", described, bad), path);
      await expectInvalid(() => ledger.writeOff("a", described, bad), path);
    }
    const keyed = untyped({ key: "k" });
    const event = { id: "1", account: "a", kind: "ai_usage", credits: 1 };
    await expectInvalid(() => ledger.putAccount("a", {}, keyed), "key");
    await expectInvalid(() => ledger.getAccount("a", keyed), "key");
    await expectInvalid(() => ledger.usage([event], keyed), "key");
    await expectInvalid(() => ledger.activity("a", {}, keyed), "key");
    await expectInvalid(() => ledger.activityEntries("a", 1, {}, keyed), "key");
    await expectInvalid(() => ledger.entries("a", {}, keyed), "key");
    await expectInvalid(() => ledger.grants("a", {}, keyed), "key");
    await expectInvalid(() => ledger.createToken("a", {}, keyed), "key");
  });

  it("are refused with the known ones", async () => {
    const options = { kye: "k" };
    const { errors } = await readError(() => ledger.spend("a", { credits: 1 }, untyped(options)));
    expect(errors).toEqual([{ path: "kye", message: "is not an option. Use signal or key" }]);
  });

  it("are refused by createLedger, as are wrong ones", async () => {
    for (const [options, paths] of [
      [undefined, [""]],
      [{}, ["database"]],
      [{ database: "postgres://x" }, ["database"]],
      [{ database: { url: undefined } }, ["database"]],
      [{ database: { url: "mysql://x" } }, ["database"]],
      [{ database: { url: "postgres://x", connections: 0 } }, ["database.connections"]],
      [{ database: { url: "postgres://x", ssl: "require" } }, ["database.ssl"]],
      [{ database: { dataDir: "" } }, ["database"]],
      [{ database: { url: "postgres://x", dataDir: "x" } }, ["database"]],
      [{ database: {} }, ["database"]],
      [{ database: { dataDir: undefined } }, ["database"]],
      [{ database: { pool: undefined } }, ["database"]],
      [{ database: { pool: { query() {} } } }, ["database"]],
      [{ database: { memory: false } }, ["database"]],
      [{ database: { memory: true, connections: 2 } }, ["database.connections"]],
      [{ database: { memory: true, migrate: "no" } }, ["database.migrate"]],
      [{ database: { memory: true, schema: "Credits" } }, ["database.schema"]],
      [{ database: { memory: true, schema: 'a"; DROP' } }, ["database.schema"]],
      [{ database: { memory: true, schema: "public" } }, ["database.schema"]],
      [{ database: { memory: true, schema: "pg_credits" } }, ["database.schema"]],
      [{ database: { memory: true }, secretkeys: ["a"] }, ["secretkeys"]],
      [{ database: { memory: true }, secretKeys: "a" }, ["secretKeys"]],
      [{ database: { memory: true }, secretKeys: [""] }, ["secretKeys.0"]],
      [{ database: { memory: true }, now: 5 }, ["now"]],
      [{ database: { memory: true }, logger: { warn() {} } }, ["logger.error"]],
      [{ database: { memory: true }, kinds: { Video: { type: "usage", title: "Video" } } }, ["kinds.Video"]],
      [
        { database: { memory: true }, kinds: { purchase: { type: "grant", title: "x" } } },
        ["kinds.purchase"],
      ],
      [
        { database: { memory: true }, kinds: { video: { type: "used", title: "" } } },
        ["kinds.video.type", "kinds.video.title"],
      ],
      [
        { database: { memory: true }, kinds: { video: { type: "usage", title: "x", nouns: { one: "a" } } } },
        ["kinds.video.nouns.other"],
      ],
    ] as const) {
      await expectInvalid(() => createLedger(untyped(options)), ...paths);
    }
    const none = /^is none of .* and \{ memory: true \}\. Give one of them, and check that an environment/;
    const unset = /^has the option dataDir, which is not set\. Give a directory, .* give \{ memory: true \}$/;
    for (const [database, message] of [
      [undefined, none],
      [{}, none],
      [{ dataDir: undefined }, unset],
      [{ dataDir: "" }, unset],
    ] as const) {
      const { errors } = await readError(() => createLedger(untyped({ database })));
      expect(errors[0]?.message).toMatch(message);
    }
  });
});

describe("refusals and results", () => {
  it("have a code, a sentence and facts", async () => {
    const readRefusal = async (call: Promise<unknown>) => {
      const error = await call.then(
        () => null,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(LedgerError);
      expect((error as LedgerError).message).toMatch(/^\S.*\. [A-Z].*\.$/s);
      return error as LedgerError;
    };
    await ledger.putAccount("poor");
    const short = await readRefusal(ledger.spend("poor", { credits: 1 }));
    expect([short.code, short.facts]).toEqual(["insufficient_credits", { available: "0", required: "1" }]);
    const codes: [() => Promise<unknown>, string][] = [
      [() => ledger.spend("nobody", { credits: 1 }), "account_not_found"],
      [() => ledger.getAccount("nobody"), "account_not_found"],
      [() => ledger.entries("nobody"), "account_not_found"],
      [() => ledger.createToken("nobody"), "account_not_found"],
      [() => ledger.activityEntries("poor", 1), "row_not_found"],
      [() => ledger.settle("poor", "h", { credits: 1 }), "hold_not_found"],
      [() => ledger.refund("poor", { entry: 1 }), "entry_not_found"],
      [() => ledger.refund("a", { entry: 1 }), "not_refundable"],
      [() => ledger.spend("a", { credits: -1 }), "invalid_amount"],
    ];
    for (const [call, code] of codes) expect((await readRefusal(call())).code).toBe(code);
    await ledger.spend("a", { credits: 1 }, { key: "k" });
    expect((await readRefusal(ledger.spend("a", { credits: 2 }, { key: "k" }))).code).toBe("key_conflict");
  });

  it("state whether a command was repeated, and the result of each usage event", async () => {
    const spend = () => ledger.spend("a", { credits: 1.5, project: "p" }, { key: "again" });
    const first = await spend();
    expect(first).toMatchObject({
      repeated: false,
      entry: { credits: "-1.5", project: { id: "p", label: "p" }, key: "again" },
    });
    expect(await spend()).toEqual({ ...first, repeated: true });
    const event = { account: "a", kind: "build_usage", credits: 1 };
    const { results } = await ledger.usage([
      { ...event, id: "u1" },
      { ...event, id: "u1" },
      { ...event, id: "u2", account: "nobody" },
      { ...event, id: "u1", credits: 2 },
      { ...event, id: "u3", occurredAt: new Date("2150-01-01") },
    ]);
    expect(
      results.map((result) => [result.id, result.status === "refused" ? result.error.code : result.status]),
    ).toEqual([
      ["u1", "posted"],
      ["u1", "duplicate"],
      ["u2", "account_not_found"],
      ["u1", "key_conflict"],
      ["u3", "occurred_in_future"],
    ]);
    expect(results[1]).toEqual({ ...results[0], status: "duplicate" });
  });

  it("name the shown part of a page", async () => {
    const page = await ledger.activity("a", { perPage: 2, filter: "added" });
    expect(page).toMatchObject({ from: 1, to: 2, total: 2, pages: 1 });
    const all = await ledger.activity("a", { perPage: 1 });
    const next = await ledger.activity("a", { perPage: 1, page: 2, asOf: all.asOf });
    expect(Number(next.rows[0]?.balance)).toBeCloseTo(
      Number(all.rows[0]?.balance) - Number(all.rows[0]?.credits),
    );
  });
});
