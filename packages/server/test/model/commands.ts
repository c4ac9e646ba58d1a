import type { Micros } from "../../src/core/amount.js";
import type { Dimension, Metadata, Quantities, Source } from "../../src/core/facts.js";
import type { Instant } from "../../src/core/instant.js";

/*
 * The commands of the model: flat objects, null where nothing is given. They share no code with the rules under test.
 */

interface Common {
  readonly account: string;
  /** The same key again returns the first response and moves nothing. */
  readonly key: string;
}

/** The facts that every command may carry. */
export interface Described {
  readonly description: string | null;
  readonly metadata: Metadata | null;
  readonly privateMetadata: Metadata | null;
}

interface Sourced {
  readonly source: Source | null;
}

/** The attribution of usage. */
export interface Attributed extends Sourced {
  readonly project: Dimension | null;
  readonly member: Dimension | null;
  readonly task: Dimension | null;
}

/** The charge, and what it is made for. */
export interface Charged {
  readonly credits: Micros;
  /** The amount before a discount. */
  readonly originalCredits: Micros | null;
  readonly price: string | null;
  readonly quantities: Quantities | null;
  readonly estimated: boolean | null;
  readonly cost: Micros | null;
}

/** Adds a block of credits. */
export interface GrantCommand extends Common, Described, Sourced {
  readonly op: "grant";
  readonly kind: string;
  readonly title: string | null;
  readonly credits: Micros;
  /** Default: 100. */
  readonly priority: number | null;
  /** Default: at once. */
  readonly effectiveAt: Instant | null;
  /** Default: never. */
  readonly expiresAt: Instant | null;
  /** The kinds of usage that may draw on it. Default: all. */
  readonly only: readonly string[] | null;
}

/** Reports usage after the fact. It always posts and may leave a debt. */
export interface UsageCommand extends Common, Described, Attributed, Charged {
  readonly op: "usage";
  readonly kind: string;
  /** Default: when it is recorded. */
  readonly occurredAt: Instant | null;
}

/** Debits now. It is refused when it is not covered. */
export interface SpendCommand extends Common, Described, Attributed, Charged {
  readonly op: "spend";
  /** Default: ai_usage. */
  readonly kind: string | null;
  /** True to take what there is. */
  readonly atMost: true | null;
}

/** Sets credits aside. */
export interface HoldCommand extends Common, Described, Attributed {
  readonly op: "hold";
  /** The id of the new hold. It differs per try. */
  readonly hold: string;
  /** Default: ai_usage. */
  readonly kind: string | null;
  readonly credits: Micros;
  /** Seconds. Default: 3600. */
  readonly expiresIn: number | null;
}

/** Turns a hold into usage. */
export interface SettleCommand extends Common, Described, Charged {
  readonly op: "settle";
  readonly hold: string;
  /** The rule for an excess that is not covered. Default: it is refused. */
  readonly excess: "cap" | "debt" | null;
}

/** Prolongs a hold. */
export interface ExtendCommand extends Common {
  readonly op: "extend";
  readonly hold: string;
  /** Seconds from now. Default: 3600. */
  readonly expiresIn: number | null;
}

/** Gives a hold up. */
export interface ReleaseCommand extends Common {
  readonly op: "release";
  readonly hold: string;
}

/** Returns a debit in part, or, by default, all that is left of it. */
export interface RefundCommand extends Common, Described, Sourced {
  readonly op: "refund";
  readonly entry: number;
  readonly credits: Micros | null;
}

/** Corrects the balance up (positive) or down (negative). */
export interface AdjustCommand extends Common, Described, Sourced {
  readonly op: "adjust";
  /** Default: adjustment. */
  readonly kind: string | null;
  readonly credits: Micros;
}

/** Takes credits away for good, never more than are available. */
export interface WriteOffCommand extends Common, Described, Sourced {
  readonly op: "writeOff";
  readonly credits: Micros;
}

/** Takes back what remains of one grant. */
export interface VoidGrantCommand extends Common, Described, Sourced {
  readonly op: "voidGrant";
  readonly grant: number;
}

/** Moves the expiry of a grant to a later time. */
export interface ExtendGrantCommand extends Common, Described, Sourced {
  readonly op: "extendGrant";
  readonly grant: number;
  /** Default: never. */
  readonly expiresAt: Instant | null;
}

/** Posts what has come due on an account. What is due is due once, so it has no key. */
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
  | ExtendCommand
  | ReleaseCommand
  | RefundCommand
  | AdjustCommand
  | WriteOffCommand
  | VoidGrantCommand
  | ExtendGrantCommand;

export type Command = KeyedCommand | TouchCommand;

/** The facts of a command for which none are given. */
export const NOT_DESCRIBED = {
  description: null,
  metadata: null,
  privateMetadata: null,
} as const satisfies Described;

/** The attribution of usage for which none is given. */
export const NOT_ATTRIBUTED = {
  source: null,
  project: null,
  member: null,
  task: null,
} as const satisfies Attributed;

/** The measures of a charge for which only the credits are given. */
export const NOT_MEASURED = {
  originalCredits: null,
  price: null,
  quantities: null,
  estimated: null,
  cost: null,
} as const satisfies Omit<Charged, "credits">;
