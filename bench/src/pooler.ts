import { createLedger, type Ledger, type LocalLedger } from "@credit-activity/server";
import pg from "pg";
import { findPgbouncer, startPgbouncer } from "../../tools/pgbouncer.js";
import { createDatabase, startPostgres } from "../../tools/postgres.js";

/*
 * Compares the ways to the same server, by turns in one run: direct connections of the ledger, a pool of the application, and
 * PgBouncer in transaction mode. Each way has its own schema. `npm run bench:pooler` prints rates as ratios to the
 * direct connections.
 */

const ACCOUNTS = 1_000;
const CONNECTIONS = 10;
const ROUNDS = 7;
const ROUND_MS = 1_500;

/** The works, and the calls of each in flight. */
const WORKS: readonly { name: string; inFlight: number; call(ledger: Ledger, account: string): unknown }[] = [
  { name: "spend, 256 at once", inFlight: 256, call: (ledger, account) => spend(ledger, account) },
  { name: "spend, one at a time", inFlight: 1, call: (ledger, account) => spend(ledger, account) },
  { name: "getAccount, 64 at once", inFlight: 64, call: (ledger, account) => ledger.getAccount(account) },
  { name: "getAccount, one at a time", inFlight: 1, call: (ledger, account) => ledger.getAccount(account) },
  { name: "activity, 64 at once", inFlight: 64, call: (ledger, account) => ledger.activity(account) },
  { name: "activity, one at a time", inFlight: 1, call: (ledger, account) => ledger.activity(account) },
];

const spend = (ledger: Ledger, account: string) => ledger.spend(account, { credits: "0.01" });

async function main(): Promise<void> {
  const program = findPgbouncer();
  if (program === null) throw new Error("There is no PgBouncer. Install it, or set PGBOUNCER_PATH to it.");
  const server = await startPostgres({ durable: true });
  const database = await createDatabase(server.url, "pooler");
  const pooler = await startPgbouncer(program, server.url, CONNECTIONS);
  const pool = new pg.Pool({ connectionString: database.url, max: CONNECTIONS });
  const ways = {
    direct: { url: database.url, connections: CONNECTIONS, schema: "direct" },
    pool: { pool, schema: "pooled" },
    pgbouncer: { url: pooler.toUrl(database.url), connections: CONNECTIONS, schema: "bouncer" },
  };
  const ledgers = new Map<string, LocalLedger>();
  for (const [name, way] of Object.entries(ways)) ledgers.set(name, await fill(way));
  for (const work of WORKS) {
    const rates = new Map<string, number[]>([...ledgers.keys()].map((name) => [name, []]));
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [name, ledger] of ledgers) {
        const rate = await measure(ledger, work);
        // The first round warms up.
        if (round > 0) rates.get(name)?.push(rate);
      }
    }
    const direct = toMedian(rates.get("direct") ?? []);
    const ratios = [...rates].map(([name, all]) => `${name} ${(toMedian(all) / direct).toFixed(2)}`);
    process.stdout.write(`${work.name}: ${ratios.join(", ")} (direct: ${Math.round(direct)} per second)\n`);
  }
  await compareTransactions(pool, ledgers.get("pool") as LocalLedger);
  for (const [name, ledger] of ledgers) {
    const { violations, entries } = await ledger.verify();
    process.stdout.write(`${name}: ${entries} entries, ${violations.length} violations\n`);
    await ledger.close();
  }
  await pool.end();
  await pooler.stop();
  await server.stop();
}

/** Compares an order with a spend inside its transaction to an order and a spend after it. */
async function compareTransactions(pool: pg.Pool, ledger: LocalLedger): Promise<void> {
  await pool.query(
    "CREATE TABLE public.orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, account text)",
  );
  const insert = "INSERT INTO public.orders (account) VALUES ($1)";
  const after = async (_: Ledger, account: string) => {
    await pool.query(insert, [account]);
    await spend(ledger, account);
  };
  const inside = async (_: Ledger, account: string) => {
    const client = await pool.connect();
    await client.query("BEGIN");
    await client.query(insert, [account]);
    await ledger.within(client).spend(account, { credits: "0.01" });
    await client.query("COMMIT");
    client.release();
  };
  for (const inFlight of [1, 8]) {
    const rates: Record<"after" | "inside", number[]> = { after: [], inside: [] };
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [name, call] of Object.entries({ after, inside })) {
        const rate = await measure(ledger, { name, inFlight, call });
        if (round > 0) rates[name as keyof typeof rates].push(rate);
      }
    }
    const [before, within] = [toMedian(rates.after), toMedian(rates.inside)];
    process.stdout.write(
      `order and spend, ${inFlight} at once: in one transaction ${(within / before).toFixed(2)} (apart: ${Math.round(before)} per second)\n`,
    );
  }
}

async function fill(database: Parameters<typeof createLedger>[0]["database"]): Promise<LocalLedger> {
  const ledger = await createLedger({ database });
  await Promise.all(
    Array.from({ length: ACCOUNTS }, async (_, index) => {
      await ledger.putAccount(`account-${index}`);
      await ledger.grant(`account-${index}`, { kind: "purchase", credits: 1_000_000 });
    }),
  );
  return ledger;
}

/** Returns the calls per second. */
async function measure(ledger: Ledger, { inFlight, call }: (typeof WORKS)[number]): Promise<number> {
  const startMs = performance.now();
  let calls = 0;
  const repeat = async () => {
    while (performance.now() - startMs < ROUND_MS) {
      await call(ledger, `account-${Math.floor(Math.random() * ACCOUNTS)}`);
      calls += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, repeat));
  return calls / ((performance.now() - startMs) / 1_000);
}

function toMedian(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

await main();
