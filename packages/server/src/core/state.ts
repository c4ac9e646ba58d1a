import { type Micros, micros, ZERO } from "./amount.js";
import type { ActivityRow, Entry, ExpiryChange, Grant, Hold, OpenRow } from "./entry.js";
import type { Label } from "./facts.js";
import type { Instant } from "./instant.js";
import { addHold, addRemaining, forgetTimed, type Sums } from "./sums.js";

/** The number of activity rows of an account, in all and by category. */
export interface RowTotals {
  readonly all: number;
  readonly added: number;
  readonly used: number;
  readonly adjustments: number;
}

/**
 * The open window: the clock-aligned five minutes in which its entries are recorded, and its rows in the order of their
 * first entry. They are the account's last rows, so their positions and balances follow from the totals and from `base`.
 */
export interface Window {
  readonly cell: Instant;
  /** The balance before the first row. */
  readonly base: Micros;
  readonly rows: GrowingRow[];
  /** The times of late usage that has rows in parts of this window that were closed before. */
  readonly covered: Covered | null;
}

/** A range of windows in which late usage occurred, both ends included. */
export interface Covered {
  readonly from: Instant;
  readonly to: Instant;
}

/** The rows of a window as they were right after one of its entries. */
export interface WindowState {
  /** The position of the window's first row. */
  readonly position: number;
  /** The `seq` of the entry. */
  readonly seq: number;
  readonly window: Window;
}

type Changing<T, K extends keyof T> = Omit<T, K> & { -readonly [Name in K]: T[Name] };

/** A grant while commands draw on it. */
export interface LiveGrant extends Changing<Grant, "remaining" | "expiresAt"> {
  /** The part of what remains that open holds have set aside. */
  reserved: Micros;
}

/** A row of the open window while it grows. */
export type GrowingRow = Changing<OpenRow, Exclude<keyof OpenRow, "kind" | "cell" | "firstSeq">>;

/**
 * The state of an account that decides its commands. Commands change it in place: it lives long in the cache, and new
 * objects per command would cost more to collect than all else costs.
 */
export interface AccountState {
  readonly account: string;
  /** The amount by which commands may take the balance below zero. */
  readonly overdraftLimit: Micros;
  /** The time at which the account was closed. Null while it is open. */
  closedAt: Instant | null;
  balance: Micros;
  /** The sum of the open holds. */
  held: Micros;
  /** The usage beyond all grants that no grant has paid yet. */
  debt: Micros;
  /** The last entry's `seq`; 0 when there is none. */
  seq: number;
  /** The last entry's hash; `GENESIS` when there is none. */
  hash: string;
  /** The time at which the last entry was recorded; null when there is none. */
  recordedAt: Instant | null;
  /**
   * The grants in draw order: each one with something remaining, and those that a command refers to. Commands change them
   * in place.
   */
  grants: LiveGrant[];
  /** The open holds by id. Commands change them in place. */
  readonly holds: Map<string, Hold>;
  totals: RowTotals;
  window: Window | null;
  /** The sums over the grants and holds. Commands change them in place. */
  readonly sums: Sums;
}

/** The past beyond the state: what the keys and numbers of the commands refer to. */
export interface Past {
  /** First responses by key. */
  readonly responses: ReadonlyMap<string, FirstResponse>;
  /** The closed holds that commands name, by id. */
  readonly holds: ReadonlyMap<string, Hold>;
  /** The entries that refunds name, by `seq`. */
  readonly entries: ReadonlyMap<number, Entry>;
  /** The refunded part of an entry, by its `seq`. */
  readonly refunded: ReadonlyMap<number, Micros>;
}

/** The first response to a key: the entry, or the hold as the command left it. */
export interface FirstResponse {
  readonly entry: Entry | null;
  readonly hold: Hold | null;
}

/** The past of commands that refer to nothing. */
export const NO_PAST: Past = {
  responses: new Map(),
  holds: new Map(),
  entries: new Map(),
  refunded: new Map(),
};

/** The inputs of a decision that come from outside: the time, and random bytes. */
export interface Circumstances {
  readonly now: Instant;
  /** Returns 16 random bytes in hex, other ones per call. */
  readonly salt: () => string;
}

/** An account while the commands of a batch change it. */
export interface Draft extends AccountState, Circumstances {
  readonly changes: Changes;
  /** The holds that the batch has closed, by id. Null until there is one. */
  closed: Map<string, Hold> | null;
}

/** The changes of a batch in their order. */
export interface Changes {
  readonly entries: Entry[];
  readonly grants: GrantChange[];
  readonly reservations: Reservation[];
  readonly holds: HoldChange[];
  readonly expiries: ExpiryMove[];
  /** The labels that came with commands. An entry may carry older ones: those of its hold, or of the entry it returns. */
  readonly labels: Label[];
  /** The rows that are complete: single ones, and those of closed windows. They never change again. */
  readonly rows: ActivityRow[];
  /** The states of busy windows, from which a page of an earlier moment is computed. */
  readonly states: WindowState[];
}

/** A change of what remains of a grant. */
export interface GrantChange {
  readonly grant: LiveGrant;
  /** The remaining credits before. Null if the grant is new. */
  readonly before: Micros | null;
}

/** A hold that was opened, extended or closed. */
export interface HoldChange {
  readonly hold: Hold;
  /** The hold before. Null if it is new. */
  readonly before: Hold | null;
}

/** A change of a grant's expiry by an entry. */
export interface ExpiryMove extends ExpiryChange {
  /** The `seq` of the entry. */
  readonly seq: number;
  /** The `seq` of the grant. */
  readonly grant: number;
}

/** A change of what is set aside of a grant: by how much. */
export interface Reservation {
  readonly grant: LiveGrant;
  readonly credits: Micros;
}

/**
 * Returns the time of a decision. It is never before the last entry's: the clocks of two servers differ a little, and what
 * has ended for one must not go on for the other.
 */
export function toTime({ recordedAt }: Pick<AccountState, "recordedAt">, now: Instant): Instant {
  return recordedAt !== null && recordedAt > now ? recordedAt : now;
}

/** Makes a draft of a state. It shares the state's grants, holds and window. */
export function toDraft(state: AccountState, { now, salt }: Circumstances): Draft {
  return {
    account: state.account,
    overdraftLimit: state.overdraftLimit,
    closedAt: state.closedAt,
    balance: state.balance,
    held: state.held,
    debt: state.debt,
    seq: state.seq,
    hash: state.hash,
    recordedAt: state.recordedAt,
    grants: state.grants,
    holds: state.holds,
    totals: state.totals,
    window: state.window,
    sums: state.sums,
    now: toTime(state, now),
    salt,
    closed: null,
    changes: {
      entries: [],
      grants: [],
      reservations: [],
      holds: [],
      expiries: [],
      labels: [],
      rows: [],
      states: [],
    },
  };
}

/** Brings a state to where its draft stands. */
export function keep(state: AccountState, draft: Draft): void {
  state.closedAt = draft.closedAt;
  state.balance = draft.balance;
  state.held = draft.held;
  state.debt = draft.debt;
  state.seq = draft.seq;
  state.hash = draft.hash;
  state.recordedAt = draft.recordedAt;
  state.grants = draft.grants;
  state.totals = draft.totals;
  state.window = draft.window;
}

/**
 * A point to return to, so that a command refused half-way leaves no trace. The entry comes last in every operation, and
 * nothing refuses a command after it, so a mark leaves out what an entry changes.
 */
export interface Mark {
  readonly held: Micros;
  readonly debt: Micros;
  readonly grantChanges: number;
  readonly reservations: number;
  readonly holdChanges: number;
}

/** Marks where a draft stands. */
export function mark({ held, debt, changes }: Draft): Mark {
  return {
    held,
    debt,
    grantChanges: changes.grants.length,
    reservations: changes.reservations.length,
    holdChanges: changes.holds.length,
  };
}

/** Returns a draft to a mark. */
export function returnTo(draft: Draft, before: Mark): void {
  const { sums } = draft;
  const { grants, reservations, holds } = draft.changes;
  if (
    grants.length > before.grantChanges ||
    reservations.length > before.reservations ||
    holds.length > before.holdChanges
  ) {
    forgetTimed(sums);
  }
  draft.held = before.held;
  draft.debt = before.debt;
  for (const { hold, before: open } of holds.splice(before.holdChanges).reverse()) {
    draft.closed?.delete(hold.id);
    if (hold.status === "open") addHold(sums, hold, -1n);
    if (open === null) draft.holds.delete(hold.id);
    else {
      draft.holds.set(hold.id, open);
      addHold(sums, open, 1n);
    }
  }
  // The latest change goes first, so that a grant changed twice ends where it began.
  for (const { grant, before: remaining } of grants.splice(before.grantChanges).reverse()) {
    addRemaining(sums, grant.kind, micros((remaining ?? ZERO) - grant.remaining));
    if (remaining !== null) grant.remaining = remaining;
    else {
      draft.grants.splice(draft.grants.indexOf(grant), 1);
      sums.bySeq?.delete(grant.seq);
    }
  }
  for (const { grant, credits } of reservations.splice(before.reservations)) {
    grant.reserved = micros(grant.reserved - credits);
    sums.reserved = micros(sums.reserved - credits);
  }
}
