import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createHostileDatabase } from "../../../../tools/hostile-database.js";
import type { Database } from "../../../../tools/postgres.js";
import { createLedger, LedgerError, type LocalLedger, type TransactionLedger } from "../../src/index.js";
import { SEED, withSeed } from "../properties/seed.js";

const ACCOUNTS = ["a", "b", "c", "d"];

/** The writers at once, and the steps of each. Set WITHIN_STEPS for more. */
const WRITERS = 8;
const STEPS = Number(process.env.WITHIN_STEPS ?? 20);

/** SQLSTATEs with which PostgreSQL asks to repeat a transaction. */
const REPEATABLE = new Set(["40001", "40P01", "55P03"]);

const LEVELS = ["READ COMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"];

class Undo extends Error {}

let database: Database;
let pool: pg.Pool;
let servers: LocalLedger[];

beforeAll(async () => {
  database = await createHostileDatabase("histories");
  pool = new pg.Pool({ connectionString: database.url, max: WRITERS + 4 });
  servers = [
    await createLedger({ database: { pool } }),
    await createLedger({ database: { url: database.url, connections: 4 } }),
  ];
  for (const account of ACCOUNTS) {
    await servers[0]?.putAccount(account);
    await servers[0]?.grant(account, { kind: "purchase", credits: 50 });
  }
});
afterAll(async () => {
  for (const server of servers) await server.close();
  await pool.end();
  await database.drop();
});

/** Makes a generator of numbers from 0 to 1 (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

it(withSeed("histories with half of the commands in transactions keep their books"), async () => {
  /** The keys of what was confirmed, and of what was rolled back. */
  const confirmed = new Set<string>();
  const undone = new Set<string>();

  async function write(writer: number): Promise<void> {
    const random = createRandom(SEED + writer);
    const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;

    /** Runs a command, and adds its key where it was accepted. */
    async function command(on: TransactionLedger, key: string, keys: string[]): Promise<void> {
      const account = pick(ACCOUNTS);
      const kind = random();
      try {
        if (kind < 0.25) await on.grant(account, { kind: "bonus", credits: 3 }, { key });
        else if (kind < 0.6) await on.spend(account, { credits: 2, project: pick(["p", "q"]) }, { key });
        else if (kind < 0.8) {
          const { results } = await on.usage(
            ACCOUNTS.map((each) => ({ id: `${key}-${each}`, account: each, kind: "ai_usage", credits: 0.5 })),
          );
          keys.push(...results.filter(({ status }) => status === "posted").map(({ id }) => id as string));
          return;
        } else {
          const { hold } = await on.hold(account, { credits: 1 }, { key: `${key}-hold` });
          if (random() < 0.5) return;
          await on.settle(account, hold.id, { credits: 0.5 }, { key });
        }
        keys.push(key);
      } catch (error) {
        if (!(error instanceof LedgerError && error.code === "insufficient_credits")) throw error;
      }
    }

    async function inTransaction(server: LocalLedger, name: string): Promise<void> {
      const client = await pool.connect();
      const keys: string[] = [];
      try {
        await client.query(`BEGIN ISOLATION LEVEL ${pick(LEVELS)}`);
        const tx = server.within(client);
        const count = 1 + Math.floor(random() * 3);
        for (let index = 0; index < count; index++) {
          const own: string[] = [];
          await client.query("SAVEPOINT step");
          await command(tx, `${name}-${index}`, own);
          if (random() < 0.2) {
            await client.query("ROLLBACK TO SAVEPOINT step");
            for (const key of own) undone.add(key);
          } else keys.push(...own);
        }
        if (random() < 0.4) throw new Undo();
        await client.query("COMMIT");
        for (const key of keys) confirmed.add(key);
      } catch (error) {
        await client.query("ROLLBACK");
        for (const key of keys) undone.add(key);
        if (!(error instanceof Undo) && !REPEATABLE.has((error as { code: string }).code)) throw error;
      } finally {
        client.release();
      }
    }

    for (let step = 0; step < STEPS; step++) {
      const server = pick(servers);
      const name = `${writer}-${step}`;
      if (random() < 0.5) await inTransaction(server, name);
      else {
        const keys: string[] = [];
        // A command does nothing if transactions have its account locked for too long.
        await command(server, name, keys).catch((error) => {
          if (!(error instanceof LedgerError && error.code === "unavailable")) throw error;
        });
        for (const key of keys) confirmed.add(key);
      }
    }
  }

  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
  for (const server of servers) expect((await server.verify()).violations).toEqual([]);
  const { rows } = await pool.query("SELECT key FROM credits.entries WHERE key IS NOT NULL");
  const posted = new Set(rows.map(({ key }) => key));
  expect([...confirmed].filter((key) => !posted.has(key))).toEqual([]);
  expect([...undone].filter((key) => posted.has(key))).toEqual([]);
  expect(undone.size).toBeGreaterThan(0);
  for (const account of ACCOUNTS) {
    const views = await Promise.all(servers.map((server) => server.getAccount(account)));
    expect(views[0]).toEqual(views[1]);
    for (const server of servers) await server.grant(account, { kind: "bonus", credits: 1 });
  }
  expect((await servers[0]?.verify())?.violations).toEqual([]);
});
