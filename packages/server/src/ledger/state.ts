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
  readonly rows: readonly OpenRow[];
}

/** All the rules need to know of an account to decide a command. */
export interface AccountState {
  readonly account: string;
  /** How far below zero commands may take the balance. */
  readonly overdraftLimit: Credits;
  readonly balance: Credits;
  /** The sum of the open holds. */
  readonly held: Credits;
  /** What usage took beyond all grants, and no grant has paid yet. */
  readonly debt: Credits;
  /** The last entry's `seq`; 0 when there is none. */
  readonly seq: number;
  /** The last entry's hash; that of `GENESIS` when there is none. */
  readonly hash: string;
  /** Grants in the order they are spent: every one with something remaining, and those a command refers to. */
  readonly grants: readonly Grant[];
  /** Open holds, and those a command refers to. */
  readonly holds: readonly Hold[];
  readonly totals: RowTotals;
  readonly window: Window | null;
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

/** A state being changed by the commands of a batch. Its lists are shared with the state and replaced, never changed. */
export type Draft = { -readonly [K in keyof AccountState]: AccountState[K] } & {
  /** The time at which the commands are decided. */
  readonly now: Instant;
  readonly changes: Changes;
};

/** What a batch changed, in the order in which it did: the last version of each grant and hold stands. */
export interface Changes {
  readonly entries: Entry[];
  readonly grants: Grant[];
  readonly holds: Hold[];
  /** The rows that are complete: those that stand alone, and those of windows that were sealed. They never change. */
  readonly rows: ActivityRow[];
}

/** A draft of a state, for the commands of a batch at one time. */
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

/** The state a draft has come to. */
export function stateOf(draft: Draft): AccountState {
  return {
    account: draft.account,
    overdraftLimit: draft.overdraftLimit,
    balance: draft.balance,
    held: draft.held,
    debt: draft.debt,
    seq: draft.seq,
    hash: draft.hash,
    grants: draft.grants,
    holds: draft.holds,
    totals: draft.totals,
    window: draft.window,
  };
}

/** Where a draft stood, so that a command that is refused half-way leaves no trace. */
export interface Mark {
  readonly state: AccountState;
  readonly entries: number;
  readonly grants: number;
  readonly holds: number;
  readonly rows: number;
}

/** Remembers where a draft stands. */
export function markOf(draft: Draft): Mark {
  const { entries, grants, holds, rows } = draft.changes;
  return {
    state: stateOf(draft),
    entries: entries.length,
    grants: grants.length,
    holds: holds.length,
    rows: rows.length,
  };
}

/** Puts a draft back to where it stood. */
export function goBack(draft: Draft, { state, entries, grants, holds, rows }: Mark): void {
  Object.assign(draft, state);
  draft.changes.entries.length = entries;
  draft.changes.grants.length = grants;
  draft.changes.holds.length = holds;
  draft.changes.rows.length = rows;
}
