import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SCHEMA } from "../../src/generated/schema.js";
import { readSchema } from "../../src/verify/schema.js";
import { ENGINES, openTestDatabase, type TestDatabase } from "../databases.js";
import { undone, verifyWithin } from "./forge.js";

const CHECK = "tables, triggers, functions, views and indexes are what the migrations make";

/** Changes of guards, each with the object that verify names. */
const REPLACED: readonly (readonly [sql: string, record: string])[] = [
  ["DROP TRIGGER append_only ON credits.entries", "trigger append_only on credits.entries"],
  ["ALTER TABLE credits.entries DISABLE TRIGGER append_only", "trigger append_only on credits.entries"],
  ["ALTER TABLE credits.entries ENABLE TRIGGER append_only", "trigger append_only on credits.entries"],
  [
    `DROP TRIGGER append_only ON credits.entries;
     CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON credits.entries
       FOR EACH STATEMENT WHEN (false) EXECUTE FUNCTION credits.refuse_change();
     ALTER TABLE credits.entries ENABLE ALWAYS TRIGGER append_only`,
    "trigger append_only on credits.entries",
  ],
  [
    `CREATE OR REPLACE FUNCTION credits.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$`,
    "function credits.refuse_change()",
  ],
  [
    `CREATE OR REPLACE FUNCTION credits.fail(state text, detail text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN END $$`,
    "function credits.fail(state text, detail text)",
  ],
  [
    "ALTER FUNCTION credits.hash_record(text[]) SET search_path = public",
    "function credits.hash_record(VARIADIC parts text[])",
  ],
  [
    "CREATE FUNCTION credits.hash_record(text, text, text) RETURNS bytea LANGUAGE sql AS $$ SELECT NULL::bytea $$",
    "function credits.hash_record(text, text, text)",
  ],
  [
    "ALTER TABLE credits.entries DROP CONSTRAINT entries_account_key_key",
    "constraint entries_account_key_key on credits.entries",
  ],
  [
    `ALTER TABLE credits.accounts DROP CONSTRAINT accounts_held_check;
     ALTER TABLE credits.accounts ADD CONSTRAINT accounts_held_check CHECK (true)`,
    "constraint accounts_held_check on credits.accounts",
  ],
  ["DROP INDEX credits.holds_by_status", "index holds_by_status on credits.holds"],
  [
    `DROP INDEX credits.holds_by_status; CREATE INDEX holds_by_status ON credits.holds (account)`,
    "index holds_by_status on credits.holds",
  ],
  [
    "ALTER TABLE credits.accounts ALTER overdraft_limit SET DEFAULT 1000",
    "column overdraft_limit of credits.accounts",
  ],
  ["ALTER TABLE credits.entries ALTER hash DROP NOT NULL", "column hash of credits.entries"],
  ["ALTER TABLE credits.labels SET UNLOGGED", "table credits.labels"],
  ["ALTER TABLE credits.holds ENABLE ROW LEVEL SECURITY", "table credits.holds"],
  ["CREATE POLICY p ON credits.holds USING (false)", "policy p on credits.holds"],
  ["CREATE RULE r AS ON INSERT TO credits.entries DO INSTEAD NOTHING", "rule r on credits.entries"],
  [
    `CREATE TRIGGER t BEFORE INSERT ON credits.holds FOR EACH STATEMENT EXECUTE FUNCTION credits.refuse_change()`,
    "trigger t on credits.holds",
  ],
  ["ALTER TABLE credits.holds ADD CONSTRAINT c CHECK (true)", "constraint c on credits.holds"],
  [
    `CREATE OR REPLACE VIEW credits.reservations AS
     SELECT account, hold, expires_at, 1::bigint AS seq, credits FROM credits.holds WHERE false`,
    "view credits.reservations",
  ],
  ["DELETE FROM credits.migrations WHERE id = 7", "migration 7"],
];

describe.each(ENGINES)("the guards on %s", (name) => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await openTestDatabase(name);
  });
  afterAll(() => test.drop());

  it("are those that `npm run generate` has written", async () => {
    expect(await readSchema(test.database)).toEqual(SCHEMA);
  });

  it.each(REPLACED)("are named after %s", async (sql, record) => {
    await undone(test.database, async (connection) => {
      await connection.script(sql);
      const found = (await verifyWithin(connection)).filter(({ check }) => check === CHECK);
      expect(found).toEqual([expect.objectContaining({ record })]);
    });
  });

  it("are each missed", async () => {
    const due = SCHEMA;
    const names = Object.keys(due).filter((object) => /^(?:constraint|trigger|view|function) /.test(object));
    expect(names.length).toBeGreaterThan(20);
    await undone(test.database, async (connection) => {
      for (const object of names) {
        const [, kind, named] = /^(\w+) (.*)$/.exec(object) as unknown as [string, string, string];
        const [one, table] = named.split(" on ");
        const drop =
          table === undefined
            ? `DROP ${kind} ${named} CASCADE`
            : `ALTER TABLE ${table} DROP CONSTRAINT ${one}`;
        await connection.script("SAVEPOINT guard");
        await connection.script(kind === "trigger" ? `DROP TRIGGER ${one} ON ${table}` : drop);
        expect(await readSchema(connection), object).not.toHaveProperty([object]);
        await connection.script("ROLLBACK TO SAVEPOINT guard");
      }
    });
  });

  it("may be joined by indexes of the operator", async () => {
    await undone(test.database, async (connection) => {
      await connection.script("CREATE INDEX extra ON credits.entries (recorded_at)");
      expect(await verifyWithin(connection)).toEqual([]);
    });
  });
});
