import type { Credits } from "./credits.js";
import type { Instant } from "./instant.js";
import type { BlockKind, Category, Kind, UsageKind } from "./kinds.js";

/** What an entry is due to: a plan, a purchase, a model, a project, a platform resource, a person in support. */
export interface Source {
  readonly type: string;
  readonly id: string | null;
  readonly label: string;
}

/** Facts of the integrator's own, kept with an entry and sealed with it. */
export type Metadata = Readonly<Record<string, string | number | boolean>>;

/** The part of an entry taken out of one grant; negative when it was given back to it. */
export interface Draw {
  /** The `seq` of the entry that opened the grant. */
  readonly grant: number;
  readonly credits: Credits;
}

/** One immutable line of the ledger. */
export interface Entry {
  readonly account: string;
  /** 1, 2, 3, ... in the account, without gaps. */
  readonly seq: number;
  readonly kind: Kind;
  /** The name given to a bonus; null means the kind's own title. */
  readonly title: string | null;
  /** What moved: positive when added, negative when used. */
  readonly credits: Credits;
  /** The same before a discount, or null when there was none. */
  readonly originalCredits: Credits | null;
  /** The account's balance right after this entry. */
  readonly balance: Credits;
  readonly description: string | null;
  readonly source: Source | null;
  readonly project: string | null;
  readonly occurredAt: Instant;
  readonly recordedAt: Instant;
  /** The command's key, or null for what the ledger posted by itself (an expiry). */
  readonly key: string | null;
  /** A digest of the command's payload in hex, which tells a repeat from another command under the same key. */
  readonly fingerprint: string | null;
  readonly draws: readonly Draw[];
  /** How much the account's uncovered debt grew (or, negative, was paid) by this entry. */
  readonly debt: Credits;
  /** The `seq` of the entry a refund returns. */
  readonly refundOf: number | null;
  readonly metadata: Metadata;
  /** SHA-256 over the previous entry's hash and this entry, in hex. */
  readonly hash: string;
  /** The activity row the entry belongs to. */
  readonly position: number;
}

/** A block of credits that was added, and what is left of it. */
export interface Grant {
  /** The `seq` of the entry that opened it. */
  readonly seq: number;
  readonly kind: BlockKind;
  readonly title: string | null;
  readonly description: string | null;
  readonly source: Source | null;
  readonly credits: Credits;
  readonly remaining: Credits;
  /** Smaller is spent first. */
  readonly priority: number;
  readonly effectiveAt: Instant;
  readonly expiresAt: Instant | null;
  readonly recordedAt: Instant;
}

export const HOLD_STATUSES = ["open", "settled", "released", "expired"] as const;
export type HoldStatus = (typeof HOLD_STATUSES)[number];

/** Credits set aside for work in progress. */
export interface Hold {
  readonly hold: string;
  readonly kind: UsageKind;
  readonly credits: Credits;
  readonly description: string | null;
  readonly source: Source | null;
  readonly project: string | null;
  readonly status: HoldStatus;
  readonly createdAt: Instant;
  readonly expiresAt: Instant;
  readonly key: string;
  readonly fingerprint: string;
  /** The `seq` of the entry that settled it. */
  readonly settledSeq: number | null;
  readonly releaseKey: string | null;
  readonly releaseFingerprint: string | null;
}

/** A group of usage entries of the open window, which may still grow. */
export interface OpenRow {
  readonly kind: UsageKind;
  readonly source: Source | null;
  readonly project: string | null;
  /** Discount in tenths of a percent, or null when there was none. */
  readonly discount: number | null;
  /** What all its entries' descriptions are, or null when they differ or have none. */
  readonly description: string | null;
  readonly startedAt: Instant;
  readonly endedAt: Instant;
  readonly entries: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly credits: Credits;
  readonly originalCredits: Credits | null;
}

/** What the page shows: one entry, or a group of usage entries of one short window. */
export interface ActivityRow extends Omit<OpenRow, "kind"> {
  /** 1, 2, 3, ... in the account. */
  readonly position: number;
  readonly category: Category;
  /** 1, 2, 3, ... in its category. */
  readonly categoryPosition: number;
  readonly kind: Kind;
  readonly title: string | null;
  readonly balance: Credits;
}
