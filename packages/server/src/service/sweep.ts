import type { Instant } from "../ledger/instant.js";
import { listDueAccounts } from "../store/accounts.js";
import type { Database } from "../store/database.js";
import type { Writer } from "../writer/writer.js";

/** How many accounts one round takes, and how many rounds one sweep, at most. The next sweep goes on from there. */
const ROUND_MAX = 500;
const ROUNDS_MAX = 100;

/**
 * Posts what has come due on accounts nobody touches.
 *
 * @returns how many accounts were touched
 */
export async function sweepDue(database: Database, writer: Writer, now: Instant): Promise<number> {
  let touched = 0;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const due = await listDueAccounts(database, now, ROUND_MAX);
    await Promise.all(due.map((account) => writer.submit({ op: "touch", account })));
    touched += due.length;
    if (due.length < ROUND_MAX) break;
  }
  return touched;
}

/**
 * Sweeps every few seconds, one round at a time.
 *
 * @returns what stops it, and resolves when the round under way is over
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
