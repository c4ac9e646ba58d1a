import type { Instant } from "../core/instant.js";
import type { Database } from "../db/port.js";
import type { Engine } from "../engine/engine.js";
import { listDueAccounts } from "../queries/account.js";

/** The accounts of one round, and the rounds of one sweep, at most. The next sweep goes on from there. */
const ROUND_MAX = 500;
const ROUNDS_MAX = 100;

/**
 * Posts what has come due on accounts that nobody touches.
 *
 * @returns the number of accounts that were touched
 */
export async function sweepDue(database: Database, engine: Engine, now: Instant): Promise<number> {
  let touched = 0;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const due = await listDueAccounts(database, now, ROUND_MAX);
    await Promise.all(due.map((account) => engine.submit({ operation: null, account, key: null })));
    touched += due.length;
    if (due.length < ROUND_MAX) break;
  }
  return touched;
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
