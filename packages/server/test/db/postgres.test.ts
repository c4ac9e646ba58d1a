import { type AddressInfo, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHostileDatabase } from "../../../../tools/hostile-database.js";
import { isConnectionSpent, isLocked, isRetryable } from "../../src/db/errors.js";
import type { Database } from "../../src/db/port.js";
import { openPostgres } from "../../src/db/postgres/open.js";
import { readChunks, runScript } from "../databases.js";

/** Most kills without progress, fewer than a write has tries, because a busy machine connects slowly. */
const KILLS_MAX = 2;

describe("connections to a PostgreSQL server", () => {
  let url: string;
  let drop: () => Promise<void>;
  const opened: Database[] = [];

  beforeAll(async () => {
    ({ url, drop } = await createHostileDatabase("connections"));
    await runScript(open(), "CREATE TABLE public.once (key text PRIMARY KEY, n bigint)");
  });

  afterAll(async () => {
    await Promise.all(opened.map((database) => database.close()));
    await drop();
  });

  function open(options: { connections?: number; url?: string } = {}): Database {
    const database = openPostgres({ url, ...options });
    opened.push(database);
    return database;
  }

  /** Runs work with a session of an administrator. */
  async function withAdmin<T>(work: (admin: pg.Client) => Promise<T>): Promise<T> {
    const admin = new pg.Client({ connectionString: url });
    await admin.connect();
    try {
      return await work(admin);
    } finally {
      await admin.end();
    }
  }

  /** Runs one statement of the administrator again and again, where it is due, while other work runs. */
  async function whileRepeated<T>(
    sql: string,
    pauseMs: number,
    work: () => Promise<T>,
    isDue: () => boolean = () => true,
  ): Promise<[T, number]> {
    return withAdmin(async (admin) => {
      let isDone = false;
      let rows = 0;
      const repeating = (async () => {
        while (!isDone) {
          if (isDue()) rows += (await admin.query(sql)).rowCount ?? 0;
          await sleep(pauseMs);
        }
      })();
      try {
        return [await work(), rows];
      } finally {
        isDone = true;
        await repeating;
      }
    });
  }

  const OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";

  const insert = (key: string) => ["INSERT INTO public.once VALUES ($1, 1)", [key]] as const;

  /** Inserts a key and, after errors that leave the outcome unknown, tries again with the same key. */
  async function insertOnce(database: Database, key: string): Promise<void> {
    const sql = "INSERT INTO public.once VALUES ($1, 1) ON CONFLICT DO NOTHING";
    for (let tries = 1; ; tries++) {
      try {
        await database.write(sql, [key]);
        return;
      } catch (error) {
        if (!isRetryable(error) || tries >= 50) throw error;
        await sleep(20);
      }
    }
  }

  const countKeys = async (prefix: string) => {
    const [row] = await open().query<{ count: bigint }>(
      "SELECT count(*) AS count FROM public.once WHERE key LIKE $1 || '%'",
      [prefix],
    );
    return Number(row?.count);
  };

  it("parse times correctly whatever time zone the server has", async () => {
    const name = new URL(url).pathname.slice(1);
    await withAdmin(async (admin) => {
      await admin.query(`ALTER DATABASE "${name}" SET TimeZone = 'America/New_York'`);
      const database = open({ url: `${url}?options=-c%20application_name%3Dother` });
      const [row] = await database.query<{ at: number }>(
        "SELECT '2026-11-22T10:05:00.5Z'::timestamptz AS at",
      );
      expect(row?.at).toBe(Date.UTC(2026, 10, 22, 10, 5, 0, 500) * 1000);
      await admin.query(`ALTER DATABASE "${name}" RESET TimeZone`);
    });
  });

  it("are at most as many as the options say, half of them for writers", async () => {
    const database = open({ connections: 5, url: `${url}?application_name=five` });
    expect(database.concurrency).toBe(2);
    const slow = "SELECT pg_sleep(0.2)";
    await Promise.all([
      ...Array.from({ length: 10 }, () => database.query(slow)),
      ...Array.from({ length: 10 }, () => database.write(slow, [])),
      withAdmin(async (admin) => {
        await sleep(300);
        const { rows } = await admin.query(
          `SELECT count(*)::int AS count ${OTHERS} AND application_name = 'five'`,
        );
        expect(rows[0].count).toBe(5);
      }),
    ]);
  });

  it("of readers are free while all writers wait for a lock", async () => {
    const database = open({ connections: 4 });
    await database.write(...insert("held"));
    await withAdmin(async (admin) => {
      await admin.query("BEGIN; SELECT FROM public.once WHERE key = 'held' FOR UPDATE");
      const update = { sql: "UPDATE public.once SET n = n + 1 WHERE key = 'held'", params: [] };
      const waiting = Promise.all(Array.from({ length: 6 }, () => database.write(update.sql, update.params)));
      const start = performance.now();
      expect(await database.query("SELECT n FROM public.once WHERE key = $1", ["held"])).toEqual([{ n: 1n }]);
      expect(performance.now() - start).toBeLessThan(2_000);
      await admin.query("ROLLBACK");
      await waiting;
    });
    expect(await database.query("SELECT n FROM public.once WHERE key = $1", ["held"])).toEqual([{ n: 7n }]);
  });

  it("give a lock up after 3 seconds, and are used again", async () => {
    const database = open({ connections: 2 });
    await database.write(...insert("locked"));
    const lock = { sql: "SELECT FROM public.once WHERE key = $1 FOR UPDATE", params: ["locked"] };
    await withAdmin(async (admin) => {
      await admin.query("BEGIN; SELECT FROM public.once WHERE key = 'locked' FOR UPDATE");
      const error = await database.write(lock.sql, lock.params).catch((reason: unknown) => reason);
      expect(isLocked(error)).toBe(true);
      expect(isRetryable(error)).toBe(false);
      await admin.query("ROLLBACK");
    });
    await database.write(lock.sql, lock.params);
  });

  it("lose and double nothing while they are killed", async () => {
    const database = open();
    let killsLeft = KILLS_MAX;
    const [, kills] = await whileRepeated(
      `SELECT pg_terminate_backend(pid) ${OTHERS} AND application_name = 'credit-activity'`,
      60,
      async () => {
        for (let round = 0; round < 40; round++) {
          await Promise.all(
            Array.from({ length: 10 }, (_, index) => insertOnce(database, `killed-${round}-${index}`)),
          );
          killsLeft = KILLS_MAX;
        }
      },
      () => {
        killsLeft -= 1;
        return killsLeft >= 0;
      },
    );
    expect(kills).toBeGreaterThan(5);
    expect(await countKeys("killed-")).toBe(400);
  });

  it("lose and double nothing while their statements are cancelled", async () => {
    const database = open();
    await whileRepeated(`SELECT pg_cancel_backend(pid) ${OTHERS}`, 5, async () => {
      await Promise.all(
        Array.from({ length: 200 }, async (_, index) => {
          await sleep(2 * index);
          await insertOnce(database, `cancelled-${index}`);
        }),
      );
    });
    expect(await countKeys("cancelled-")).toBe(200);
  });

  it("are replaced when the server they lead to only reads", async () => {
    const name = new URL(url).pathname.slice(1);
    const database = open();
    await database.write(...insert("before"));
    await withAdmin(async (admin) => {
      await admin.query(`ALTER DATABASE "${name}" SET default_transaction_read_only = on`);
      await admin.query(`SELECT pg_terminate_backend(pid) ${OTHERS}`);
      await sleep(50);
      const error = await database.write(...insert("during")).catch((reason: unknown) => reason);
      expect(isRetryable(error)).toBe(true);
      const waiting = insertOnce(database, "waiting");
      await sleep(300);
      // The administrator's own session began before, and may write.
      await admin.query(`ALTER DATABASE "${name}" SET default_transaction_read_only = off`);
      await waiting;
    });
    expect(await countKeys("waiting")).toBe(1);
  });

  it("go on when a newer version adds a column under them", async () => {
    const database = open({ connections: 2 });
    await database.write(...insert("column"));
    const sql = "SELECT * FROM public.once WHERE key = $1";
    const read = () => database.query(sql, ["column"]);
    const write = () => database.write(sql, ["column"]);
    await read();
    await write();
    await runScript(database, "ALTER TABLE public.once ADD COLUMN later text");
    expect(await read()).toEqual([{ key: "column", n: 1n, later: null }]);
    const error = await write().catch((reason: unknown) => reason);
    expect(isConnectionSpent(error)).toBe(true);
    expect(await write()).toEqual([{ key: "column", n: 1n, later: null }]);
    await runScript(database, "ALTER TABLE public.once DROP COLUMN later");
    expect(await read()).toEqual([{ key: "column", n: 1n }]);
  });

  it("end with their own error, without the crash of the process, when a stream is killed", async () => {
    const database = open();
    const sql = "SELECT i FROM generate_series(1, 100) AS i";
    const read = readChunks(database, sql, [], () =>
      withAdmin((admin) => admin.query(`SELECT pg_terminate_backend(pid) ${OTHERS}`)),
    );
    const error = await read.catch((reason: unknown) => reason);
    expect(isRetryable(error)).toBe(true);
    expect(await database.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  it("report their error while idle without the client, which has what it read", async () => {
    const errors: Error[] = [];
    const database = openPostgres({ url, onError: (error) => errors.push(error) });
    opened.push(database);
    await database.query("SELECT 1 AS one");
    await withAdmin((admin) =>
      admin.query(`SELECT pg_terminate_backend(pid) ${OTHERS} AND application_name = 'credit-activity'`),
    );
    while (errors.length === 0) await sleep(20);
    for (const error of errors) expect(Object.keys(error)).not.toContain("client");
    expect(await database.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  it("keep prepared statements where their sessions are the ledger's own, and otherwise nothing", async () => {
    const count = `SELECT count(*)::integer AS count, current_setting('enable_seqscan') AS seqscan
      FROM pg_prepared_statements WHERE name LIKE 'credits_query_%' AND $1`;
    const [direct, shared] = [open({ connections: 2 }), open({ connections: 1 })];
    for (const database of [direct, shared]) await database.query("SELECT $1::text AS one", ["a"]);
    expect(await direct.query(count, [true])).toEqual([{ count: 2, seqscan: "off" }]);
    expect(await shared.query(count, [true])).toEqual([{ count: 0, seqscan: "off" }]);
    const outside = await shared.transaction("snapshot", (connection) => connection.query(count, [true]));
    expect(outside).toEqual([{ count: 0, seqscan: "on" }]);
  });

  it("close after the work that waits for a connection", async () => {
    const database = open({ connections: 2 });
    const reads = Array.from({ length: 20 }, () => database.query("SELECT 1 AS one, pg_sleep(0.01)"));
    const writes = Array.from({ length: 20 }, (_, index) => database.write(...insert(`closing-${index}`)));
    await Promise.all([database.close(), ...reads, ...writes]);
    await expect(database.query("SELECT 1")).rejects.toMatchObject({ kind: "closed" });
    expect(await countKeys("closing-")).toBe(20);
  });

  it("read and write values whatever the database's settings are", async () => {
    const sql = `SELECT '\\x00ff5c'::bytea AS bytes, '2026-11-02T10:05:00.5Z'::timestamptz AS at, 0.1::float8 AS number,
      interval '1 day 2 hours'::text AS interval, $1::text[] AS texts, now() > '2020-01-01'::timestamptz AS is_now,
      current_setting('transaction_isolation') AS isolation`;
    const { database, write } = { database: open(), write: open().write };
    for (const read of [database.query, write]) {
      const [row] = await read(sql, [["é", null]]);
      expect(row).toEqual({
        bytes: "00ff5c",
        at: Date.UTC(2026, 10, 2, 10, 5, 0, 500) * 1000,
        number: 0.1,
        interval: "1 day 02:00:00",
        texts: ["é", null],
        is_now: true,
        isolation: "read committed",
      });
    }
  });

  it("read arrays of strings as they are", async () => {
    const sql = `SELECT ARRAY['a', 'b, "c\\d', NULL, 'NULL', '', ' {}'] AS texts, ARRAY[]::text[] AS none`;
    const row = { texts: ["a", 'b, "c\\d', null, "NULL", "", " {}"], none: [] };
    expect(await open().query(sql)).toEqual([row]);
  });

  it("give up a server that is silent after it has let them in", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.write(Buffer.from("5200000008000000005a0000000549", "hex")));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const error = await open({ url: `postgres://nobody@127.0.0.1:${port}/none` })
      .query("SELECT 1")
      .catch((reason: unknown) => reason);
    expect(isRetryable(error)).toBe(true);
    server.close();
  }, 25_000);

  it("keep one snapshot for a stream while others write", async () => {
    const database = open();
    await Promise.all(Array.from({ length: 30 }, (_, index) => database.write(...insert(`snap-${index}`))));
    let rows = 0;
    const sql = "SELECT key FROM public.once WHERE key LIKE 'snap-%' ORDER BY key";
    await readChunks(database, sql, [], async (chunk) => {
      rows += chunk.length;
      await database.write(...insert(`snap-later-${rows}`));
    });
    expect(rows).toBe(30);
    expect(await countKeys("snap-")).toBe(33);
  });

  it("fail with a retryable error where there is no server", async () => {
    const database = open({ url: "postgres://nobody@127.0.0.1:9/none" });
    for (const call of [database.query("SELECT 1"), database.write(...insert("x"))]) {
      const error = await call.catch((reason: unknown) => reason);
      expect(isRetryable(error)).toBe(true);
    }
  });
});
