import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SqlArray } from "../../src/db/port.js";
import { ENGINES, openTestDatabase, type TestDatabase } from "../databases.js";

type Values = readonly ReturnType<SqlArray["value"]>[];

const toSqlArray = (array: SqlArray["array"], values: Values): SqlArray => ({
  array,
  records: values,
  value: (value) => value,
});

const AT = 1_795_341_900_123_457;

describe.each(ENGINES)("arrays as parameters on %s", (engine) => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await openTestDatabase(engine);
  });
  afterAll(() => test.drop());

  it.each<[name: string, type: SqlArray["array"], values: Values]>([
    [
      "strings",
      "text",
      ["plain", "", null, 'a "quoted" \\ string', "{,}", "NULL", "ö€😀", "tab\tnewline\n", "\u007f"],
    ],
    ["numbers", "bigint", [0, -1, null, 9_007_199_254_740_991, 2n ** 63n - 1n, -(2n ** 63n)]],
    ["booleans", "boolean", [true, false, null]],
    ["bytes", "bytea", ["00ff", "", null, "ab".repeat(32)]],
    ["times", "timestamptz", [AT, null, 0, -1, 946_684_800_000_000]],
    ["no strings", "text", []],
    ["a long string", "text", ["x".repeat(5_000), "ö".repeat(700)]],
    ["no numbers", "bigint", []],
  ])("arrive as they were sent: %s", async (_name, type, values) => {
    const sql = `SELECT value FROM unnest($1::${type}[]) AS value`;
    const array = toSqlArray(type, values);
    const sent = values.map((value) =>
      type === "bigint" && value !== null ? BigInt(value as number) : value,
    );
    const written = await test.database.write(sql, [array]);
    const toValues = (rows: readonly object[]) => rows.map((row) => (row as { value: unknown }).value);
    expect(toValues(written)).toEqual(sent);
    expect(toValues(await test.database.query(sql, [array]))).toEqual(sent);
  });

  it("are refused where a number does not fit its column", async () => {
    const array = toSqlArray("bigint", [2n ** 63n]);
    const ran = test.database.write("SELECT $1::bigint[]", [array]);
    await expect(ran).rejects.toThrow(/out of range/);
  });
});
