import type { Credits } from "./credits.js";
import type { ActivityRow, Entry, Grant, Hold, OpenRow } from "./entry.js";
import type { Instant } from "./instant.js";

/** How many activity rows an account has, in all and by category: what "of 23" is read from. */
export interface RowTotals {
  readonly all: number;
  readonly added: number;
  readonly used: number;
  readonly adjustments: number;
}

/**
 * The open window: the clock-aligned five minutes it stands for, and its rows, in the order of their first entry. They
 * are the account's last rows, so their positions and balances follow from the totals and from `base`.
 */
export interface Window {
  readonly cell: Instant;
  /** The balance before the first row. */
  readonly base: Credits;
  readonly rows: GrowingRow[];
}

type Changing<T, K extends keyof T> = Omit<T, K> & { -readonly [Name in K]: T[Name] };

/** A grant while commands draw on it. */
export type LiveGrant = Changing<Grant, "remaining">;

/** A row of the open window while it grows. */
export type GrowingRow = Changing<
  OpenRow,
  "description" | "startedAt" | "endedAt" | "entries" | "lastSeq" | "credits" | "originalCredits"
>;

/**
 * All the rules need to know of an account to decide a command. Commands change it in place: it is remembered for long
 * and changed thousands of times a second, and new objects each time would cost more to clear away than all else costs.
 */
export interface AccountState {
  readonly account: string;
  /** How far below zero commands may take the balance. */
  readonly overdraftLimit: Credits;
  balance: Credits;
  /** The sum of the open holds. */
  held: Credits;
  /** What usage took beyond all grants, and no grant has paid yet. */
  debt: Credits;
  /** The last entry's `seq`; 0 when there is none. */
  seq: number;
  /** The last entry's hash; that of `GENESIS` when there is none. */
  hash: string;
  /** Grants in the order they are spent: every one with something remaining, and those a command refers to. */
  grants: readonly LiveGrant[];
  /** Open holds, and those a command refers to. */
  holds: readonly Hold[];
  totals: RowTotals;
  window: Window | null;
}

/** What is known of the past beyond the state: what the keys and numbers of the commands at hand refer to. */
export interface Past {
  /** First answers by key. */
  readonly answers: ReadonlyMap<string, Answer>;
  /** Entries that refunds name, by `seq`. */
  readonly entries: ReadonlyMap<number, Entry>;
  /** How much of an entry has been refunded, by its `seq`. */
  readonly refunded: ReadonlyMap<number, Credits>;
}

/** What a key answered the first time. */
export interface Answer {
  readonly fingerprint: string;
  readonly entry: Entry | null;
  readonly hold: Hold | null;
}

/** Nothing of the past: what commands need that refer to nothing. */
export const NO_PAST: Past = { answers: new Map(), entries: new Map(), refunded: new Map() };

/** An account while the commands of a batch change it. */
export interface Draft extends AccountState {
  /** The time at which the commands are decided. */
  readonly now: Instant;
  readonly changes: Changes;
}

/** What a batch changed, in the order in which it did. */
export interface Changes {
  readonly entries: Entry[];
  readonly grants: GrantChange[];
  readonly holds: Hold[];
  /** The rows that are complete: those that stand alone, and those of windows that were sealed. They never change. */
  readonly rows: ActivityRow[];
}

/** A grant of which something was taken, or to which something was given back, or which is new. */
export interface GrantChange {
  readonly grant: LiveGrant;
  /** What remained of it before; null when it is new. */
  readonly before: Credits | null;
}

/** A draft of a state, for the commands of a batch at one time. It shares the state's grants and window. */
export function draftOf(state: AccountState, now: Instant): Draft {
  return {
    account: state.account,
    overdraftLimit: state.overdraftLimit,
    balance: state.balance,
    held: state.held,
    debt: state.debt,
    seq: state.seq,
    hash: state.hash,
    grants: state.grants,
    holds: state.holds,
    totals: state.totals,
    window: state.window,
    now,
    changes: { entries: [], grants: [], holds: [], rows: [] },
  };
}

/** Brings a state to where its draft has come to. */
export function keep(state: AccountState, draft: Draft): void {
  state.balance = draft.balance;
  state.held = draft.held;
  state.debt = draft.debt;
  state.seq = draft.seq;
  state.hash = draft.hash;
  state.grants = draft.grants;
  state.holds = draft.holds;
  state.totals = draft.totals;
  state.window = draft.window;
}

/**
 * Where a draft stood, so that a command that is refused half-way leaves no trace. A command's entry comes last, after
 * which nothing refuses it any more, so what an entry changes is not part of it.
 */
export interface Mark {
  readonly held: Credits;
  readonly debt: Credits;
  readonly grants: readonly LiveGrant[];
  readonly holds: readonly Hold[];
  readonly grantChanges: number;
  readonly holdChanges: number;
}

/** Remembers where a draft stands. */
export function markOf({ held, debt, grants, holds, changes }: Draft): Mark {
  return {
    held,
    debt,
    grants,
    holds,
    grantChanges: changes.grants.length,
    holdChanges: changes.holds.length,
  };
}

/** Puts a draft back to where it stood. */
export function goBack(draft: Draft, mark: Mark): void {
  draft.held = mark.held;
  draft.debt = mark.debt;
  draft.grants = mark.grants;
  draft.holds = mark.holds;
  draft.changes.holds.length = mark.holdChanges;
  // The latest change first, so that a grant changed twice ends where it began.
  for (const { grant, before } of draft.changes.grants.splice(mark.grantChanges).reverse()) {
    if (before !== null) grant.remaining = before;
  }
}
