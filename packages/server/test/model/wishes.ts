import type { Credits } from "../../src/ledger/credits.js";
import type { Metadata, Source } from "../../src/ledger/entry.js";
import type { Instant } from "../../src/ledger/instant.js";
import type { GrantKind, UsageKind } from "../../src/ledger/kinds.js";

/** How far the clock goes before a step: by some time, to the edge of a cell, or to what comes due next. */
export interface Advance {
  readonly to: "later" | "boundary" | "due";
  /** How much later, or how far off the boundary or the due moment. */
  readonly micros: number;
}

/** A moment told by something that is known only when the history runs. `window` is the start of the open window. */
export type Moment = {
  readonly from: "now" | "cell" | "window" | "epoch";
  readonly micros: number;
} | null;

/** An amount told by itself, or by what the account could spend just now, overdraft included. */
export interface Quantity {
  readonly of: "itself" | "spendable";
  readonly micro: bigint;
}

/** How the amount before a discount comes from the amount. */
export type Discount =
  | "none"
  | "equal"
  | "fifth"
  | "eighth"
  | "tiny"
  | "almost all"
  | "free"
  | "huge"
  | "wrong";

/** A new key, or one of an earlier command of the account, `back` commands ago, with its payload or with another. */
export type KeyChoice = "new" | { readonly again: "same" | "other"; readonly back: number };

/** Which earlier entry or hold is meant: the so-and-so-many-th from the newest, among some. */
export interface Choice {
  readonly among: "fitting" | "any" | "none";
  readonly back: number;
}

interface Texts {
  readonly description: string | null;
  readonly metadata: Metadata;
}

interface Cause {
  readonly kind: UsageKind;
  readonly source: Source | null;
  readonly project: string | null;
}

interface Charge {
  readonly credits: Quantity;
  readonly discount: Discount;
}

/** What a step asks for; `resolve` makes a command (or, of a burst, many) of it. */
export type Wish =
  | (Texts & {
      readonly op: "grant";
      readonly kind: GrantKind;
      readonly title: string | null;
      readonly credits: Quantity;
      readonly source: Source | null;
      readonly priority: number;
      readonly effective: Moment;
      readonly expires: Moment;
    })
  | (Texts & Cause & Charge & { readonly op: "usage"; readonly occurred: Moment })
  | (Texts & Cause & Charge & { readonly op: "spend" })
  | (Omit<Texts, "metadata"> &
      Cause & { readonly op: "hold"; readonly credits: Quantity; readonly expiresInSeconds: number })
  | (Texts & {
      readonly op: "settle";
      readonly hold: Choice;
      readonly part: "half" | "all" | "more" | "nothing";
      readonly extra: Quantity;
      readonly discount: Discount;
    })
  | { readonly op: "release"; readonly hold: Choice }
  | (Texts & {
      readonly op: "refund";
      readonly source: Source | null;
      readonly entry: Choice;
      readonly part: "rest" | "rest exactly" | "third" | "least" | "too much" | "nothing";
    })
  | (Texts & {
      readonly op: "adjust";
      readonly source: Source | null;
      readonly credits: Quantity;
      readonly down: boolean;
    })
  | (Texts & { readonly op: "writeoff"; readonly source: Source | null; readonly credits: Quantity })
  | { readonly op: "touch" }
  | {
      readonly op: "burst";
      /** How many groups get an entry each, one after the other. */
      readonly groups: number;
      /** Further entries of those groups; a late one belongs to the cell before. */
      readonly tail: readonly { readonly group: number; readonly isLate: boolean }[];
    };

/** One command that arrives: on which account, under which key, for what. */
export interface StepCommand {
  readonly account: number;
  readonly key: KeyChoice;
  readonly wish: Wish;
}

/** The clock goes on, and then these commands arrive together, in this order. */
export interface Step {
  readonly advance: Advance;
  readonly commands: readonly StepCommand[];
}

/** What happens on a few accounts. */
export interface History {
  readonly start: Instant;
  readonly accounts: readonly { readonly overdraftLimit: Credits }[];
  readonly steps: readonly Step[];
}
