import type { Credits } from "./credits.js";
import type { ActivityRow, Entry, Grant, Hold } from "./entry.js";
import type { Instant } from "./instant.js";

/** How many activity rows an account has, in all and by category: what "of 23" is read from. */
export interface RowTotals {
  readonly all: number;
  readonly added: number;
  readonly used: number;
  readonly adjustments: number;
}

/** The open window: the clock-aligned five minutes it stands for, and its rows, in the order of their first entry. */
export interface Window {
  readonly cell: Instant;
  readonly rows: readonly ActivityRow[];
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

/** A state being changed by one command: thrown away when the command is refused. */
export type Draft = { -readonly [K in keyof AccountState]: AccountState[K] } & {
  /** The time at which the command is decided. */
  readonly now: Instant;
  readonly changes: Changes;
};

/** What a decision changed, to be written by the store. The last version of each grant, hold and row stands. */
export interface Changes {
  readonly entries: Entry[];
  readonly grants: Map<number, Grant>;
  readonly holds: Map<string, Hold>;
  readonly rows: Map<number, ActivityRow>;
}

/** An empty set of changes. */
export function noChanges(): Changes {
  return { entries: [], grants: new Map(), holds: new Map(), rows: new Map() };
}

/** A draft of a state, for one command at one time. Lists are shared with the state and replaced, never changed. */
export function draftOf(state: AccountState, now: Instant): Draft {
  return { ...state, now, changes: noChanges() };
}
