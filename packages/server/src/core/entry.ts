import type { Micros } from "./amount.js";
import type { Discounted, Facts } from "./facts.js";
import type { Instant } from "./instant.js";
import type { Category, KindType } from "./kinds.js";

/** The part of an entry that was taken from one grant; negative when it was given back. */
export interface Draw {
  /** The `seq` of the entry that opened the grant. */
  readonly grant: number;
  readonly credits: Micros;
}

/** The terms on which a grant is spent. They are fixed when it is opened, except that its expiry can be moved. */
export interface Terms {
  /** The grant with the smaller number is spent first. */
  readonly priority: number;
  readonly effectiveAt: Instant;
  readonly expiresAt: Instant | null;
  /** The kinds of usage that may draw on it. Null means any kind. */
  readonly only: readonly string[] | null;
}

/** A block of credits that an entry opens. */
export interface Opening extends Terms {
  readonly credits: Micros;
}

/** The expiry of a grant before and after an entry that moves it. */
export interface ExpiryChange {
  readonly before: Instant | null;
  readonly after: Instant | null;
}

/** One immutable record of the ledger. */
export interface Entry {
  /** The version of the canonical form under which the entry is hashed. */
  readonly version: number;
  readonly account: string;
  /** 1, 2, 3, ... in the account, without gaps. */
  readonly seq: number;
  readonly kind: string;
  readonly type: KindType;
  /** The name given to a grant; null means the title of the kind. */
  readonly title: string | null;
  /** The credits moved: positive when added, negative when used. */
  readonly credits: Micros;
  /** The balance of the account right after this entry. */
  readonly balance: Micros;
  readonly facts: Facts;
  readonly occurredAt: Instant;
  readonly recordedAt: Instant;
  /** The key of the command, or null for what the ledger posted by itself (an expiry). */
  readonly key: string | null;
  /** A versioned digest of the command's payload in hex. It distinguishes a repeat from another command with the same key. */
  readonly fingerprint: string | null;
  readonly draws: readonly Draw[];
  /** The change of the account's uncovered debt; negative when debt was paid. */
  readonly debt: Micros;
  /** The `seq` of the entry that a refund returns. */
  readonly refundOf: number | null;
  /** The `seq` of the grant that the entry voids or extends. */
  readonly grant: number | null;
  /** The expiry of that grant before and after. Entries that are read back have null here: it has its own table. */
  readonly expiry: ExpiryChange | null;
  /** The grant that this entry opened. Entries that are read back have null here: their grant is in its own table. */
  readonly opens: Opening | null;
  /** 16 random bytes in hex. They go into `digest` and `fingerprint`, and are erased with the free text. */
  readonly salt: string | null;
  /** SHA-256 over the salt and the free text in hex; null when there is no free text. */
  readonly digest: string | null;
  /** SHA-256 over the previous entry's hash and this entry's canonical form, in hex. */
  readonly hash: string;
  /** The position of the activity row that has the entry. */
  readonly position: number;
}

/** A block of credits that was added, and the part of it that remains. */
export interface Grant extends Terms {
  /** The `seq` of the entry that opened it. */
  readonly seq: number;
  readonly kind: string;
  readonly title: string | null;
  readonly description: string | null;
  readonly source: Facts["source"];
  readonly credits: Micros;
  readonly remaining: Micros;
  readonly recordedAt: Instant;
}

/** The key and the fingerprint of a command. */
export interface Signature {
  readonly key: string;
  readonly fingerprint: string;
}

export const HOLD_STATUSES = ["open", "settled", "released", "expired"] as const;
export type HoldStatus = (typeof HOLD_STATUSES)[number];

/** Credits set aside for work in progress. */
export interface Hold {
  readonly id: string;
  readonly kind: string;
  readonly credits: Micros;
  readonly facts: Facts;
  readonly status: HoldStatus;
  readonly createdAt: Instant;
  readonly expiresAt: Instant;
  /** The credits it set aside of grants, in draw order. The rest of its credits come from the overdraft. */
  readonly reserved: readonly Draw[];
  readonly key: string;
  readonly fingerprint: string;
  readonly salt: string | null;
  /** SHA-256 over the salt and the free text in hex; null for a hold from before there were digests of holds. */
  readonly digest: string | null;
  /** The `seq` of the entry that settled it. */
  readonly settledSeq: number | null;
  /** The expiry before the first extension. Null if the hold was not extended. */
  readonly openedUntil: Instant | null;
  /** The number of commands that extended it. */
  readonly extensions: number;
  /** The command that extended it, in the state that the command left. Null in all other states. */
  readonly extension: Signature | null;
  readonly releaseKey: string | null;
  readonly releaseFingerprint: string | null;
}

/** The facts by which usage is grouped besides its kind. The entries of a shared row may differ in them. */
export const GROUP_FACTS = ["source", "project", "member", "task", "discount"] as const;
export type GroupFact = (typeof GROUP_FACTS)[number];

/** The facts in which all entries of a row agree. Those in which they differ are null. */
export type RowFacts = Pick<Facts, "description" | "source" | "project" | "member" | "task">;

/** Usage entries of the open window. They may still become more. */
export interface OpenRow extends RowFacts, Discounted {
  readonly kind: string;
  /** The window in which the usage of a group occurred. It is null for a row that groups share. */
  readonly cell: Instant | null;
  /** The facts in which the entries differ. Only a shared row has any. */
  readonly various: readonly GroupFact[];
  /** The discount in tenths of a percent, or null when there was none. */
  readonly discount: number | null;
  readonly startedAt: Instant;
  readonly endedAt: Instant;
  readonly entries: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly credits: Micros;
}

/** A row of the page: one entry, or usage entries from one window. */
export interface ActivityRow extends Omit<OpenRow, "cell"> {
  /** 1, 2, 3, ... in the account. */
  readonly position: number;
  readonly category: Category;
  /** 1, 2, 3, ... in its category. */
  readonly categoryPosition: number;
  readonly title: string | null;
  readonly balance: Micros;
}
