import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "../ledger/command.js";
import type { Outcome } from "../ledger/decide.js";
import type { Instant } from "../ledger/instant.js";
import {
  type Database,
  DatabaseUnavailableError,
  isLocked,
  isRetryable,
  KNOWN_KEY,
  STALE_ACCOUNT,
  UNIQUE_VIOLATION,
} from "../store/database.js";
import type { Memory } from "../store/memory.js";
import { type Outcomes, runLocked, runRemembered } from "../store/run-batch.js";
import { type Call, createQueue, type Waiting } from "./queue.js";

/** How often a batch is tried when the database fails, and the longest pause between two tries. */
const TRIES_MAX = 12;
const PAUSE_MS_MAX = 1_000;

/** After a key that was not new, in how many batches keys are looked up before anything is written. */
const LOOK_UPS = 100;

/** Thrown when too many commands are waiting. Nothing was done; the same command can be sent again later. */
export class OverloadedError extends Error {
  override readonly name = "OverloadedError";
}

/** One sequence of batches: while one is in flight, what arrives gathers for the next. */
export interface Lane {
  /** Takes a command of a call. Commands on one account keep the order of their arrival. */
  add(waiting: Waiting): void;
  /** Resolves when nothing is waiting or in flight. */
  idle(): Promise<void>;
}

export interface LaneOptions {
  readonly database: Database;
  /** The clock commands are decided by. */
  readonly now: () => Instant;
  readonly memory: Memory;
}

type Taken = ReadonlyMap<string, readonly Waiting[]>;

/** Makes a lane. */
export function createLane(options: LaneOptions): Lane {
  const queue = createQueue();
  const runner = createRunner(options);
  let running: Promise<void> | null = null;

  async function drain(): Promise<void> {
    while (!queue.isEmpty) {
      const batch = queue.take((call) => fail(call, new OverloadedError(TOO_LATE)));
      if (batch.size > 0) await runner(batch);
    }
    running = null;
  }

  return {
    add(waiting) {
      queue.add(waiting);
      // What is submitted in the same turn of the event loop shares the first batch.
      running ??= Promise.resolve().then(drain);
    },
    idle: async () => {
      await running;
    },
  };
}

const TOO_LATE = "The ledger is busy: nothing was done within 10 seconds. Send it again in a second.";

/** Answers a call with an error, unless it has been answered. */
function fail(call: Call, error: unknown): void {
  if (call.left === 0) return;
  call.left = 0;
  call.reject(error);
}

function answer(batch: Taken, outcomes: Outcomes): void {
  for (const [account, waiting] of batch) {
    const came = outcomes.get(account) as readonly Outcome[];
    waiting.forEach(({ call, index }, at) => {
      if (call.left === 0) return;
      call.outcomes[index] = came[at] as Outcome;
      call.left -= 1;
      if (call.left === 0) call.resolve(call.outcomes);
    });
  }
}

/** What runs a batch and answers its commands. It never rejects. */
function createRunner({ database, now, memory }: LaneOptions): (batch: Taken) => Promise<void> {
  /** In how many batches to come keys are looked up first. */
  let lookUps = 0;

  async function run(batch: Taken): Promise<void> {
    const isContended = ([account]: [string, unknown]) => memory.isContended(account);
    const locked = new Map([...batch].filter(isContended));
    if (locked.size === 0 || locked.size === batch.size) return runAlike(batch, locked.size > 0);
    await runAlike(new Map([...batch].filter((one) => !isContended(one))), false);
    await runAlike(locked, true);
  }

  /** Runs a batch whose accounts are all locked, or all remembered. */
  async function runAlike(batch: Taken, isLocked: boolean): Promise<void> {
    try {
      const outcomes = await withRetries(batch, isLocked);
      if (outcomes === null) await run(batch);
      else answer(batch, outcomes);
    } catch (error) {
      const waiting = [...batch.values()].flat();
      if (waiting.length === 1 || error instanceof DatabaseUnavailableError) {
        for (const one of waiting) fail(one.call, error);
        return;
      }
      // A command the database can't take, or whose account is locked by somebody else, must not harm the others: halves
      // are tried until it stands alone.
      const [first, second] = halves(batch);
      await run(first);
      await run(second);
    }
  }

  /**
   * Tries a batch until the database takes it. When a connection is lost around COMMIT the outcome is unknown; the same
   * keys make the further try safe.
   *
   * @returns the outcomes, or null when accounts of the batch have turned out to be contended
   */
  async function withRetries(batch: Taken, lock: boolean): Promise<Outcomes | null> {
    const commands = new Map<string, Command[]>();
    for (const [account, waiting] of batch)
      commands.set(
        account,
        waiting.map(({ command }) => command),
      );
    let keys = lookUps > 0;
    if (keys) lookUps -= 1;
    for (let tries = 1; ; tries++) {
      try {
        if (lock) return await runLocked(database, commands, now());
        return await runRemembered(database, memory, commands, now(), keys);
      } catch (error) {
        const { code } = error as { code?: unknown };
        const isKnownKey = code === KNOWN_KEY || code === UNIQUE_VIOLATION;
        if (isKnownKey && !lock && !keys) {
          keys = true;
          lookUps = LOOK_UPS;
          continue;
        }
        if (code === STALE_ACCOUNT || (isKnownKey && !lock)) {
          for (const account of staleAccounts(error, commands)) memory.contend(account);
          return null;
        }
        for (const account of commands.keys()) memory.forget(account);
        // The outcome may be unknown, and then the keys are not new.
        keys = true;
        await pause(error, tries, commands);
      }
    }
  }

  return run;
}

/** The accounts that were not as remembered; all of a batch where the database does not say. */
function staleAccounts(error: unknown, commands: ReadonlyMap<string, unknown>): string[] {
  const { code, detail } = error as { code?: unknown; detail?: unknown };
  if (code === STALE_ACCOUNT && typeof detail === "string") return JSON.parse(detail) as string[];
  return [...commands.keys()];
}

/** Waits before a further try, or throws where none would help. */
async function pause(error: unknown, tries: number, commands: ReadonlyMap<string, unknown[]>): Promise<void> {
  const isAlone = commands.size === 1 && [...commands.values()].every((one) => one.length === 1);
  if (isLocked(error) && isAlone) {
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

/** A batch in two parts, between accounts, or where there is one, between its commands. */
function halves(batch: Taken): [Taken, Taken] {
  const lines = [...batch];
  const [only] = lines;
  if (lines.length === 1 && only !== undefined) {
    const [account, waiting] = only;
    const middle = Math.ceil(waiting.length / 2);
    return [new Map([[account, waiting.slice(0, middle)]]), new Map([[account, waiting.slice(middle)]])];
  }
  const middle = Math.ceil(lines.length / 2);
  return [new Map(lines.slice(0, middle)), new Map(lines.slice(middle))];
}
