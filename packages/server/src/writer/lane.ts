import { setTimeout as sleep } from "node:timers/promises";
import type { Outcome } from "../ledger/decide.js";
import type { Instant } from "../ledger/instant.js";
import {
  type Database,
  DatabaseUnavailableError,
  isLocked as isBlocked,
  isRetryable,
  KNOWN_KEY,
  STALE_ACCOUNT,
  UNIQUE_VIOLATION,
} from "../store/database.js";
import type { Memory } from "../store/memory.js";
import { findLocked, type Outcomes, runLocked, runRemembered } from "../store/run-batch.js";
import { type Call, createQueue, type Line, type Waiting } from "./queue.js";

/** How often a batch is tried when the database fails, and the longest pause between two tries. */
const TRIES_MAX = 12;
const PAUSE_MS_MAX = 1_000;

/** After a key that was not new, in how many batches keys are looked up before anything is written. */
const LOOK_UPS = 100;

/** How often a lane looks for calls that have waited for too long, in milliseconds. */
const WATCH_EVERY_MS = 1_000;

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

type Batch = readonly Line[];

/** Makes a lane. */
export function createLane(options: LaneOptions): Lane {
  const queue = createQueue();
  const runner = createRunner(options);
  let running: Promise<void> | null = null;

  async function drain(): Promise<void> {
    // Also while a batch is stuck, nobody should wait for longer than that in vain.
    const watch = setInterval(() => queue.expire(turnAway), WATCH_EVERY_MS);
    while (!queue.isEmpty) {
      const batch = queue.take(turnAway);
      if (batch.length > 0) await runner(batch);
    }
    clearInterval(watch);
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

const LOCKED =
  "The account is locked by something else on the database. Nothing was done on it; send it again with the same key.";
const UNKNOWN =
  "The database could not be reached. Whether the command was posted is unknown; send it again with the same key.";
const TOO_LATE = "The ledger is busy: nothing was done within 30 seconds. Send it again in a second.";

function turnAway(call: Call): void {
  fail(call, new OverloadedError(TOO_LATE));
}

/** Answers a call with an error, unless it has been answered. */
function fail(call: Call, error: unknown): void {
  if (!call.isDone) call.fail(error);
}

function answer(batch: Batch, outcomes: Outcomes): void {
  batch.forEach(({ waiting }, at) => {
    const came = outcomes[at] as readonly Outcome[];
    for (let index = 0; index < waiting.length; index++) {
      const one = waiting[index] as Waiting;
      if (!one.call.isDone) one.call.settle(came[index] as Outcome, one.index);
    }
  });
}

/** What runs a batch and answers its commands. It never rejects. */
function createRunner({ database, now, memory }: LaneOptions): (batch: Batch) => Promise<void> {
  /** In how many batches to come keys are looked up first. */
  let lookUps = 0;

  /** Accounts that something else had locked for too long when they were last needed. */
  const blocked = new Set<string>();

  /** Fails the commands of those suspects that something else has locked, and gives back the rest of the batch. */
  async function withoutBlocked(batch: Batch, suspects: readonly string[]): Promise<Batch> {
    const found = await findLocked(database, suspects);
    for (const account of suspects) blocked.delete(account);
    for (const account of found) blocked.add(account);
    for (const { account, waiting } of batch) {
      if (found.has(account))
        for (const { call } of waiting) fail(call, new DatabaseUnavailableError(LOCKED));
    }
    return batch.filter(({ account }) => !found.has(account));
  }

  async function run(given: Batch): Promise<void> {
    let batch = given;
    if (blocked.size > 0) {
      const suspects = batch.map(({ account }) => account).filter((account) => blocked.has(account));
      // What can't be asked is found out by trying.
      if (suspects.length > 0) batch = await withoutBlocked(batch, suspects).catch(() => batch);
      if (batch.length === 0) return;
    }
    const locked = batch.filter(({ account }) => memory.isContended(account));
    if (locked.length === 0 || locked.length === batch.length) return runAlike(batch, locked.length > 0);
    await runAlike(
      batch.filter((line) => !locked.includes(line)),
      false,
    );
    await runAlike(locked, true);
  }

  /** Runs a batch whose accounts are all locked, or all remembered. */
  async function runAlike(batch: Batch, isLocked: boolean): Promise<void> {
    try {
      const outcomes = await withRetries(batch, isLocked);
      if (outcomes === null) await run(batch);
      else answer(batch, outcomes);
    } catch (error) {
      const waiting = batch.flatMap((line) => line.waiting);
      if (isBlocked(error)) return runUnblocked(batch);
      if (waiting.length === 1 || error instanceof DatabaseUnavailableError) {
        for (const one of waiting) fail(one.call, error);
        return;
      }
      // A command the database can't take must not harm the others: halves are tried until it stands alone.
      const [first, second] = halves(batch);
      await run(first);
      await run(second);
    }
  }

  /** Runs what is left of a batch when something else has locked accounts of it. */
  async function runUnblocked(batch: Batch): Promise<void> {
    const accounts = batch.map(({ account }) => account);
    const free = await withoutBlocked(batch, accounts).catch(() => batch);
    if (free.length < batch.length) return free.length === 0 ? undefined : run(free);
    // None is locked any more, or it can't be said: to try again could take as long again.
    for (const { call } of batch.flatMap(({ waiting }) => waiting))
      fail(call, new DatabaseUnavailableError(LOCKED));
  }

  /**
   * Tries a batch until the database takes it. When a connection is lost around COMMIT the outcome is unknown; the same
   * keys make the further try safe.
   *
   * @returns the outcomes, or null when accounts of the batch have turned out to be contended
   */
  async function withRetries(batch: Batch, lock: boolean): Promise<Outcomes | null> {
    const commands = batch.map(({ account, waiting }) => ({
      account,
      commands: waiting.map(({ command }) => command),
    }));
    let keys = lookUps > 0;
    if (keys) lookUps -= 1;
    /** Whether an earlier try may have been committed. */
    let isUnknown = false;
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
        if (!lock && (code === STALE_ACCOUNT || isKnownKey)) {
          for (const account of staleAccounts(error, batch)) memory.contend(account);
          return null;
        }
        // The outcome may be unknown, and then the keys are not new.
        keys = true;
        if (isBlocked(error) && isUnknown) throw new DatabaseUnavailableError(UNKNOWN, { cause: error });
        await pause(error, tries);
        isUnknown = true;
      }
    }
  }

  return run;
}

/** The accounts that were not as remembered; all of a batch where the database does not say. */
function staleAccounts(error: unknown, batch: Batch): string[] {
  const { code, detail } = error as { code?: unknown; detail?: unknown };
  if (code === STALE_ACCOUNT && typeof detail === "string") return JSON.parse(detail) as string[];
  return batch.map(({ account }) => account);
}

/** Waits before a further try, or throws where none would help. */
async function pause(error: unknown, tries: number): Promise<void> {
  if (!isRetryable(error)) throw error;
  if (tries >= TRIES_MAX) throw new DatabaseUnavailableError(UNKNOWN, { cause: error });
  await sleep(Math.random() * Math.min(PAUSE_MS_MAX, 20 * 2 ** tries));
}

/** A batch in two parts, between accounts, or where there is one, between its commands. */
function halves(batch: Batch): [Batch, Batch] {
  const [only] = batch;
  if (batch.length === 1 && only !== undefined) {
    const { account, waiting } = only;
    const middle = Math.ceil(waiting.length / 2);
    return [[{ account, waiting: waiting.slice(0, middle) }], [{ account, waiting: waiting.slice(middle) }]];
  }
  const middle = Math.ceil(batch.length / 2);
  return [batch.slice(0, middle), batch.slice(middle)];
}
