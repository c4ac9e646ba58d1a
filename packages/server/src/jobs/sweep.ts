import type { Instant } from "../core/instant.js";
import { createLease, type Lease } from "../db/lease.js";
import type { Database } from "../db/port.js";
import type { Engine } from "../engine/engine.js";
import { erase, listOpenErasures } from "../engine/erase.js";
import { listDueAccounts } from "../queries/account.js";

/** The accounts of one round, and the rounds of one sweep, at most. The next sweep goes on from there. */
const ROUND_MAX = 500;
const ROUNDS_MAX = 100;

/** The number of failed accounts that an error names. */
const NAMED_MAX = 10;

/**
 * The time after which another server sweeps when the one that does is gone. A round takes less. If one takes longer, two
 * servers touch the same accounts, which costs time and does no harm.
 */
const LEASE_SECONDS = 15;

/** Makes the lease of the sweep, which one server of a database does at a time. */
export function createSweepLease(database: Database): Lease {
  return createLease(database, "sweep", LEASE_SECONDS);
}

/**
 * Posts what has come due on accounts that nobody touches. An account that can't be touched holds up no other. Nothing
 * happens while another server does it.
 *
 * @returns the number of accounts that were touched
 * @throws AggregateError after all others were touched, with the errors of those that could not be
 */
export async function sweepDue(
  database: Database,
  engine: Engine,
  lease: Lease,
  now: Instant,
): Promise<number> {
  const due = await listDueAccounts(database, now, 1);
  if (due.length === 0 || !(await lease.take())) return 0;
  try {
    return await touchDue(database, engine, lease, now);
  } finally {
    await lease.release();
  }
}

/** Touches the due accounts in rounds, while this server has the lease. */
async function touchDue(database: Database, engine: Engine, lease: Lease, now: Instant): Promise<number> {
  const touched = new Set<string>();
  const failed = new Map<string, unknown>();
  for (let round = 0; round < ROUNDS_MAX; round++) {
    if (round > 0 && !(await lease.take())) break;
    const due = await listDueAccounts(database, now, ROUND_MAX + failed.size);
    const open = due.filter((account) => !failed.has(account));
    const touches = open.map(async (account) => {
      try {
        await engine.submit({ operation: null, account, key: null });
        touched.add(account);
      } catch (error) {
        failed.set(account, error);
      }
    });
    await Promise.all(touches);
    if (open.length < ROUND_MAX) break;
  }
  throwAny(failed, "due accounts could not be touched");
  return touched.size;
}

/**
 * Carries on erasures that were begun, and that their callers could not see through. One that fails holds up no other.
 *
 * @throws AggregateError after all others, with the errors of those that failed
 */
export async function eraseOpen(database: Database, engine: Engine, now: Instant): Promise<void> {
  const failed = new Map<string, unknown>();
  for (const erasure of await listOpenErasures(database, ROUND_MAX)) {
    try {
      await erase(database, erasure, now);
      engine.evict(erasure.account);
    } catch (error) {
      failed.set(erasure.account, error);
    }
  }
  throwAny(failed, "closed accounts could not be anonymized");
}

/** Throws the errors of accounts together, if there are any. */
function throwAny(failed: ReadonlyMap<string, unknown>, problem: string): void {
  if (failed.size === 0) return;
  const names = [...failed.keys()].slice(0, NAMED_MAX).join(", ");
  throw new AggregateError(failed.values(), `${failed.size} ${problem}: ${names}.`);
}

/**
 * Sweeps every few seconds, one round at a time.
 *
 * @returns a function that stops it and resolves when the current round is over
 */
export function startSweeping(
  sweep: () => Promise<unknown>,
  everyMs: number,
  onError: (error: unknown) => void,
): () => Promise<void> {
  let running: Promise<void> | null = null;
  const timer = setInterval(() => {
    running ??= sweep()
      .then(() => {}, onError)
      .finally(() => {
        running = null;
      });
  }, everyMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}
