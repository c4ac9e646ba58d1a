import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHostileDatabase } from "../../../../tools/hostile-database.js";
import { migrate, NewerSchemaError } from "../../src/db/migrations.js";
import { openDatabase } from "../../src/db/open.js";
import type { Database } from "../../src/db/port.js";
import { openPostgres } from "../../src/db/postgres/open.js";
import { MIGRATIONS } from "../../src/generated/migrations.js";
import { ENGINES, openEmptyDatabase, runScript, type TestDatabase } from "../databases.js";

const SQL = new URL("../../sql/", import.meta.url);

/** Names of all migrations, in their order. */
async function listMigrations(): Promise<string[]> {
  const files = await readdir(SQL);
  return files.map((file) => file.replace(/\.sql$/, "")).sort();
}

it("the module of migrations has the files in sql. After a change of them, run: npm run generate", async () => {
  expect(MIGRATIONS.map(({ name }) => name)).toEqual(await listMigrations());
  for (const { id, name, sql } of MIGRATIONS) {
    expect(id).toBe(Number.parseInt(name, 10));
    expect(sql).toBe((await readFile(new URL(`${name}.sql`, SQL), "utf8")).replace(/\r\n/g, "\n"));
  }
});

describe.each(ENGINES)("migrations on %s", (engine) => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await openEmptyDatabase(engine);
  });
  afterAll(() => test.drop());

  const write = (sql: string) => test.database.write(sql, []);

  it("are all applied to an empty database, in their order", async () => {
    expect(await migrate(test.database)).toEqual(await listMigrations());
  });

  it("are applied once", async () => {
    expect(await Promise.all([migrate(test.database), migrate(test.database)])).toEqual([[], []]);
  });

  it("refuse a schema of a newer version", async () => {
    await write("INSERT INTO credits.migrations VALUES (9999, 'later', now())");
    await expect(migrate(test.database)).rejects.toThrow(NewerSchemaError);
    await expect(migrate(test.database)).rejects.toThrow('the migration "later"');
    await write("DELETE FROM credits.migrations WHERE id = 9999");
    expect(await migrate(test.database)).toEqual([]);
  });

  it("are undone where they fail, and can be repeated", async () => {
    const failing = await openEmptyDatabase(engine);
    await runScript(failing.database, "CREATE SCHEMA credits; CREATE TABLE credits.entries (id int)");
    await expect(migrate(failing.database)).rejects.toThrow(/already exists/);
    const [found] = await failing.database.query<{ name: string | null }>(
      "SELECT to_regclass('credits.accounts')::text AS name",
    );
    expect(found?.name).toBeNull();
    await runScript(failing.database, "DROP TABLE credits.entries");
    expect(await migrate(failing.database)).toEqual(await listMigrations());
    await failing.drop();
  });

  it.each([
    "UPDATE credits.entries SET credits = credits + 1",
    "UPDATE credits.entries SET description = NULL, salt = NULL",
    "DELETE FROM credits.entries",
    "TRUNCATE credits.entries",
  ])("let the database refuse %s", async (sql) => {
    await write(ENTRIES);
    await expect(write(sql)).rejects.toThrow(/append-only/);
  });
});

/** Inserts two entries, unless they are there. */
const ENTRIES = `
  INSERT INTO credits.entries (account, seq, kind, credits, balance, occurred_at, recorded_at, draw_grants, draw_credits, debt,
    metadata, hash, position)
  SELECT 'kept', n, 'bonus', 1, n, now(), now(), '{}', '{}', 0, '{}', '', n FROM generate_series(1, 2) AS n
  ON CONFLICT DO NOTHING`;

describe("migrations on a PostgreSQL server", () => {
  let url: string;
  let drop: () => Promise<void>;
  const opened: Database[] = [];

  beforeAll(async () => {
    ({ url, drop } = await createHostileDatabase("migrations"));
  });

  afterAll(async () => {
    await Promise.all(opened.map((database) => database.close()));
    await drop();
  });

  function open(): Database {
    const database = openPostgres({ url });
    opened.push(database);
    return database;
  }

  it("are applied once when eight processes start at the same time", async () => {
    const applied = await Promise.all(Array.from({ length: 8 }, () => migrate(open())));
    expect(applied.flat().sort()).toEqual(await listMigrations());
  });

  it("wait for another migrator for as long as that takes", async () => {
    const fresh = await createHostileDatabase("waiting");
    const other = new pg.Client({ connectionString: fresh.url });
    await other.connect();
    await other.query("BEGIN; SELECT pg_advisory_xact_lock(2733487)");
    const database = openPostgres({ url: fresh.url });
    const migrated = migrate(database);
    await sleep(3_500);
    await other.query("ROLLBACK");
    expect(await migrated).toEqual(await listMigrations());
    await database.close();
    await other.end();
    await fresh.drop();
  });

  it("let a role start that may not change an up-to-date schema", async () => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query("CREATE ROLE migrations_app LOGIN PASSWORD 'app'");
    await client.query("GRANT USAGE ON SCHEMA credits TO migrations_app");
    await client.query("GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA credits TO migrations_app");
    const appUrl = new URL(url);
    appUrl.username = "migrations_app";
    appUrl.password = "app";
    const database = openPostgres({ url: appUrl.href });
    const write = (sql: string) => database.write(sql, []);
    expect(await migrate(database)).toEqual([]);
    await write(ENTRIES);
    await expect(write("UPDATE credits.entries SET credits = 0")).rejects.toThrow(/append-only/);
    await expect(write("ALTER TABLE credits.entries DISABLE TRIGGER append_only")).rejects.toThrow(/owner/);
    await database.close();
    await client.query("DROP OWNED BY migrations_app; DROP ROLE migrations_app");
    await client.end();
  });

  it("run when the database is opened, which fails in a sentence where the server cannot be reached", async () => {
    const fresh = await createHostileDatabase("opening");
    const database = await openDatabase({ url: fresh.url }, () => {});
    expect(await database.query("SELECT * FROM credits.entries")).toEqual([]);
    await database.close();
    await fresh.drop();
    const nowhere = openDatabase({ url: "postgres://nobody:hidden@127.0.0.1:1/none" }, () => {});
    await expect(nowhere).rejects.toMatchObject({
      name: "DatabaseError",
      kind: "unavailable",
      message: expect.stringMatching(/"none" at 127\.0\.0\.1:1 can't be used as "nobody": .*ECONNREFUSED/),
    });
  });
});
