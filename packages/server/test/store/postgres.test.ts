import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { createDatabase } from "../../../../tools/postgres.js";
import { instantFromMillis } from "../../src/ledger/instant.js";
import { putAccount } from "../../src/store/accounts.js";
import { readActivity } from "../../src/store/activity.js";
import type { Database } from "../../src/store/database.js";
import { migrate } from "../../src/store/migrate.js";
import { openPostgres } from "../../src/store/postgres.js";
import { verify } from "../../src/store/verify/verify.js";
import { createWriter } from "../../src/writer/writer.js";
import { grantOf, spendOf, usageOf } from "../commands.js";
import { readAll } from "../properties/read-all.js";

const now = () => instantFromMillis(Date.now());
const FIRST_PAGE = { filter: "all", offset: 0, limit: 8, asOf: null } as const;

describe("on a PostgreSQL server", () => {
  let url: string;
  let drop: () => Promise<void>;
  const opened: Database[] = [];

  beforeAll(async () => {
    ({ url, drop } = await createDatabase(inject("databaseUrl"), "servers"));
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

  it("migrates once when eight processes start at the same time", async () => {
    const applied = await Promise.all(Array.from({ length: 8 }, () => migrate(open())));
    expect(applied.flat().sort()).toEqual(["0001_ledger", "0002_access", "0003_account_state"]);
  });

  it("lets a migrator wait for another for as long as that takes", async () => {
    const fresh = await createDatabase(inject("databaseUrl"), "waiting");
    const other = new pg.Client({ connectionString: fresh.url });
    await other.connect();
    await other.query("BEGIN; SELECT pg_advisory_xact_lock(2733487)");
    const database = openPostgres({ url: fresh.url });
    const migrated = migrate(database);
    await sleep(3_500);
    await other.query("ROLLBACK");
    expect(await migrated).toHaveLength(3);
    await database.close();
    await other.end();
    await fresh.drop();
  });

  it("keeps two servers on one hot account within what the account covers, and answers every command once", async () => {
    const servers = [open(), open()].map((database) => createWriter({ database, now }));
    await putAccount(open(), "hot", {}, now());
    await servers[0]?.submit(grantOf("hot", "start", "500"));
    const outcomes = await Promise.all(
      Array.from({ length: 2_000 }, (_, index) =>
        servers[index % 2]?.submit(spendOf("hot", `key-${index % 1_500}`, "1")),
      ),
    );
    const posted = outcomes.filter((outcome) => outcome?.refusal === null && !outcome.repeated);
    expect(posted).toHaveLength(500);
    const { account, entries } = await readAll(open(), "hot");
    expect(account.balance).toBe(0n);
    expect(new Set(entries.map((entry) => entry.key)).size).toBe(501);
    await Promise.all(servers.map((server) => server.close()));
  });

  it("does not deadlock when two servers share many accounts in any order", async () => {
    const servers = [open(), open()].map((database) => createWriter({ database, now }));
    const accounts = Array.from({ length: 40 }, (_, index) => `shared-${index}`);
    const database = open();
    await Promise.all(accounts.map((account) => putAccount(database, account, {}, now())));
    await Promise.all(
      Array.from({ length: 3_000 }, (_, index) => {
        const account = accounts[(index * 17) % accounts.length] as string;
        return servers[index % 2]?.submit(usageOf(account, `u-${index}`, "0.5"));
      }),
    );
    const { entries } = await verify(database, {}).then((result) => {
      expect(result.violations).toEqual([]);
      return result;
    });
    expect(entries).toBe(501 + 3_000);
    await Promise.all(servers.map((server) => server.close()));
  });

  it("loses and doubles nothing while its connections are killed", async () => {
    const database = open();
    const writer = createWriter({ database, now });
    await putAccount(database, "killed", {}, now());
    const killer = new pg.Client({ connectionString: url });
    await killer.connect();
    let isDone = false;
    let kills = 0;
    const killing = (async () => {
      while (!isDone) {
        const { rowCount } = await killer.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'credit-activity' AND datname = current_database()",
        );
        kills += rowCount ?? 0;
        await sleep(60);
      }
    })();
    try {
      for (let round = 0; round < 100; round++) {
        await Promise.all(
          Array.from({ length: 10 }, (_, index) =>
            writer.submit(usageOf("killed", `u-${round}-${index}`, "1")),
          ),
        );
      }
    } finally {
      isDone = true;
      await killing;
      await killer.end();
    }
    expect(kills).toBeGreaterThan(5);
    const { entries, account } = await readAll(open(), "killed");
    expect(entries).toHaveLength(1_000);
    expect(account.balance).toBe(-1_000_000_000n);
    await writer.close();
  });

  it("reads times right whatever time zone the server has", async () => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const name = new URL(url).pathname.slice(1);
    await client.query(`ALTER DATABASE "${name}" SET TimeZone = 'America/New_York'`);
    const database = openPostgres({ url: `${url}?options=-c%20application_name%3Dother` });
    opened.push(database);
    const [row] = await database.query<{ at: number }>("SELECT '2026-11-22T10:05:00.5Z'::timestamptz AS at");
    expect(row?.at).toBe(Date.UTC(2026, 10, 22, 10, 5, 0, 500) * 1000);
    await client.query(`ALTER DATABASE "${name}" RESET TimeZone`);
    await client.end();
  });

  it("goes on when a newer version adds a column under it", async () => {
    const database = open();
    const writer = createWriter({ database, now });
    await putAccount(database, "evolved", {}, now());
    await writer.submit(grantOf("evolved", "g", "5"));
    await database.query("ALTER TABLE credits.activity_rows ADD COLUMN later text");
    for (let index = 0; index < 6; index++) {
      expect((await writer.submit(spendOf("evolved", `s${index}`, "0.5"))).refusal).toBeNull();
      expect((await readActivity(database, "evolved", FIRST_PAGE))?.rows.length).toBe(2);
    }
    await database.query("ALTER TABLE credits.activity_rows DROP COLUMN later");
    await writer.close();
  });

  it("starts on an up-to-date schema with a role that may not change it", async () => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query("CREATE ROLE app LOGIN PASSWORD 'app'; GRANT USAGE ON SCHEMA credits TO app");
    await client.query("GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA credits TO app");
    const appUrl = new URL(url);
    appUrl.username = "app";
    appUrl.password = "app";
    const database = openPostgres({ url: appUrl.href });
    expect(await migrate(database)).toEqual([]);
    await expect(database.query("UPDATE credits.entries SET credits = 0")).rejects.toThrow(/append-only/);
    await expect(database.query("ALTER TABLE credits.entries DISABLE TRIGGER append_only")).rejects.toThrow(
      /owner/,
    );
    await database.close();
    await client.query("DROP OWNED BY app; DROP ROLE app");
    await client.end();
  });

  it("does not let an account that somebody else has locked stop the others for long", async () => {
    const writer = createWriter({ database: { ...open(), concurrency: 1 }, now });
    const database = open();
    for (const account of ["locked", "free"]) await putAccount(database, account, {}, now());
    const locker = new pg.Client({ connectionString: url });
    await locker.connect();
    await locker.query("BEGIN; SELECT FROM credits.accounts WHERE account = 'locked' FOR UPDATE");
    const [locked, free] = await Promise.allSettled([
      writer.submit(usageOf("locked", "u", "1")),
      writer.submit(usageOf("free", "u", "1")),
    ]);
    expect(locked).toMatchObject({ status: "rejected", reason: { name: "DatabaseUnavailableError" } });
    expect(free.status).toBe("fulfilled");
    await locker.query("ROLLBACK");
    await locker.end();
    expect((await writer.submit(usageOf("locked", "u", "1"))).refusal).toBeNull();
    await writer.close();
  });

  it("says that the database can't be reached, and that the key makes a further try safe", async () => {
    const writer = createWriter({
      database: openPostgres({ url: "postgres://nobody@127.0.0.1:9/none" }),
      now,
    });
    await expect(writer.submit(spendOf("x", "k", "1"))).rejects.toThrow(/send it again with the same key/);
  });

  it("comes back from a database that only read for a while, and from statements that were cancelled", async () => {
    const database = open();
    const writer = createWriter({ database, now });
    await putAccount(database, "read-only", {}, now());
    await writer.submit(grantOf("read-only", "g", "100"));
    const admin = new pg.Client({ connectionString: url });
    await admin.connect();
    const name = new URL(url).pathname.slice(1);
    const others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    await admin.query(`ALTER DATABASE "${name}" SET default_transaction_read_only = on`);
    await admin.query(`SELECT pg_terminate_backend(pid) ${others}`);
    const waiting = writer.submit(spendOf("read-only", "s1", "1"));
    await sleep(300);
    // The administrator's own session began before, and may write.
    await admin.query(`ALTER DATABASE "${name}" SET default_transaction_read_only = off`);
    expect((await waiting).refusal).toBeNull();
    expect((await writer.submit(spendOf("read-only", "s2", "1"))).refusal).toBeNull();
    let isDone = false;
    const cancelling = (async () => {
      while (!isDone) {
        await admin.query(`SELECT pg_cancel_backend(pid) ${others}`);
        await sleep(5);
      }
    })();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 200 }, async (_, index) => {
        await sleep(2 * index);
        return writer.submit(usageOf("read-only", `u-${index}`, "0.01"));
      }),
    );
    isDone = true;
    await cancelling;
    expect(outcomes.filter(({ status }) => status === "rejected")).toEqual([]);
    await admin.end();
    const { account, entries } = await readAll(database, "read-only");
    expect(entries).toHaveLength(203);
    expect(account.balance).toBe(96_000_000n);
  });
});
