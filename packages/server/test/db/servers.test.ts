import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHostileDatabase } from "../../../../tools/hostile-database.js";
import type { Micros } from "../../src/core/amount.js";
import { instantFromMillis } from "../../src/core/instant.js";
import { migrate } from "../../src/db/migrations.js";
import type { Database } from "../../src/db/port.js";
import { openPostgres } from "../../src/db/postgres/open.js";
import { createEngine } from "../../src/engine/engine.js";
import { putSettings } from "../../src/engine/settings.js";
import { readActivity } from "../../src/queries/activity.js";
import { verify } from "../../src/verify/verify.js";
import { toGrant, toSpend, toUsage } from "../commands.js";
import { runScript } from "../databases.js";
import { readAll } from "../properties/read-all.js";

const now = () => instantFromMillis(Date.now());
const NO_SETTINGS = { name: undefined, timeZone: undefined, overdraftLimit: undefined, metadata: undefined };
const FIRST_PAGE = { filter: "all", offset: 0, limit: 8, asOf: null } as const;

/** Most kills without progress, fewer than a batch has tries, because a busy machine connects slowly. */
const KILLS_MAX = 4;

describe("servers on one PostgreSQL database", () => {
  let url: string;
  let drop: () => Promise<void>;
  const opened: Database[] = [];

  beforeAll(async () => {
    ({ url, drop } = await createHostileDatabase("servers"));
    const database = openPostgres({ url });
    await migrate(database);
    await database.close();
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

  it("keeps two servers on one hot account within what the account covers, and settles every command once", async () => {
    const servers = [open(), open()].map((database) => createEngine({ database, now }));
    await putSettings(open(), "hot", NO_SETTINGS, now());
    await servers[0]?.submit(toGrant("hot", "start", "500"));
    const outcomes = await Promise.all(
      Array.from({ length: 2_000 }, (_, index) =>
        servers[index % 2]?.submit(toSpend("hot", `key-${index % 1_500}`, "1")),
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
    const servers = [open(), open()].map((database) => createEngine({ database, now }));
    const accounts = Array.from({ length: 40 }, (_, index) => `shared-${index}`);
    const database = open();
    await Promise.all(accounts.map((account) => putSettings(database, account, NO_SETTINGS, now())));
    await Promise.all(
      Array.from({ length: 3_000 }, (_, index) => {
        const account = accounts[(index * 17) % accounts.length] as string;
        return servers[index % 2]?.submit(toUsage(account, `u-${index}`, "0.5"));
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
    const writer = createEngine({ database, now });
    await putSettings(database, "killed", NO_SETTINGS, now());
    const killer = new pg.Client({ connectionString: url });
    await killer.connect();
    let isDone = false;
    let kills = 0;
    let killsLeft = KILLS_MAX;
    const killing = (async () => {
      for (; !isDone; await sleep(60)) {
        if (killsLeft === 0) continue;
        killsLeft -= 1;
        const { rowCount } = await killer.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'credit-activity' AND datname = current_database()",
        );
        kills += rowCount ?? 0;
      }
    })();
    try {
      for (let round = 0; round < 100; round++) {
        await Promise.all(
          Array.from({ length: 10 }, (_, index) =>
            writer.submit(toUsage("killed", `u-${round}-${index}`, "1")),
          ),
        );
        killsLeft = KILLS_MAX;
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

  it("goes on when a newer version adds a column under it", async () => {
    const database = open();
    const writer = createEngine({ database, now });
    await putSettings(database, "evolved", NO_SETTINGS, now());
    await writer.submit(toGrant("evolved", "g", "5"));
    const other = openPostgres({ url });
    await runScript(other, "ALTER TABLE credits.activity_rows ADD COLUMN later text");
    for (let index = 0; index < 6; index++) {
      expect((await writer.submit(toSpend("evolved", `s${index}`, "0.5"))).refusal).toBeNull();
      expect((await readActivity(database, "evolved", FIRST_PAGE, now()))?.rows.length).toBe(2);
    }
    await runScript(other, "ALTER TABLE credits.activity_rows DROP COLUMN later");
    await other.close();
    await writer.close();
  });

  it("does not let an account that somebody else has locked stop the others for long", async () => {
    const writer = createEngine({ database: { ...open(), concurrency: 1 }, now });
    const database = open();
    for (const account of ["locked", "free"]) await putSettings(database, account, NO_SETTINGS, now());
    const locker = new pg.Client({ connectionString: url });
    await locker.connect();
    await locker.query("BEGIN; SELECT FROM credits.accounts WHERE account = 'locked' FOR UPDATE");
    const [locked, free] = await Promise.allSettled([
      writer.submit(toUsage("locked", "u", "1")),
      writer.submit(toUsage("free", "u", "1")),
    ]);
    const reason = {
      name: "DatabaseError",
      kind: "locked",
      message: expect.stringContaining("nothing was done"),
    };
    expect(locked).toMatchObject({ status: "rejected", reason });
    expect(free.status).toBe("fulfilled");
    const many = Array.from({ length: 6_000 }, (_, index) => toUsage("free", `u-${index}`, "1"));
    const [first, ...others] = await writer.submitAll([toUsage("locked", "u", "1"), ...many]);
    expect(first).toMatchObject(reason);
    expect(others).toHaveLength(6_000);
    for (const outcome of others) expect(outcome).toMatchObject({ refusal: null });
    await locker.query("ROLLBACK");
    await locker.end();
    expect((await writer.submit(toUsage("locked", "u", "1"))).refusal).toBeNull();
    await writer.close();
  });

  it.each(["grants", "labels"])(
    "lets others go on when another row of an account is locked, of its %s",
    async (table) => {
      const database = open();
      const writer = createEngine({ database: { ...database, concurrency: 1 }, now });
      const accounts = Array.from({ length: 20 }, (_, index) => `${table}-${index}`);
      const project = { id: "p", label: "Project" };
      for (const account of accounts) {
        await putSettings(database, account, NO_SETTINGS, now());
        await writer.submit(toGrant(account, "g1", "1"));
        await writer.submit(toGrant(account, "g2", "9"));
        await writer.submit(toUsage(account, "first", "0.5", { project }));
      }
      const locker = new pg.Client({ connectionString: url });
      await locker.connect();
      await locker.query(`BEGIN; SELECT FROM credits.${table} WHERE account = '${table}-7' FOR UPDATE`);
      const report = (id: string) =>
        writer.submitAll(
          accounts.map((account) =>
            toUsage(account, id, "2", { project: { id: "p", label: `Project ${id}` } }),
          ),
        );
      for (const id of ["a", "b"]) {
        const outcomes = await report(id);
        const failed = accounts.filter((_, index) => outcomes[index] instanceof Error);
        expect(failed).toEqual([`${table}-7`]);
      }
      await locker.query("ROLLBACK");
      await locker.end();
      for (const outcome of await report("a")) expect(outcome).toMatchObject({ refusal: null });
      await writer.close();
    },
    30_000,
  );

  it("reads while settings of accounts wait for a lock", async () => {
    const database = open();
    for (const account of ["settings", "read"]) await putSettings(database, account, NO_SETTINGS, now());
    const locker = new pg.Client({ connectionString: url });
    await locker.connect();
    await locker.query("BEGIN; SELECT FROM credits.accounts WHERE account = 'settings' FOR UPDATE");
    const named = { ...NO_SETTINGS, name: "Name" };
    const blocked = Promise.allSettled(
      Array.from({ length: 6 }, () => putSettings(database, "settings", named, now())),
    );
    await sleep(50);
    const start = performance.now();
    expect(await readActivity(database, "read", FIRST_PAGE, now())).toMatchObject({ rows: [] });
    expect(performance.now() - start).toBeLessThan(1_000);
    await locker.query("ROLLBACK");
    await locker.end();
    await blocked;
  });

  it("does not claim that nothing was done when an account is locked after a lost response", async () => {
    const database = open();
    const locker = new pg.Client({ connectionString: url });
    await locker.connect();
    await putSettings(database, "lost", NO_SETTINGS, now());
    let writes = 0;
    const flaky: Database = {
      ...database,
      write: async (sql, params) => {
        if (!sql.startsWith("WITH")) return database.write(sql, params);
        writes += 1;
        if (writes === 2) {
          await database.write(sql, params);
          throw Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
        }
        if (writes !== 3) return database.write(sql, params);
        // Another server changes the account before the next try, and a session locks it then.
        await putSettings(database, "lost", { ...NO_SETTINGS, overdraftLimit: 1n as Micros }, now());
        try {
          return await database.write(sql, params);
        } finally {
          await locker.query("BEGIN; SELECT FROM credits.accounts WHERE account = 'lost' FOR UPDATE");
        }
      },
    };
    const writer = createEngine({ database: flaky, now });
    await writer.submit(toGrant("lost", "g", "100"));
    await expect(writer.submit(toSpend("lost", "s", "1"))).rejects.toThrow(/may have been posted/);
    await locker.query("ROLLBACK");
    await locker.end();
    expect(await writer.submit(toSpend("lost", "s", "1"))).toMatchObject({ refusal: null, repeated: true });
    await writer.close();
  }, 30_000);

  it("says that the database can't be reached, and that the key makes a further try safe", async () => {
    const writer = createEngine({
      database: openPostgres({ url: "postgres://nobody@127.0.0.1:9/none" }),
      now,
    });
    await expect(writer.submit(toSpend("x", "k", "1"))).rejects.toThrow(/Send it again with the same key/);
  }, 30_000);

  it("says at once what no other try cures, for all commands of a batch", async () => {
    const database = open();
    const writer = createEngine({ database, now });
    for (const account of ["right", "other"]) await putSettings(database, account, NO_SETTINGS, now());
    await runScript(database, "ALTER TABLE credits.entries RENAME TO entries_away");
    const start = performance.now();
    const outcomes = await writer.submitAll([toUsage("right", "u1", "1"), toUsage("other", "u2", "1")]);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        message: expect.stringMatching(
          /refused the statement: relation "credits.entries" does not exist \(SQLSTATE 42P01\)/,
        ),
      });
    }
    expect(performance.now() - start).toBeLessThan(2_000);
    await runScript(database, "ALTER TABLE credits.entries_away RENAME TO entries");
    expect((await writer.submit(toUsage("right", "u1", "1"))).refusal).toBeNull();
    await writer.close();
  });

  it("gives up after a while on a database that does not respond", async () => {
    const silent = open();
    let tries = 0;
    const database: Database = {
      ...silent,
      write: async () => {
        tries += 1;
        await sleep(4_000);
        throw new Error("Query read timeout");
      },
    };
    const writer = createEngine({ database, now });
    await expect(writer.submit(toUsage("silent", "u", "1"))).rejects.toThrow(
      /can't be reached. The command may/,
    );
    expect(tries).toBe(3);
  }, 30_000);

  it("comes back from a database that only read for a while, and from statements that were cancelled", async () => {
    const database = open();
    const writer = createEngine({ database, now });
    await putSettings(database, "read-only", NO_SETTINGS, now());
    await writer.submit(toGrant("read-only", "g", "100"));
    const admin = new pg.Client({ connectionString: url });
    await admin.connect();
    const name = new URL(url).pathname.slice(1);
    const others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    await admin.query(`ALTER DATABASE "${name}" SET default_transaction_read_only = on`);
    await admin.query(`SELECT pg_terminate_backend(pid) ${others}`);
    const waiting = writer.submit(toSpend("read-only", "s1", "1"));
    await sleep(300);
    // The administrator's own session began before, and may write.
    await admin.query(`ALTER DATABASE "${name}" SET default_transaction_read_only = off`);
    expect((await waiting).refusal).toBeNull();
    expect((await writer.submit(toSpend("read-only", "s2", "1"))).refusal).toBeNull();
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
        return writer.submit(toUsage("read-only", `u-${index}`, "0.01"));
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
