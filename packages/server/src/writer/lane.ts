import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "../ledger/command.js";
import type { Outcome } from "../ledger/decide.js";
import type { Instant } from "../ledger/instant.js";
import { type Database, DatabaseUnavailableError, isLocked, isRetryable } from "../store/database.js";
import { runBatch } from "../store/run-batch.js";

/** How many commands one transaction takes at most. */
const BATCH_MAX = 1_000;

/** How many commands may wait in a lane before further ones are turned away. */
const WAITING_MAX = 50_000;

/** How often a batch is tried when the database fails, and the longest pause between two tries. */
const TRIES_MAX = 12;
const PAUSE_MS_MAX = 1_000;

/** Thrown when too many commands are waiting. Nothing was done; the same command can be sent again later. */
export class OverloadedError extends Error {
  override readonly name = "OverloadedError";
}

/** Thrown when the writer has been closed. */
export class ClosedError extends Error {
  override readonly name = "ClosedError";
}

/** One sequence of batches: while one is in flight, what arrives gathers for the next. */
export interface Lane {
  /**
   * Decides and writes a command, in the order of arrival on its account.
   *
   * @throws OverloadedError when too much is waiting already
   * @throws ClosedError when no more commands are taken
   * @throws DatabaseUnavailableError when the database could not be reached; the same key can be sent again
   */
  submit(command: Command): Promise<Outcome>;
  /** Takes no more commands, and resolves when those that were taken are done. */
  close(): Promise<void>;
}

export interface LaneOptions {
  readonly database: Database;
  /** The clock commands are decided by. */
  readonly now: () => Instant;
}

interface Waiting {
  readonly command: Command;
  resolve(outcome: Outcome): void;
  reject(error: unknown): void;
}

/** Makes a lane. */
export function createLane(options: LaneOptions): Lane {
  let waiting: Waiting[] = [];
  let running: Promise<void> | null = null;
  let isClosed = false;

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH_MAX);
      waiting = waiting.slice(BATCH_MAX);
      await run(options, batch);
    }
    running = null;
  }

  return {
    submit(command) {
      if (isClosed)
        return Promise.reject(new ClosedError("The ledger is closing and takes no more commands."));
      if (waiting.length >= WAITING_MAX) {
        return Promise.reject(
          new OverloadedError(
            `${WAITING_MAX} commands are waiting already. This one was not taken; send it again in a second.`,
          ),
        );
      }
      return new Promise((resolve, reject) => {
        waiting.push({ command, resolve, reject });
        // What is submitted in the same turn of the event loop shares the first batch.
        running ??= Promise.resolve().then(drain);
      });
    },
    async close() {
      isClosed = true;
      await running;
    },
  };
}

/** Runs a batch and answers its commands. It never rejects. */
async function run(options: LaneOptions, batch: readonly Waiting[]): Promise<void> {
  try {
    const outcomes = await withRetries(options, batch);
    batch.forEach((one, index) => {
      one.resolve(outcomes[index] as Outcome);
    });
  } catch (error) {
    if (batch.length === 1 || error instanceof DatabaseUnavailableError) {
      for (const one of batch) one.reject(error);
      return;
    }
    // A command the database can't take, or whose account is locked by somebody else, must not harm the others: halves
    // are tried until it stands alone.
    const middle = Math.ceil(batch.length / 2);
    await run(options, batch.slice(0, middle));
    await run(options, batch.slice(middle));
  }
}

/**
 * Tries a batch until the database takes it. When a connection is lost around COMMIT the outcome is unknown; the same
 * keys make the further try safe.
 */
async function withRetries(options: LaneOptions, batch: readonly Waiting[]): Promise<Outcome[]> {
  const commands = batch.map((one) => one.command);
  for (let tries = 1; ; tries++) {
    try {
      return await runBatch(options.database, commands, options.now());
    } catch (error) {
      if (isLocked(error) && commands.length === 1) {
        throw new DatabaseUnavailableError(
          "The account is locked by something else on the database. Nothing was done; send it again.",
          { cause: error },
        );
      }
      if (!isRetryable(error)) throw error;
      if (tries >= TRIES_MAX) {
        throw new DatabaseUnavailableError(
          "The database could not be reached. Whether the command was posted is unknown; send it again with the same key.",
          { cause: error },
        );
      }
      await sleep(Math.random() * Math.min(PAUSE_MS_MAX, 20 * 2 ** tries));
    }
  }
}
