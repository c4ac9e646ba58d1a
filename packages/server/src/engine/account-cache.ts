import { LRUCache } from "lru-cache";
import type { Facts } from "../core/facts.js";
import type { Instant } from "../core/instant.js";
import type { AccountState } from "../core/state.js";
import type { WrittenRow } from "../db/tables/open-window.js";

/** An account as the database has it at a version, or will have it once the batch at hand is written. */
export interface CachedAccount {
  /** The state, with only those grants that have something remaining, and only open holds. */
  readonly state: AccountState;
  /** A random number that every change of the account's row replaces. */
  version: number;
  /** The number of its changes. */
  changes: number;
  /** The versions that batches under a lock have given it lately, the latest last. Empty after a batch without one. */
  recentVersions: readonly number[];
  /** The `seq` of the grant whose remaining credits the account's row keeps, or null. */
  drawn: number | null;
  /** The next instant at which time alone changes the account, as its row has it. */
  dueAt: Instant | null;
  /** True if the account has ever had a hold. */
  hasHeld: boolean;
  /** The number of holds that were opened on the account. */
  holds: number;
  /** The rows of the open window as the account's row has them. */
  readonly rows: WrittenRow[];
  /** The weight with which it was cached last; 0 before. */
  weight: number;
  /** The weight of its grants and holds, and their number when they were weighed. */
  weighed: { readonly count: number; readonly weight: number };
}

/** The most that is cached, in grants, holds and rows of open windows, with three per account itself. */
const WEIGHT_MAX = 200_000;

/** The length of a usual row. A longer one weighs more. */
const ROW_LENGTH = 300;

/**
 * The time that an account is locked which another server changes too. One that is expensive to read whole is locked for
 * longer, because a lock costs less than to have decided for nothing.
 */
const CONTENDED_MS = 1_000;
const CONTENDED_LARGE_MS = 600_000;

/** The weight from which an account is expensive to read whole. */
const LARGE = 1_000;

const CONTENDED_MAX = 10_000;

/**
 * The accounts that a lane has written to, so that it need not read them again. Nothing here counts until the database
 * confirms, when it is written, that it was current.
 */
export interface AccountCache {
  get(account: string): CachedAccount | undefined;
  /** Keeps accounts as they are now, and evicts those that were not used for longest. */
  put(accounts: readonly CachedAccount[]): void;
  evict(account: string): void;
  /** Notes that another server has changed an account. */
  contend(account: string): void;
  /** True if another server has changed an account a short while ago. */
  isContended(account: string): boolean;
}

/** Makes an empty cache with a share of the room for all of them. */
export function createAccountCache(share: number): AccountCache {
  const maxSize = Math.max(1, Math.floor(WEIGHT_MAX * share));
  const accounts = new LRUCache<string, CachedAccount>({ maxSize });
  const contended = new LRUCache<string, true>({ max: CONTENDED_MAX, ttl: CONTENDED_MS });
  const isContended = (account: string) => contended.size > 0 && contended.has(account);
  return {
    get(account) {
      const one = accounts.get(account);
      if (one === undefined || one.recentVersions.length === 0 || isContended(account)) return one;
      // It was written under a lock. Without one it is read again, because another server has probably changed it since.
      accounts.delete(account);
      return undefined;
    },
    put(changed) {
      for (const one of changed) {
        const weight = toWeight(one);
        // An account is changed in place. It was used just now, so only another weight has to be noted.
        if (weight === one.weight) continue;
        one.weight = weight;
        accounts.delete(one.state.account);
        // One that is larger than all the room is kept alone, because it is the most expensive to read again.
        accounts.set(one.state.account, one, { size: Math.min(weight, maxSize) });
      }
    },
    evict: (account) => {
      accounts.delete(account);
    },
    contend(account) {
      const isLarge = (accounts.get(account)?.weight ?? 0) >= LARGE;
      contended.set(account, true, { ttl: isLarge ? CONTENDED_LARGE_MS : CONTENDED_MS });
    },
    isContended,
  };
}

/** The share by which the number of grants and holds may change before they are weighed again. */
const WEIGH_AGAIN = 1 / 16;

function toWeight(cached: CachedAccount): number {
  const { state, rows, weighed } = cached;
  const count = state.grants.length + state.holds.size;
  if (Math.abs(count - weighed.count) > WEIGH_AGAIN * weighed.count)
    cached.weighed = { count, weight: weigh(state) };
  let weight = 3 + cached.weighed.weight;
  for (const { json } of rows) weight += toShare(json.length);
  return Math.ceil(weight);
}

function weigh({ grants, holds }: AccountState): number {
  let weight = 0;
  for (const grant of grants) weight += toShare(toLength(grant.description, grant.source));
  for (const { facts } of holds.values()) weight += toShare(toLength(facts.description, facts.source));
  return weight;
}

const toShare = (length: number): number => Math.max(1, length / ROW_LENGTH);

function toLength(description: string | null, source: Facts["source"]): number {
  const sourced = source === null ? 0 : source.type.length + (source.id?.length ?? 0) + source.label.length;
  return sourced + (description?.length ?? 0);
}
