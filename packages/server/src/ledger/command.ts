import type { Credits } from "./credits.js";
import type { Metadata, Source } from "./entry.js";
import type { Instant } from "./instant.js";
import type { GrantKind, UsageKind } from "./kinds.js";

interface Common {
  readonly account: string;
  /** The same key again gives the first answer and moves nothing. */
  readonly key: string;
}

interface Described {
  readonly description: string | null;
  readonly metadata: Metadata;
}

interface Caused {
  readonly kind: UsageKind;
  readonly source: Source | null;
  readonly project: string | null;
}

interface Charged {
  /** What is used, as a positive amount. */
  readonly credits: Credits;
  /** The same before a discount; null when there is none. */
  readonly originalCredits: Credits | null;
}

/** Adds a block of credits. */
export interface GrantCommand extends Common, Described {
  readonly op: "grant";
  readonly kind: GrantKind;
  readonly title: string | null;
  readonly credits: Credits;
  readonly source: Source | null;
  readonly priority: number;
  /** Null means: at once. */
  readonly effectiveAt: Instant | null;
  /** Null means: never. */
  readonly expiresAt: Instant | null;
}

/** Usage reported after the fact: history, which always posts and may leave a debt. */
export interface UsageCommand extends Common, Described, Caused, Charged {
  readonly op: "usage";
  /** Null means: when it is recorded. */
  readonly occurredAt: Instant | null;
}

/** One debit now, refused when it is not covered. */
export interface SpendCommand extends Common, Described, Caused, Charged {
  readonly op: "spend";
}

/** Sets credits aside. */
export interface HoldCommand extends Common, Caused {
  readonly op: "hold";
  /** The id a new hold gets; not part of what the key stands for. */
  readonly hold: string;
  readonly credits: Credits;
  readonly description: string | null;
  readonly expiresInSeconds: number;
}

/** Turns a hold into usage. */
export interface SettleCommand extends Common, Described, Charged {
  readonly op: "settle";
  readonly hold: string;
}

/** Gives a hold up. */
export interface ReleaseCommand extends Common {
  readonly op: "release";
  readonly hold: string;
}

interface Attributed {
  /** Who or what a correction is due to, such as a person in support. */
  readonly source: Source | null;
}

/**
 * Returns a debit in whole (`credits: null`, what is left of it) or in part. Without a source of its own it is due to
 * what the debit was due to.
 */
export interface RefundCommand extends Common, Described, Attributed {
  readonly op: "refund";
  readonly entry: number;
  readonly credits: Credits | null;
}

/** Corrects the balance up (positive) or down (negative). */
export interface AdjustCommand extends Common, Described, Attributed {
  readonly op: "adjust";
  readonly credits: Credits;
}

/** Takes credits away for good, never more than are available. */
export interface WriteoffCommand extends Common, Described, Attributed {
  readonly op: "writeoff";
  readonly credits: Credits;
}

/** Posts what has come due (expiries) on an account nobody touches. It carries no key: what is due is due once. */
export interface TouchCommand {
  readonly op: "touch";
  readonly account: string;
}

export type KeyedCommand =
  | GrantCommand
  | UsageCommand
  | SpendCommand
  | HoldCommand
  | SettleCommand
  | ReleaseCommand
  | RefundCommand
  | AdjustCommand
  | WriteoffCommand;

export type Command = KeyedCommand | TouchCommand;
