import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatInstant, type Instant, instantFromMillis, parseInstant } from "../../src/ledger/instant.js";
import { listDueAccounts, putAccount, readAccount } from "../../src/store/accounts.js";
import { migrate, NewerSchemaError } from "../../src/store/migrate.js";
import { createWriter, type Writer } from "../../src/writer/writer.js";
import { grantOf, spendOf, usageOf } from "../commands.js";
import { ENGINES, openTestDatabase, type TestDatabase } from "../databases.js";
import { readAll } from "../properties/read-all.js";

const NOW = parseInstant("2026-11-22T10:05:00.123457Z");

describe.each(ENGINES)("the store on %s", (engine) => {
  let test: TestDatabase;
  let writer: Writer;
  let now: Instant = NOW;

  beforeAll(async () => {
    test = await openTestDatabase(engine);
    writer = createWriter({ database: test.database, now: () => now });
  });

  afterAll(async () => {
    await writer.close();
    await test.drop();
  });

  async function accountWith(name: string, amount: string): Promise<void> {
    await putAccount(test.database, name, {}, NOW);
    await writer.submit(grantOf(name, "start", amount));
  }

  it("lets exactly those of 64 concurrent spenders through that the balance covers", async () => {
    await accountWith("spenders", "32");
    const outcomes = await Promise.all(
      Array.from({ length: 64 }, (_, index) => writer.submit(spendOf("spenders", `spend-${index}`, "1"))),
    );
    const refused = outcomes.filter((outcome) => outcome.refusal !== null);
    expect(refused).toHaveLength(32);
    expect(new Set(refused.map((outcome) => outcome.refusal?.code))).toEqual(
      new Set(["insufficient_credits"]),
    );
    expect((await readAccount(test.database, "spenders", now))?.balance).toBe(0n);
  });

  it.each([
    "UPDATE credits.entries SET credits = credits + 1 WHERE account = 'kept'",
    "UPDATE credits.entries SET description = 'x' WHERE false",
    "DELETE FROM credits.entries WHERE account = 'kept'",
    "TRUNCATE credits.entries",
  ])("refuses %s", async (sql) => {
    await putAccount(test.database, "kept", {}, NOW);
    await writer.submit(grantOf("kept", "kept", "5"));
    const before = await readAll(test.database, "kept");
    await expect(test.database.query(sql)).rejects.toThrow(/append-only/);
    expect(await readAll(test.database, "kept")).toEqual(before);
  });

  it("keeps microseconds", async () => {
    await accountWith("micros", "5");
    const occurredAt = parseInstant("2026-11-22T10:04:59.999999Z");
    await writer.submit(usageOf("micros", "u", "1", occurredAt));
    const { entries, rows } = await readAll(test.database, "micros");
    expect(entries.map((entry) => formatInstant(entry.occurredAt))).toEqual([
      "2026-11-22T10:05:00.123457Z",
      "2026-11-22T10:04:59.999999Z",
    ]);
    expect(entries[1]?.recordedAt).toBe(NOW);
    expect(rows[1]?.startedAt).toBe(occurredAt);
  });

  it("gives back texts, numbers and amounts as they were sealed", async () => {
    await putAccount(test.database, "texts", {}, NOW);
    const texts = {
      description: "\"quoted\" \\ back\n{1,2} 'x' \u{1F4B3} \u2028 \u007f",
      source: { type: "mod,el", id: "", label: "NULL" },
      project: "null",
      metadata: { "a b": 1e21, z: -0.1, a: true, '"': "\\", long: 0.1 + 0.2 },
    };
    await writer.submit({ ...usageOf("texts", "ключ \u{1F511}", "9223372036854.775807"), ...texts });
    const repeated = await writer.submit({
      ...usageOf("texts", "ключ \u{1F511}", "9223372036854.775807"),
      ...texts,
    });
    expect(repeated).toMatchObject({
      refusal: null,
      repeated: true,
      entry: { ...texts, credits: -9223372036854775807n },
    });
  });

  it("refuses what would leave the range of its columns, and moves nothing", async () => {
    await putAccount(test.database, "range", {}, NOW);
    await writer.submit(usageOf("range", "1", "9223372036854.775807"));
    const outcome = await writer.submit(usageOf("range", "2", "0.000001"));
    expect(outcome.refusal?.code).toBe("amount_out_of_range");
    expect((await readAll(test.database, "range")).entries).toHaveLength(1);
  });

  it("finds what is due by its date, and a touch posts it at the instant it expired", async () => {
    await putAccount(test.database, "due", {}, NOW);
    const expiresAt = (NOW + 1_000_000) as Instant;
    await writer.submit({ ...grantOf("due", "g", "5"), expiresAt });
    expect(await listDueAccounts(test.database, NOW, 10)).toEqual([]);
    now = (expiresAt + 5_000_000) as Instant;
    expect(await listDueAccounts(test.database, now, 10)).toEqual(["due"]);
    expect(await readAccount(test.database, "due", now)).toMatchObject({
      balance: 5_000_000n,
      available: 0n,
    });
    await writer.submit({ op: "touch", account: "due" });
    expect(await listDueAccounts(test.database, now, 10)).toEqual([]);
    const { entries } = await readAll(test.database, "due");
    expect(entries[1]).toMatchObject({ kind: "expiry", occurredAt: expiresAt, recordedAt: now, balance: 0n });
    now = NOW;
  });

  it("posts a batch larger than one transaction takes, in the order of arrival", async () => {
    await accountWith("large", "1");
    await Promise.all(
      Array.from({ length: 2_500 }, (_, index) => writer.submit(usageOf("large", `u-${index}`, "0.001"))),
    );
    const { entries } = await readAll(test.database, "large");
    expect(entries.slice(1).map((entry) => entry.key)).toEqual(
      Array.from({ length: 2_500 }, (_, index) => `u-${index}`),
    );
  });

  it("is not harmed by a command the database can't take", async () => {
    await accountWith("harm", "5");
    const outcomes = await Promise.allSettled([
      writer.submit(spendOf("harm", "good-1", "1")),
      writer.submit({ ...spendOf("harm", "bad", "1"), description: "\u0000" }),
      writer.submit(spendOf("harm", "good-2", "1")),
    ]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    const { entries } = await readAll(test.database, "harm");
    expect(entries.map((entry) => entry.key)).toEqual(["start", "good-1", "good-2"]);
  });

  it("applies each migration once, and refuses a schema from the future", async () => {
    expect(await Promise.all([migrate(test.database), migrate(test.database)])).toEqual([[], []]);
    await test.database.query("INSERT INTO credits.migrations VALUES (9999, 'later', now())");
    await expect(migrate(test.database)).rejects.toThrow(NewerSchemaError);
    await test.database.query("DELETE FROM credits.migrations WHERE id = 9999");
  });

  it("takes nothing more once it is closed, and finishes what it took", async () => {
    await accountWith("closing", "5");
    const own = createWriter({ database: test.database, now: () => instantFromMillis(Date.now()) });
    const taken = own.submit(spendOf("closing", "taken", "1"));
    const closed = own.close();
    await expect(own.submit(spendOf("closing", "late", "1"))).rejects.toThrow(/closing/);
    await closed;
    expect((await taken).refusal).toBeNull();
  });
});
