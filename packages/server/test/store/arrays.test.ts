import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Instant } from "../../src/ledger/instant.js";
import type { List } from "../../src/store/arrays.js";
import { ENGINES, openTestDatabase, type TestDatabase } from "../databases.js";

const AT = 1_795_341_900_123_457 as Instant;

describe.each(ENGINES)("lists as parameters on %s", (engine) => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await openTestDatabase(engine);
  });
  afterAll(() => test.drop());

  it.each<[what: string, list: List]>([
    [
      "texts",
      {
        list: "text",
        values: ["plain", "", null, 'a "quoted" \\ text', "{,}", "NULL", "ö€😀", "tab\tline\n"],
      },
    ],
    [
      "numbers",
      { list: "bigint", values: [0, -1, null, 9_007_199_254_740_991, 2n ** 63n - 1n, -(2n ** 63n)] },
    ],
    ["booleans", { list: "boolean", values: [true, false, null] }],
    ["bytes", { list: "bytea", values: ["00ff", "", null, "ab".repeat(32)] }],
    [
      "times",
      {
        list: "timestamptz",
        values: [AT, null, 0 as Instant, -1 as Instant, 946_684_800_000_000 as Instant],
      },
    ],
    ["no texts", { list: "text", values: [] }],
    ["no numbers", { list: "bigint", values: [] }],
  ])("come as they were sent: %s", async (_what, list) => {
    const [rows] = await test.database.run([
      { sql: `SELECT value FROM unnest($1::${list.list}[]) AS value`, params: [list] },
    ]);
    const values = (rows as { value: unknown }[]).map(({ value }) => value);
    const sent = list.values.map((value) =>
      list.list === "bigint" && value !== null ? BigInt(value as number) : value,
    );
    expect(values).toEqual(sent);
  });

  it("are refused where a number is beyond what the column holds", async () => {
    const list: List = { list: "bigint", values: [2n ** 63n] };
    const ran = test.database.run([{ sql: "SELECT $1::bigint[]", params: [list] }]);
    await expect(ran).rejects.toThrow(/out of range/);
  });
});
