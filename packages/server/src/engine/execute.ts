/*
 * Executes a batch: the commands of several accounts in one transaction. It settles or fails each command, and never
 * rejects. A batch goes through these states:
 *
 *   screen      An account that another session had locked lately is probed. While it stays locked, its commands fail
 *               alone.
 *   split       Contended accounts, which another server changes too, go to `locked`. All others go to `optimistic`.
 *   optimistic  The commands are decided from the cache. One round trip writes them, on the condition that each account is
 *               at the version they were decided from and that each key is new.
 *                 written          -> done
 *                 account is stale -> it counts as contended for a second; the batch goes back to `split`
 *                 books are wrong  -> likewise, because an account that is read while another server writes it looks so
 *                 key is known     -> the keys are looked up, also for the next batches; `optimistic` again
 *                 refusals         -> what would be refused is decided again with its keys looked up, because the key may
 *                                     have had a response already
 *   locked      A transaction locks the accounts in the order of their ids, looks up the keys, decides and writes. No
 *               other server can be ahead of it.
 *   retry       The database failed in a way that may pass. The outcome may be unknown, so the same keys are looked up and
 *               the batch runs again after a pause.
 *   blocked     Another session holds a lock for too long. Its accounts fail, and the rest of the batch runs again.
 *   halve       The database can't take the batch for another reason. Halves are tried until the faulty command is alone.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { type BatchResult, decideBatch, type Outcome } from "../core/decide.js";
import type { Circumstances } from "../core/state.js";
import {
  DatabaseError,
  isKnownKey,
  isLocked,
  isRetryable,
  isStaleAccount,
  staleAccounts,
} from "../db/errors.js";
import type { Database } from "../db/port.js";
import type { AccountCache, CachedAccount } from "./account-cache.js";
import {
  type AccountCommands,
  type LoadedAccount,
  type LoadOptions,
  loadAccounts,
  type Run,
} from "./load.js";
import { assertBooks, type Decided, persist, type Statement } from "./persist.js";
import type { Call, Share, Waiting } from "./queue.js";

/** The tries of a batch when the database fails, and the longest pause between two tries. */
const TRIES_MAX = 12;
const PAUSE_MS_MAX = 1_000;

/** The number of batches that look up keys first, after a key that was not new. */
const LOOK_UPS = 100;

const LOCKED =
  "The account is locked by another session of the database. Nothing was done on it; send the command again with the same key.";
const UNKNOWN =
  "The database can't be reached. The command may have been posted; send it again with the same key.";

export interface ExecuteOptions {
  readonly database: Database;
  readonly cache: AccountCache;
  /** Returns the circumstances of a batch. */
  readonly circumstances: () => Circumstances;
}

type Batch = readonly Share[];

/** The outcome of each command by account, or the error that failed an account's commands. */
type Outcomes = readonly (readonly Outcome[] | Error)[];

/** Thrown when the books of accounts do not add up that were read without a lock. */
class DoubtfulBooksError extends Error {
  override readonly name = "DoubtfulBooksError";
  constructor(readonly accounts: readonly string[]) {
    super("The books of accounts do not add up. Read the accounts again under a lock.");
  }
}

/** Fails a call, unless it has settled. */
export function fail(call: Call, error: unknown): void {
  if (!call.isDone) call.fail(error);
}

/** Makes what executes batches of one lane. */
export function createExecutor({ database, cache, circumstances }: ExecuteOptions) {
  /** The number of batches to come that look up keys first. */
  let lookUps = 0;
  /** Accounts that another session had locked for too long when they were last needed. */
  const blocked = new Set<string>();

  return async function screen(batch: Batch): Promise<void> {
    const suspects = batch.map(({ account }) => account).filter((account) => blocked.has(account));
    // An account that can't be probed is tried.
    const free = suspects.length === 0 ? batch : await withoutBlocked(batch, suspects).catch(() => batch);
    if (free.length > 0) await split(free);
  };

  async function split(batch: Batch): Promise<void> {
    const contended = batch.filter(({ account }) => cache.isContended(account));
    const others = contended.length === 0 ? batch : batch.filter((share) => !contended.includes(share));
    if (others.length > 0) await settle(others, optimistic);
    if (contended.length > 0) await settle(contended, locked);
  }

  /** Runs a batch by one of the two protocols, and settles or fails its commands. */
  async function settle(batch: Batch, protocol: typeof optimistic): Promise<void> {
    try {
      const outcomes = await retry(batch, protocol);
      if (outcomes === null) await split(batch);
      else deliver(batch, outcomes);
    } catch (error) {
      const waiting = batch.flatMap((share) => share.waiting);
      if (isLocked(error)) return settleUnblocked(batch);
      if (waiting.length === 1 || error instanceof DatabaseError) {
        for (const one of waiting) fail(one.call, error);
        return;
      }
      const [first, second] = halve(batch);
      await split(first);
      await split(second);
    }
  }

  /**
   * Tries a batch until the database takes it.
   *
   * @returns the outcomes, or null when accounts of the batch have turned out to be contended
   */
  async function retry(batch: Batch, protocol: typeof optimistic): Promise<Outcomes | null> {
    const commands = batch.map(({ account, waiting }) => ({
      account,
      commands: waiting.map(({ command }) => command),
    }));
    const isOptimistic = protocol === optimistic;
    let keys = lookUps > 0;
    if (keys) lookUps -= 1;
    let isUnknown = false;
    for (let tries = 1; ; tries++) {
      try {
        return await protocol(commands, keys);
      } catch (error) {
        if (isOptimistic && isKnownKey(error) && !keys) {
          keys = true;
          lookUps = LOOK_UPS;
          continue;
        }
        const contended = isOptimistic ? toContended(error, batch) : null;
        if (contended !== null) {
          for (const account of contended) cache.contend(account);
          return null;
        }
        // An earlier try may have been committed, and then its keys are not new.
        keys = true;
        if (isLocked(error) && isUnknown) throw new DatabaseError("unavailable", UNKNOWN, { cause: error });
        await pause(error, tries);
        isUnknown = true;
      }
    }
  }

  async function optimistic(batch: readonly AccountCommands[], keys: boolean): Promise<Outcomes> {
    try {
      const { outcomes, accounts, statement } = await decideAll(database.write, batch, {
        cache,
        locked: false,
        keys,
      });
      const doubtful = batch.filter((_, index) => outcomes[index] instanceof Error);
      if (doubtful.length > 0) throw new DoubtfulBooksError(doubtful.map(({ account }) => account));
      if (statement !== null) await database.write(statement.sql, statement.params);
      cache.put(accounts);
      return outcomes;
    } catch (error) {
      // The cached accounts were changed as if the batch had been written.
      for (const { account } of batch) cache.evict(account);
      throw error;
    }
  }

  function locked(batch: readonly AccountCommands[]): Promise<Outcomes> {
    return database.transaction("write", async (connection) => {
      const { outcomes, statement } = await decideAll(connection.query, batch, {
        cache: null,
        locked: true,
        keys: true,
      });
      if (statement !== null) await connection.query(statement.sql, statement.params);
      return outcomes;
    });
  }

  interface DecideOptions extends LoadOptions {
    readonly cache: AccountCache | null;
  }

  async function decideAll(
    run: Run,
    batch: readonly AccountCommands[],
    { cache, locked, keys }: DecideOptions,
  ): Promise<{ outcomes: Outcomes; accounts: CachedAccount[]; statement: Statement | null }> {
    const at = circumstances();
    const loaded = await loadAccounts(run, batch, (account) => cache?.get(account), { locked, keys });
    const decided = batch.map(({ commands }, index) => decideOne(loaded[index], commands, at));
    if (!keys) await decideDoubtful(run, batch, decided, at, cache);
    const outcomes = batch.map(({ account, commands }, index): readonly Outcome[] | Error => {
      const one = decided[index];
      if (one == null) return commands.map(() => refuseUnknown(account));
      return one.fault ?? one.result.outcomes;
    });
    const sound: Decided[] = [];
    for (const one of decided) {
      if (one === null) continue;
      if (one.fault === null) sound.push(one);
      else cache?.evict(one.cached.state.account);
    }
    return { outcomes, accounts: sound.map(({ cached }) => cached), statement: persist(sound, at.now) };
  }

  /** Decides again, with its keys looked up, what would be refused: its key may have had a response already. */
  async function decideDoubtful(
    run: Run,
    batch: readonly AccountCommands[],
    decided: (Examined | null)[],
    at: Circumstances,
    cache: AccountCache | null,
  ): Promise<void> {
    const doubtful = [...batch.keys()].filter((index) =>
      decided[index]?.result.outcomes.some(({ refusal }) => refusal !== null),
    );
    if (doubtful.length === 0) return;
    const again = doubtful.map((index) => batch[index] as AccountCommands);
    // An account on which all was refused is as it was cached. Others have been changed, and are read again.
    const unchanged = new Map<string, CachedAccount>();
    for (const index of doubtful) {
      const one = decided[index];
      if (one != null && isUnchanged(one.result)) unchanged.set(one.cached.state.account, one.cached);
    }
    for (const { account } of again) if (!unchanged.has(account)) cache?.evict(account);
    const loaded = await loadAccounts(run, again, (account) => unchanged.get(account), {
      locked: false,
      keys: true,
    });
    doubtful.forEach((index, place) => {
      decided[index] = decideOne(loaded[place], again[place]?.commands ?? [], at);
    });
  }

  /** Fails the commands of those suspects that another session has locked, and returns the rest of the batch. */
  async function withoutBlocked(batch: Batch, suspects: readonly string[]): Promise<Batch> {
    const found = await probe(database, suspects);
    for (const account of suspects) blocked.delete(account);
    for (const account of found) blocked.add(account);
    for (const { account, waiting } of batch) {
      if (found.has(account)) for (const { call } of waiting) fail(call, new DatabaseError("locked", LOCKED));
    }
    return batch.filter(({ account }) => !found.has(account));
  }

  /** Runs what is left of a batch when another session has locked accounts of it. */
  async function settleUnblocked(batch: Batch): Promise<void> {
    const accounts = batch.map(({ account }) => account);
    const free = await withoutBlocked(batch, accounts).catch(() => batch);
    if (free.length < batch.length) return free.length === 0 ? undefined : split(free);
    // None is locked any more, or none could be probed. Another try could take as long again.
    for (const { call } of batch.flatMap(({ waiting }) => waiting))
      fail(call, new DatabaseError("locked", LOCKED));
  }
}

/** Returns the accounts that another server changes too, by the error of an optimistic try, or null. */
function toContended(error: unknown, batch: Batch): readonly string[] | null {
  if (error instanceof DoubtfulBooksError) return error.accounts;
  if (!isStaleAccount(error) && !isKnownKey(error)) return null;
  return staleAccounts(error) ?? batch.map(({ account }) => account);
}

/** A decided account, with the fault of its books if there is one. */
interface Examined extends Decided {
  readonly fault: Error | null;
}

function decideOne(
  loaded: LoadedAccount | null | undefined,
  commands: AccountCommands["commands"],
  at: Circumstances,
): Examined | null {
  if (loaded == null) return null;
  const { cached, past } = loaded;
  const result = decideBatch(cached.state, commands, at, past);
  try {
    assertBooks(cached.state);
    return { cached, result, fault: null };
  } catch (error) {
    return { cached, result, fault: error as Error };
  }
}

function isUnchanged({ changes: { entries, grants, holds, rows } }: BatchResult): boolean {
  return entries.length + grants.length + holds.length + rows.length === 0;
}

function deliver(batch: Batch, outcomes: Outcomes): void {
  batch.forEach(({ waiting }, at) => {
    const results = outcomes[at] as Outcomes[number];
    for (let index = 0; index < waiting.length; index++) {
      const { call, index: place } = waiting[index] as Waiting;
      if (results instanceof Error) fail(call, results);
      else if (!call.isDone) call.settle(results[index] as Outcome, place);
    }
  });
}

/** Waits before another try, or throws where none would help. */
async function pause(error: unknown, tries: number): Promise<void> {
  if (!isRetryable(error)) throw error;
  if (tries >= TRIES_MAX) throw new DatabaseError("unavailable", UNKNOWN, { cause: error });
  await sleep(Math.random() * Math.min(PAUSE_MS_MAX, 20 * 2 ** tries));
}

/** Splits a batch in two, between accounts, or between the commands of its only account. */
function halve(batch: Batch): [Batch, Batch] {
  const [only] = batch;
  if (batch.length === 1 && only !== undefined) {
    const { account, waiting } = only;
    const middle = Math.ceil(waiting.length / 2);
    return [[{ account, waiting: waiting.slice(0, middle) }], [{ account, waiting: waiting.slice(middle) }]];
  }
  const middle = Math.ceil(batch.length / 2);
  return [batch.slice(0, middle), batch.slice(middle)];
}

const FREE = "SELECT account FROM credits.accounts WHERE account = ANY ($1::text[]) FOR UPDATE SKIP LOCKED";
const ALL = "SELECT account FROM credits.accounts WHERE account = ANY ($1::text[])";

/** Returns those of some accounts that another session has locked, without waiting for it. */
async function probe(database: Database, accounts: readonly string[]): Promise<Set<string>> {
  const params = [accounts];
  const free = await database.write<{ account: string }>(FREE, params);
  const all = await database.write<{ account: string }>(ALL, params);
  const locked = new Set(all.map(({ account }) => account));
  for (const { account } of free) locked.delete(account);
  return locked;
}

function refuseUnknown(account: string): Outcome {
  return {
    refusal: {
      code: "account_not_found",
      detail: `The account "${account}" does not exist. Create it first with putAccount.`,
      facts: {},
    },
  };
}
