import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { createHostileDatabase } from "../../../../tools/hostile-database.js";
import { findPgbouncer, type Pgbouncer, startPgbouncer } from "../../../../tools/pgbouncer.js";
import type { Database as TestDatabase } from "../../../../tools/postgres.js";
import { createLedger } from "../../src/index.js";

const LOAD = fileURLToPath(new URL("./load.mjs", import.meta.url));

/** The connections of the pooler to the server, fewer than there are processes. */
const POOL_SIZE = 6;
const PROCESSES = 12;

/** The time of the load. Set POOLER_SECONDS for a longer one. */
const LOAD_MS = 1_000 * Number(process.env.POOLER_SECONDS ?? 4);

const program = findPgbouncer();

/** The leftovers in a session. */
interface Left {
  readonly pid: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly statements: number;
}

/** Reads the leftovers in each session of the pooler, with one transaction open in each. */
async function readSessions(url: string): Promise<Left[]> {
  const clients = Array.from({ length: POOL_SIZE }, () => new pg.Client({ connectionString: url }));
  for (const client of clients) {
    await client.connect();
    await client.query("BEGIN");
  }
  const sessions = [];
  for (const client of clients) {
    const { rows } = await client.query<Left>(
      `SELECT pg_backend_pid() AS pid, (SELECT json_object_agg(name, setting) FROM pg_settings) AS settings,
        (SELECT count(*)::integer FROM pg_prepared_statements) AS statements`,
    );
    sessions.push(rows[0] as Left);
  }
  for (const client of clients) {
    await client.query("ROLLBACK");
    await client.end();
  }
  return sessions;
}

describe.skipIf(program === null)("through PgBouncer in transaction mode, where sessions are shared", () => {
  let database: TestDatabase;
  let pooler: Pgbouncer;
  let url: string;

  beforeAll(async () => {
    database = await createHostileDatabase("pooler");
    pooler = await startPgbouncer(program as string, inject("databaseUrl"), POOL_SIZE);
    url = pooler.toUrl(database.url);
  });
  afterAll(async () => {
    await pooler.stop();
    await database.drop();
  });

  it("twelve servers start at once and post a mixed load without an error, and other sessions stay as they are", async () => {
    const before = await readSessions(url);
    expect(new Set(before.map(({ pid }) => pid)).size).toBe(POOL_SIZE);
    const shared = Array.from({ length: 6 }, (_, index) => `shared-${index}`);
    const setup = await createLedger({ database: { url } });
    for (const account of shared) {
      await setup.putAccount(account);
      await setup.grant(account, { kind: "purchase", credits: 1_000 });
    }
    let isDone = false;
    const seen = watchApp(() => isDone);
    const run = promisify(execFile);
    const outputs = await Promise.all(
      Array.from({ length: PROCESSES }, (_, index) =>
        run(process.execPath, [LOAD, url, String(index), String(LOAD_MS), shared.join(",")]),
      ),
    );
    isDone = true;
    expect(await seen).toEqual(new Set([before[0]?.settings.enable_seqscan]));
    const results = outputs.map(({ stdout }) => JSON.parse(stdout));
    expect(results.flatMap(({ errors }) => errors)).toEqual([]);
    const posted = results.reduce((sum, result) => sum + result.posted, shared.length);
    for (const result of results) expect(result.posted).toBeGreaterThan(0);
    for (const count of ["reads", "readyChecks"])
      expect(results.reduce((sum, result) => sum + result[count], 0)).toBeGreaterThan(0);
    const { violations, entries } = await setup.verify();
    expect(violations).toEqual([]);
    expect(entries).toBe(posted);
    await setup.close();
    const after = await readSessions(url);
    for (const session of after) {
      // A session that has called a function of PL/pgSQL has that language's own settings too.
      expect(session.settings).toMatchObject(before[0]?.settings ?? {});
      expect(session.statements).toBe(0);
    }
  });

  it("a server loses and doubles nothing while the pooler's own connections are killed", async () => {
    const ledger = await createLedger({ database: { url } });
    await ledger.putAccount("killed");
    await ledger.grant("killed", { kind: "purchase", credits: 1_000 });
    const admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
    let kills = 0;
    const spends = Array.from({ length: 300 }, async (_, index) => {
      await sleep(5 * index);
      if (index % 50 === 25) {
        const { rowCount } = await admin.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
        kills += rowCount ?? 0;
      }
      return ledger.spend("killed", { credits: 1 }, { key: `killed-${index}` });
    });
    await Promise.all(spends);
    await admin.end();
    expect(kills).toBeGreaterThan(0);
    expect(await ledger.getAccount("killed")).toMatchObject({ balance: "700" });
    expect(await ledger.verify()).toMatchObject({ violations: [] });
    await ledger.close();
  });

  it("a ledger needs one connection", async () => {
    const pool = new pg.Pool({ connectionString: url, max: 1 });
    for (const own of [{ pool }, { url, connections: 1 }]) {
      const ledger = await createLedger({ database: { ...own, schema: "alone" } });
      await ledger.putAccount("a", { overdraftLimit: 1_000 });
      await Promise.all(
        Array.from({ length: 50 }, () => [ledger.spend("a", { credits: 1 }), ledger.activity("a")]).flat(),
      );
      expect(await ledger.verify()).toMatchObject({ violations: [] });
      await ledger.close();
    }
    await pool.end();
  });

  /** Reads a setting as an application behind the same pooler does, all the time. */
  async function watchApp(isDone: () => boolean): Promise<Set<string | undefined>> {
    const app = new pg.Pool({ connectionString: url, max: 3 });
    const seen = new Set<string | undefined>();
    const read = async () => {
      while (!isDone()) {
        const { rows } = await app.query("SHOW enable_seqscan");
        seen.add(rows[0]?.enable_seqscan);
        await sleep(5);
      }
    };
    await Promise.all([read(), read(), read()]);
    await app.end();
    return seen;
  }
});
