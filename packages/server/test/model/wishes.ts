import type { Micros } from "../../src/core/amount.js";
import type { Source } from "../../src/core/facts.js";
import type { Instant } from "../../src/core/instant.js";
import type { Attributed, Charged, Described } from "./commands.js";

/** The way that the clock goes before a step: by some time, to the edge of a cell, or to what comes due next. */
export interface Advance {
  readonly to: "later" | "boundary" | "due";
  /** The time from there, or the distance from the boundary or the due moment. */
  readonly micros: number;
}

/** A moment relative to something that only the played history has. `window` is the start of the open window. */
export type Moment = {
  readonly from: "now" | "cell" | "window" | "epoch";
  readonly micros: number;
} | null;

/** An amount, or an offset from what the account could spend just now, overdraft included. */
export interface Quantity {
  readonly of: "itself" | "spendable";
  readonly micro: bigint;
}

/** The relation of the amount before a discount to the amount. */
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

/** An earlier entry or hold, counted from the newest, among some. */
export interface Choice {
  readonly among: "fitting" | "any" | "none";
  readonly back: number;
}

type Measured = Omit<Charged, "credits" | "originalCredits">;

interface Charge extends Measured {
  readonly credits: Quantity;
  readonly discount: Discount;
}

interface Usage extends Described, Attributed, Charge {
  /** Default: ai_usage. */
  readonly kind: string | null;
}

/** A wish of a step. `resolve` makes a command of it, or several of a burst. */
export type Wish =
  | (Described & {
      readonly op: "grant";
      readonly kind: string;
      readonly title: string | null;
      readonly credits: Quantity;
      readonly source: Source | null;
      readonly priority: number | null;
      readonly effective: Moment;
      readonly expires: Moment;
      readonly only: readonly string[] | null;
    })
  | (Usage & { readonly op: "usage"; readonly occurred: Moment })
  | (Usage & { readonly op: "spend"; readonly atMost: true | null })
  | (Described &
      Attributed & {
        readonly op: "hold";
        readonly kind: string | null;
        readonly credits: Quantity;
        readonly expiresIn: number | null;
      })
  | (Described &
      Measured & {
        readonly op: "settle";
        readonly hold: Choice;
        readonly excess: "cap" | "debt" | null;
        readonly part: "half" | "all" | "more" | "uncovered" | "nothing";
        readonly extra: Quantity;
        readonly discount: Discount;
      })
  | { readonly op: "extend"; readonly hold: Choice; readonly expiresIn: number | null }
  | { readonly op: "release"; readonly hold: Choice }
  | (Described & { readonly op: "voidGrant"; readonly source: Source | null; readonly grant: Choice })
  | (Described & {
      readonly op: "extendGrant";
      readonly source: Source | null;
      readonly grant: Choice;
      readonly expires: Moment;
    })
  | (Described & {
      readonly op: "refund";
      readonly source: Source | null;
      readonly entry: Choice;
      readonly part: "rest" | "rest exactly" | "third" | "least" | "too much" | "nothing";
    })
  | (Described & {
      readonly op: "adjust";
      readonly kind: string | null;
      readonly source: Source | null;
      readonly credits: Quantity;
      readonly down: boolean;
    })
  | (Described & { readonly op: "writeOff"; readonly source: Source | null; readonly credits: Quantity })
  | { readonly op: "touch" }
  | {
      readonly op: "burst";
      /** The number of groups that get an entry each, one after the other. */
      readonly groups: number;
      /** More entries of those groups. A late one belongs to the cell before. */
      readonly tail: readonly { readonly group: number; readonly isLate: boolean }[];
    }
  | {
      readonly op: "backlog";
      /** The usage of a backlog: by how many windows each entry is late. */
      readonly windows: readonly number[];
    };

/** A command that arrives: its account, its key and its wish. */
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

/** The history of a few accounts. */
export interface History {
  readonly start: Instant;
  readonly accounts: readonly { readonly overdraftLimit: Micros }[];
  readonly steps: readonly Step[];
}
