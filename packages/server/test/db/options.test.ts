import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createHostileDatabase } from "../../../../tools/hostile-database.js";
import { query, type Database as TestDatabase } from "../../../../tools/postgres.js";
import {
  createLedger,
  type LedgerOptions,
  type LocalLedger,
  lazyLedger,
  migrate,
  UnavailableError,
} from "../../src/index.js";

/** Posts a little of everything, and expects that the books add up. */
async function use(ledger: LocalLedger, account: string): Promise<void> {
  await ledger.putAccount(account);
  await ledger.grant(account, { kind: "purchase", credits: 10 });
  const { entry } = await ledger.spend(account, { credits: 4, project: { id: "p", label: "Project" } });
  await ledger.refund(account, { entry: entry.seq, credits: 1 });
  const { hold } = await ledger.hold(account, { credits: 2 });
  await Promise.all([
    ledger.settle(account, hold.id, { credits: 2 }),
    ledger.usage([{ id: "u", account, kind: "ai_usage", credits: 1 }]),
  ]);
  await ledger.sweep();
  expect(await ledger.getAccount(account)).toMatchObject({ balance: "4" });
  expect(await ledger.activity(account)).toMatchObject({ total: 4, balance: "4" });
  expect(await ledger.verify()).toMatchObject({ violations: [] });
}

describe("a schema", () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createHostileDatabase("schema");
  });
  afterEach(() => database.drop());

  it("keeps a ledger apart from others of the same database", async () => {
    const { url } = database;
    const schemas = ["credits", "credits_eu", "a", "tenant_2"];
    const open = (schema: string) => createLedger({ database: { url, schema, connections: 2 } });
    const ledgers = await Promise.all(schemas.map(open));
    await Promise.all(ledgers.map((ledger) => use(ledger, "acme")));
    for (const ledger of ledgers) expect(await ledger.verify()).toMatchObject({ accounts: 1, entries: 5 });
    const key = await ledgers[1]?.createKey({ name: "eu" });
    expect(await ledgers[0]?.listKeys()).toEqual([]);
    expect(await ledgers[1]?.revokeKey(key?.id ?? "")).toBe(true);
    await Promise.all(ledgers.map((ledger) => ledger.close()));
    await query(url, "DROP SCHEMA credits CASCADE");
    const alone = await open("credits_eu");
    expect(await alone.verify()).toMatchObject({ violations: [], entries: 5 });
    await alone.close();
  });

  it("is checked by verify under its own name", async () => {
    const { url } = database;
    const ledger = await createLedger({ database: { url, schema: "credits_eu" } });
    await use(ledger, "acme");
    await query(url, "ALTER TABLE credits_eu.entries DISABLE TRIGGER append_only");
    expect((await ledger.verify()).violations).toMatchObject([
      { record: "trigger append_only on credits_eu.entries" },
    ]);
    await ledger.close();
  });

  it("refuses changes of its entries under its own name", async () => {
    const { url } = database;
    const ledger = await createLedger({ database: { url, schema: "credits_eu" } });
    await use(ledger, "acme");
    await expect(query(url, "DELETE FROM credits_eu.entries")).rejects.toThrow(
      /^credits_eu\.entries is append/,
    );
    await ledger.close();
  });

  it("can't have the name of a keyword", async () => {
    for (const schema of ["user", "select", "between"]) {
      await expect(createLedger({ database: { url: database.url, schema } })).rejects.toMatchObject({
        code: "unavailable",
        message: `The schema "${schema}" has the name of a keyword of PostgreSQL. Choose another name.`,
      });
    }
  });

  it("works in the embedded database", async () => {
    const ledger = await createLedger({ database: { memory: true, schema: "credits_eu" } });
    await use(ledger, "acme");
    await ledger.close();
  });
});

describe("without migrations, a ledger", () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createHostileDatabase("unmigrated");
  });
  afterEach(() => database.drop());

  it("fails where the schema is not there or behind, and changes nothing", async () => {
    const own = { url: database.url, migrate: false };
    const open = () => createLedger({ database: own });
    const error = await open().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnavailableError);
    expect((error as Error).message).toBe(
      'The schema "credits" of the database lacks the migration "0001_ledger". Call migrate() of this version, or run "credit-activity migrate".',
    );
    expect(await query(own.url, "SELECT to_regnamespace('credits') AS schema")).toEqual([{ schema: null }]);
    await migrate({ url: own.url });
    await query(own.url, "DELETE FROM credits.migrations WHERE id > 10");
    await expect(open()).rejects.toThrow(/lacks the migration "0011_changes"/);
    expect(await query(own.url, "SELECT max(id) AS id FROM credits.migrations")).toEqual([{ id: 10 }]);
  });

  it("opens a schema that another role has migrated", async () => {
    const { url } = database;
    const applied = await migrate({ url, schema: "credits_eu" });
    expect(applied[0]).toBe("0001_ledger");
    expect(await migrate({ url, schema: "credits_eu" })).toEqual([]);
    const ledger = await createLedger({ database: { url, schema: "credits_eu", migrate: false } });
    await use(ledger, "acme");
    await ledger.close();
  });
});

it("may be those of an instance of a class", async () => {
  const database = await createHostileDatabase("inherited");
  class Config {
    get url(): string {
      return database.url;
    }
    get schema(): string {
      return "inherited";
    }
  }
  class Options {
    get database(): Config {
      return new Config();
    }
  }
  expect(await migrate(new Config())).not.toEqual([]);
  for (const open of [createLedger, (options: LedgerOptions) => lazyLedger(options)()]) {
    const ledger = await open(new Options());
    await use(ledger, open === createLedger ? "eager" : "lazy");
    await ledger.close();
  }
  const schemas = "SELECT nspname FROM pg_namespace WHERE nspname IN ('credits', 'inherited')";
  expect(await query(database.url, schemas)).toEqual([{ nspname: "inherited" }]);
  await database.drop();
});

it("are refused where transactions are read-only by default, with the reason", async () => {
  const database = await createHostileDatabase("read_only");
  const name = new URL(database.url).pathname.slice(1);
  await query(database.url, `ALTER DATABASE ${name} SET default_transaction_read_only = on`);
  const pool = new pg.Pool({ connectionString: database.url, max: 3 });
  for (const place of [{ url: database.url, connections: 1 }, { pool }]) {
    await expect(createLedger({ database: place })).rejects.toThrow(/read-only/);
  }
  await pool.end();
  await database.drop();
});

describe("a pool of the application", () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  beforeEach(async () => {
    database = await createHostileDatabase("borrowed");
    pool = new pg.Pool({ connectionString: database.url, max: 3, application_name: "app" });
  });
  afterEach(async () => {
    await pool.end();
    await database.drop();
  });

  it("stays open, with its sessions, settings and parsers as they are", async () => {
    const read = async () => {
      const clients = await Promise.all([pool.connect(), pool.connect(), pool.connect()]);
      const sessions = [];
      for (const client of clients) {
        const { rows } = await client.query(
          `SELECT 1::bigint AS big, 'a'::bytea AS bytes, (SELECT json_object_agg(name, setting) FROM pg_settings
            WHERE name NOT LIKE 'plpgsql.%') AS settings,
            (SELECT count(*)::integer FROM pg_prepared_statements) AS statements`,
        );
        sessions.push(rows[0]);
        client.release();
      }
      return sessions;
    };
    const before = await read();
    for (const { big, bytes, statements } of before)
      expect([big, bytes, statements]).toEqual(["1", Buffer.from("a"), 0]);
    const ledger = await createLedger({ database: { pool } });
    await use(ledger, "acme");
    await Promise.all(Array.from({ length: 20 }, () => ledger.getAccount("acme")));
    await expect(ledger.spend("acme", { credits: 1_000 })).rejects.toThrow(/credits/);
    await ledger.close();
    expect(await read()).toEqual(before);
    expect(pool.totalCount).toBe(3);
  });

  it("may have parsers of the application for all types, as may the ledger's own", async () => {
    const oids = [16, 17, 19, 20, 21, 23, 25, 26, 114, 700, 701, 1009, 1016, 1043, 1184, 1700, 3802];
    const parsers = oids.map((oid) => [oid, pg.types.getTypeParser(oid)] as const);
    for (const oid of oids) pg.types.setTypeParser(oid, (string: string) => ({ parsed: string }));
    try {
      for (const own of [{ pool }, { url: database.url }]) {
        const ledger = await createLedger({
          database: { ...own, schema: "pool" in own ? "credits" : "other" },
        });
        await use(ledger, "acme");
        await ledger.putAccount("acme", { metadata: { plan: "pro" } });
        expect((await ledger.getAccount("acme")).metadata).toEqual({ plan: "pro" });
        const { hold } = await ledger.hold("acme", { credits: 1 });
        expect(await ledger.getHold("acme", hold.id)).toEqual(hold);
        await ledger.close();
      }
    } finally {
      for (const [oid, parser] of parsers) pg.types.setTypeParser(oid, parser);
    }
  });

  it("may have one connection, as may the ledger's own", async () => {
    const one = new pg.Pool({ connectionString: database.url, max: 1 });
    for (const own of [{ pool: one }, { url: database.url, connections: 1 }]) {
      const ledger = await createLedger({
        database: { ...own, schema: "pool" in own ? "credits" : "other" },
      });
      await use(ledger, "acme");
      const works = Array.from({ length: 40 }, (_, index) => [
        ledger.spend("acme", { credits: 0.001 }, { key: `k${index}` }),
        ledger.getAccount("acme"),
        ledger.putAccount(`new-${index % 7}`, { name: "x" }),
        index % 10 === 0 ? ledger.verify({ account: "acme" }) : ledger.activity("acme"),
      ]);
      await Promise.all(works.flat());
      expect(await ledger.verify()).toMatchObject({ violations: [], entries: 45 });
      await ledger.close();
    }
    await one.end();
  });

  it("is not brought down by the loss of a connection that the ledger has borrowed", async () => {
    pool.on("error", () => {});
    const ledger = await createLedger({ database: { pool } });
    await use(ledger, "acme");
    const kill = () =>
      query(
        database.url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'app' AND datname = current_database()",
      );
    const spends = Array.from({ length: 100 }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, 5 * index));
      if (index % 25 === 10) await kill();
      return ledger.spend("acme", { credits: 0.01 }, { key: `kill-${index}` });
    });
    const results = await Promise.all(spends);
    expect(results.filter(({ entry }) => entry.credits === "-0.01")).toHaveLength(100);
    expect(await ledger.getAccount("acme")).toMatchObject({ balance: "3" });
    await ledger.close();
  });
});
