/*
 * Executes a batch: the commands of several accounts in one transaction. It settles or fails each command, and never
 * rejects. A batch goes through these states:
 *
 *   ahead       While the batch before is in flight, a large one is decided from the cache, which has the accounts as that
 *               batch leaves them. Nothing is read, and nothing counts yet.
 *                 the batch before is written -> this one is sent as its first `optimistic` try
 *                 the batch before failed, an account is not cached or has much due, or a command is refused
 *                                             -> what was decided is dropped; `screen`
 *   screen      An account that another session had locked lately is probed. While it stays locked, its commands fail
 *               alone. An account whose commands failed for another reason is tried alone.
 *   split       Contended accounts, which another server changes too, go to `locked`. All others go to `optimistic`.
 *   optimistic  The commands are decided from the cache. One round trip writes them, on the condition that each account is
 *               at the version they were decided from and that each key is new.
 *                 written          -> done
 *                 account is stale -> it counts as contended for a second; the batch goes back to `split`
 *                 books are wrong  -> likewise, because an account that is read while another server writes it looks so
 *                 key is known     -> the keys are looked up, also for the next batches; `optimistic` again
 *                 refusals         -> what would be refused is decided again with its keys looked up, because the key may
 *                                     have had a response already
 *                 much is due      -> a part of it is posted, and the commands go back to the queue (as in `locked`), so that
 *                                     other accounts have their turn
 *   locked      A transaction locks the accounts in the order of their ids, reads what another server has changed of those in
 *               the cache, looks up the keys, decides and writes. No other server can be ahead of it.
 *                 books are wrong  -> all is read again, once
 *   retry       The database failed in a way that may pass. The outcome may be unknown, so the same keys are looked up and
 *               the batch runs again after a pause.
 *   unsuitable  The schema or the role's rights don't fit. No other try helps, so all commands fail at once.
 *   blocked     Another session holds a lock for too long. Its accounts fail, and the rest of the batch runs again. If none
 *               is found to be locked, halves run.
 *   halve       The database can't take the batch for another reason. Halves are tried until the faulty command is alone,
 *               or the account whose records can't be read.
 */

import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { hasBacklog } from "../core/operations/expire.js";
import type { Circumstances } from "../core/state.js";
import {
  DatabaseError,
  isFull,
  isKnownKey,
  isLocked,
  isRetryable,
  isUnsuitable,
  UnreadableError,
} from "../db/errors.js";
import type { Database } from "../db/port.js";
import type { AccountCache } from "./account-cache.js";
import { type Batch, deliver, fail, halve, toCommands, toCount } from "./batch.js";
import { type Decision, decide, decideLoaded, type Outcomes } from "./decision.js";
import {
  DoubtfulBooksError,
  toContended,
  toLocked,
  toRefused,
  toUnconfirmed,
  toUnreadable,
} from "./failures.js";
import { type AccountCommands, fromCache } from "./load.js";
import { probe } from "./probe.js";
import type { Waiting } from "./queue.js";

/** The tries of a batch when the database fails, the time after which none begins, and the longest pause between two. */
const TRIES_MAX = 12;
const TRIES_MS_MAX = 10_000;
const PAUSE_MS_MAX = 1_000;

/** The number of batches that look up keys first, after a key that was not new. */
const LOOK_UPS = 100;

/** The number of commands with which a batch is worth to be decided ahead. */
export const AHEAD_MIN = 64;

/** The number of batches that are not decided ahead, after one that was dropped. */
const PAUSE = 100;

export interface ExecuteOptions {
  readonly database: Database;
  readonly cache: AccountCache;
  /** Returns the circumstances of a batch. */
  readonly circumstances: () => Circumstances;
}

/** The turn of a batch in its lane. */
export interface Turn {
  /**
   * Resolves when the batch before has been written, or has settled otherwise. It is true if nothing that was decided
   * from the cache meanwhile has to be dropped.
   */
  readonly before: Promise<boolean>;
  /** Begins the batch: it is too late to turn its calls away. Returns what of it is still wanted. */
  begin(): Batch;
  /** Lets the next batch have its turn. It is true if this one is in flight, and false if it has settled. */
  sent(isInFlight: boolean): void;
  /** Puts commands of the batch back, before those of their accounts that came later. None of them has been taken yet. */
  putBack(batch: Batch): void;
  /** Resolves `before` of the next batch. */
  written(isCurrent: boolean): void;
}

/** Makes the executor of a lane's batches. */
export function createExecutor({ database, cache, circumstances }: ExecuteOptions) {
  /** The number of batches to come that look up keys first. */
  let lookUps = 0;
  /** The number of batches to come that are not decided ahead. */
  let pause = 0;
  /** Accounts that another session had locked for too long when they were last needed. */
  const blocked = new Set<string>();
  /** Accounts of which a command failed for another reason when they were last needed. */
  const faulty = new Set<string>();
  /**
   * The part of the batch at hand that has to be decided again, by account, because more was due on its accounts than is
   * posted at once.
   */
  const left = new Map<string, Waiting[]>();

  /** Leaves a part of the batch, after what is left of its accounts already. */
  function leave(batch: Batch): void {
    for (const { account, waiting } of batch) left.set(account, [...(left.get(account) ?? []), ...waiting]);
  }

  function takeLeft(): Batch {
    const taken = [...left].map(([account, waiting]) => ({ account, waiting }));
    left.clear();
    return taken;
  }

  return async function execute(batch: Batch, turn: Turn): Promise<void> {
    const ahead = decideAhead(batch);
    const isCurrent = await turn.before;
    const wanted = turn.begin();
    if (ahead !== null && isCurrent && toCount(wanted) === toCount(batch)) {
      const first = evictUnlessDone(batch, write(ahead));
      first.then(
        () => turn.written(true),
        () => {},
      );
      // The statement leaves before the next batch keeps the event loop busy.
      await nextTurn();
      turn.sent(true);
      await settle(batch, optimistic, first);
      // Later commands of the same accounts may have been taken already, so what is left goes before them.
      while (left.size > 0) await split(takeLeft());
      // The next batch was decided from the first try.
      turn.written(false);
    } else {
      if (ahead !== null) drop(batch);
      if (wanted.length > 0) await screen(wanted);
      turn.putBack(takeLeft());
      turn.sent(false);
      turn.written(true);
    }
  };

  /** Decides a batch from the cache alone, or returns null where something has to be read. */
  function decideAhead(batch: Batch): Decision | null {
    if (toCount(batch) < AHEAD_MIN) return null;
    if (pause > 0) {
      pause -= 1;
      return null;
    }
    if (lookUps > 0 || blocked.size > 0) return null;
    if (batch.some(({ account }) => cache.isContended(account))) return null;
    const commands = toCommands(batch);
    const loaded = fromCache(commands, (account) => cache.get(account));
    if (loaded === null) return null;
    try {
      const at = circumstances();
      if (loaded.some(({ cached }) => hasBacklog(cached.state, at.now))) return null;
      const decision = decideLoaded(commands, loaded, at);
      if (decision === null) drop(batch);
      else cache.put(decision.accounts);
      return decision;
    } catch {
      // The command that can't be decided fails alone, when its turn comes.
      drop(batch);
      return null;
    }
  }

  /** Drops what was decided ahead. The cached accounts were changed as if it had been written. */
  function drop(batch: Batch): void {
    pause = PAUSE;
    for (const { account } of batch) cache.evict(account);
  }

  /** Evicts the accounts of a batch when its work fails, because they were changed as if it had been written. */
  async function evictUnlessDone<T>(
    batch: readonly { readonly account: string }[],
    work: Promise<T>,
  ): Promise<T> {
    try {
      return await work;
    } catch (error) {
      for (const { account } of batch) cache.evict(account);
      throw error;
    }
  }

  async function write({ outcomes, statement }: Decision): Promise<Outcomes> {
    if (statement !== null) await database.write(statement.sql, statement.params);
    return outcomes;
  }

  async function screen(batch: Batch): Promise<void> {
    const suspects = batch.map(({ account }) => account).filter((account) => blocked.has(account));
    // An account that can't be probed is tried.
    const free = suspects.length === 0 ? batch : await withoutBlocked(batch, suspects).catch(() => batch);
    const doubtful = faulty.size === 0 ? [] : free.filter(({ account }) => faulty.has(account));
    const sound = doubtful.length === 0 ? free : free.filter(({ account }) => !faulty.has(account));
    if (sound.length > 0) await split(sound);
    for (const share of doubtful) {
      faulty.delete(share.account);
      await split([share]);
    }
  }

  async function split(batch: Batch): Promise<void> {
    const contended = batch.filter(({ account }) => cache.isContended(account));
    const others = contended.length === 0 ? batch : batch.filter((share) => !contended.includes(share));
    if (others.length > 0) await settle(others, optimistic);
    if (contended.length > 0) await settle(contended, locked);
  }

  /**
   * Runs a batch by one of the two protocols, and settles or fails its commands.
   *
   * @param first the first try, if it has been sent already
   */
  async function settle(
    batch: Batch,
    protocol: typeof optimistic,
    first: Promise<Outcomes> | null = null,
  ): Promise<void> {
    try {
      const outcomes = await retry(batch, protocol, first);
      if (outcomes === null) return await split(batch);
      // The next batch is sent first.
      if (first !== null) await nextTurn();
      leave(deliver(batch, outcomes));
    } catch (error) {
      if (isLocked(error)) return settleUnblocked(batch);
      if (error instanceof DatabaseError) return fail(batch, () => error);
      if (isUnsuitable(error)) {
        const failure = toRefused(error);
        return fail(batch, () => failure);
      }
      const [share] = batch;
      const isUnreadable = error instanceof UnreadableError;
      if (share !== undefined && batch.length === 1 && (isUnreadable || toCount(batch) === 1)) {
        faulty.add(share.account);
        const failure = isUnreadable ? toUnreadable(share.account, error) : (error as Error);
        return fail(batch, () => failure);
      }
      const [first, second] = halve(batch);
      await split(first);
      // The commands of an account keep their order.
      if (second.some(({ account }) => left.has(account))) leave(second);
      else await split(second);
    }
  }

  /**
   * Tries a batch until the database takes it.
   *
   * @returns the outcomes, or null when accounts of the batch have turned out to be contended
   */
  async function retry(
    batch: Batch,
    protocol: typeof optimistic,
    first: Promise<Outcomes> | null,
  ): Promise<Outcomes | null> {
    const commands = toCommands(batch);
    const isOptimistic = protocol === optimistic;
    let keys = first === null && lookUps > 0;
    if (keys) lookUps -= 1;
    let isUnknown = false;
    const startMs = performance.now();
    for (let tries = 1; ; tries++) {
      try {
        return await (tries === 1 && first !== null ? first : protocol(commands, keys));
      } catch (error) {
        if (isOptimistic && isKnownKey(error) && !keys) {
          keys = true;
          lookUps = LOOK_UPS;
          continue;
        }
        // Under a lock, what was cached has been evicted, and all is read again.
        if (!isOptimistic && error instanceof DoubtfulBooksError) continue;
        const contended = isOptimistic ? toContended(error, batch) : null;
        if (contended !== null) {
          for (const account of contended) cache.contend(account);
          return null;
        }
        // An earlier try may have been committed, and then its keys are not new.
        keys = true;
        if ((isLocked(error) || isFull(error)) && isUnknown) throw toUnconfirmed(error);
        if (!isRetryable(error)) throw error;
        if (tries >= TRIES_MAX || performance.now() - startMs > TRIES_MS_MAX) throw toUnconfirmed(error);
        await sleep(Math.random() * Math.min(PAUSE_MS_MAX, 20 * 2 ** tries));
        isUnknown = true;
        for (const { waiting } of batch) for (const { call } of waiting) call.isUnconfirmed = true;
      }
    }
  }

  function optimistic(batch: readonly AccountCommands[], keys: boolean): Promise<Outcomes> {
    const work = async () => {
      const decision = await decide(database.write, batch, circumstances(), {
        cache,
        locked: false,
        keys,
      });
      const doubtful = batch.filter((_, index) => decision.outcomes[index] instanceof Error);
      if (doubtful.length > 0) throw new DoubtfulBooksError(doubtful.map(({ account }) => account));
      await write(decision);
      cache.put(decision.accounts);
      return decision.outcomes;
    };
    return evictUnlessDone(batch, work());
  }

  function locked(batch: readonly AccountCommands[]): Promise<Outcomes> {
    const known = new Set(batch.map(({ account }) => cache.get(account)));
    const isCached = known.size > 1 || !known.has(undefined);
    const work = async () => {
      const { outcomes, accounts } = await database.transaction("write", async (connection) => {
        const decision = await decide(connection.query, batch, circumstances(), {
          cache,
          locked: true,
          keys: true,
        });
        const isFaulty = decision.outcomes.some((outcome) => outcome instanceof Error);
        if (isCached && isFaulty) throw new DoubtfulBooksError(batch.map(({ account }) => account));
        const { statement } = decision;
        if (statement !== null) await connection.query(statement.sql, statement.params);
        return decision;
      });
      cache.put(accounts);
      // An account that had to be read again has been changed by another server since.
      for (const one of accounts) if (!known.has(one)) cache.contend(one.state.account);
      return outcomes;
    };
    return evictUnlessDone(batch, work());
  }

  /** Fails the commands of those suspects that another session has locked, and returns the rest of the batch. */
  async function withoutBlocked(batch: Batch, suspects: readonly string[]): Promise<Batch> {
    const found = await probe(database, suspects);
    for (const account of suspects) blocked.delete(account);
    for (const account of found) blocked.add(account);
    fail(
      batch.filter(({ account }) => found.has(account)),
      toLocked,
    );
    return batch.filter(({ account }) => !found.has(account));
  }

  /** Runs what is left of a batch when another session has locked accounts of it. */
  async function settleUnblocked(batch: Batch): Promise<void> {
    const accounts = batch.map(({ account }) => account);
    const free = await withoutBlocked(batch, accounts).catch(() => batch);
    if (free.length < batch.length) return free.length === 0 ? undefined : split(free);
    // None is locked any more, or none could be probed. Another try of all could take as long again.
    if (batch.length === 1) return fail(batch, toLocked);
    const [first, second] = halve(batch);
    await split(first);
    await split(second);
  }
}
