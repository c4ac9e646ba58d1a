/**
 * An exact amount of credits: a decimal string such as `"-12.5"`, with at most six decimals. A plain number is not
 * assignable to it, and neither is any string: write a literal, or read one with {@link amount}.
 */
export type Amount = `${number}`;

/** A moment in RFC 3339, in UTC, with up to six decimals of a second: `"2026-11-22T10:05:00.123456Z"`. */
export type Timestamp = string;

/** What an entry is; it fixes the {@link Category}. */
export type Kind = GrantKind | UsageKind | "refund" | "adjustment" | "writeoff" | "expiry";

/** The kinds that add credits as a grant. */
export type GrantKind = "monthly_grant" | "purchase" | "bonus" | "manual_grant";

/** The kinds that use credits. */
export type UsageKind = "ai_usage" | "build_usage" | "runtime_usage";

/** What an entry does to the balance, as the filters of the page name it. */
export type Category = "added" | "used" | "adjustments";

/** The filters of the page. */
export type ActivityFilter = "all" | Category;

/** A flat object of the integrator's own values. */
export type Metadata = Readonly<Record<string, string | number | boolean>>;

/** What an entry is due to: a plan, a purchase, a model, a project, a platform resource, a person in support. */
export interface Source {
  readonly type: string;
  readonly id: string | null;
  readonly label: string;
}

/** A source as a caller gives it: the id may be left out. */
export interface SourceInput {
  readonly type: string;
  readonly id?: string | null | undefined;
  readonly label: string;
}

/** What is left of the balance, by what it came from. */
export type Remaining = Readonly<Record<GrantKind | "refund" | "adjustment", Amount>>;

/** An account with its balance. `available` is `balance` less `held`. */
export interface Account {
  readonly account: string;
  readonly name: string | null;
  /** The IANA name of the zone billing cycles are counted in. */
  readonly time_zone: string;
  readonly overdraft_limit: Amount;
  readonly metadata: Metadata;
  readonly balance: Amount;
  readonly held: Amount;
  readonly available: Amount;
  readonly remaining: Remaining;
  readonly created_at: Timestamp;
  readonly updated_at: Timestamp;
}

/** What {@link CreditsClient.putAccount} sets; what is left out keeps its value. */
export interface AccountInput {
  readonly name?: string | null | undefined;
  readonly time_zone?: string | undefined;
  readonly overdraft_limit?: Amount | undefined;
  readonly metadata?: Metadata | undefined;
}

/** One immutable line of the ledger. */
export interface Entry {
  readonly seq: number;
  readonly kind: Kind;
  readonly category: Category;
  readonly title: string;
  readonly description: string | null;
  readonly source: Source | null;
  readonly project: string | null;
  /** Signed as moved: usage is negative. */
  readonly credits: Amount;
  /** What it would have been without the discount, signed like `credits`. */
  readonly original_credits: Amount | null;
  readonly discount_percent: number | null;
  /** The balance right after this entry. */
  readonly balance: Amount;
  readonly occurred_at: Timestamp;
  readonly recorded_at: Timestamp;
  readonly key: string | null;
  /** SHA-256 over the previous entry's hash and this entry, in hex. */
  readonly hash: string;
  readonly metadata: Metadata;
}

/** One row of the page: an entry, or a group of usage entries of one short window. */
export interface ActivityRow {
  readonly position: number;
  readonly kind: Kind;
  readonly category: Category;
  readonly title: string;
  /** What all entries of the row have in common, else how many of what, such as "14 calls". */
  readonly description: string | null;
  /** What all entries of the row have in common, else null. */
  readonly common_description: string | null;
  readonly source: Source | null;
  readonly project: string | null;
  readonly started_at: Timestamp;
  readonly ended_at: Timestamp;
  /** How many entries the row stands for. */
  readonly entries: number;
  readonly first_seq: number;
  readonly last_seq: number;
  readonly credits: Amount;
  readonly original_credits: Amount | null;
  readonly discount_percent: number | null;
  readonly balance: Amount;
}

/** A page of activity rows, newest first. */
export interface ActivityPage {
  readonly rows: readonly ActivityRow[];
  /** The number of the first row shown, counted from 1; 0 when there are none. */
  readonly from: number;
  readonly to: number;
  readonly total: number;
  readonly page: number;
  readonly pages: number;
  /** Pins what the reader is looking at: send it back for the other pages of the same view. */
  readonly as_of: string;
  /** The account's balance as of the same moment. */
  readonly balance: Amount;
}

/** A block of credits that was added, and what is left of it. */
export interface Grant {
  readonly seq: number;
  readonly kind: Kind;
  readonly title: string;
  readonly description: string | null;
  readonly source: Source | null;
  readonly credits: Amount;
  readonly remaining: Amount;
  /** Smaller is spent first. */
  readonly priority: number;
  readonly effective_at: Timestamp;
  readonly expires_at: Timestamp | null;
  readonly recorded_at: Timestamp;
}

/** Credits set aside for work in progress. */
export interface Hold {
  readonly hold: string;
  readonly kind: UsageKind;
  readonly credits: Amount;
  readonly description: string | null;
  readonly source: Source | null;
  readonly project: string | null;
  readonly status: "open" | "settled" | "released" | "expired";
  readonly expires_at: Timestamp;
  readonly created_at: Timestamp;
  readonly settled_seq: number | null;
  readonly key: string | null;
}

/** Credits to add. */
export interface GrantInput {
  readonly kind: GrantKind;
  readonly credits: Amount;
  /** Only a bonus has a title of its own. */
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly source?: SourceInput | undefined;
  readonly effective_at?: Timestamp | undefined;
  readonly expires_at?: Timestamp | null | undefined;
  /** Smaller is spent first; 100 when left out. */
  readonly priority?: number | undefined;
  readonly metadata?: Metadata | undefined;
}

/** A debit to make now, if it is covered. */
export interface SpendInput {
  /** `ai_usage` when left out. */
  readonly kind?: UsageKind | undefined;
  readonly credits: Amount;
  readonly original_credits?: Amount | undefined;
  readonly source?: SourceInput | undefined;
  readonly project?: string | undefined;
  readonly description?: string | undefined;
  readonly metadata?: Metadata | undefined;
}

/** Credits to set aside. */
export interface HoldInput {
  /** `ai_usage` when left out. */
  readonly kind?: UsageKind | undefined;
  readonly credits: Amount;
  readonly source?: SourceInput | undefined;
  readonly project?: string | undefined;
  readonly description?: string | undefined;
  /** Seconds; an hour when left out. */
  readonly expires_in?: number | undefined;
}

/** What a hold came to in the end. */
export interface SettleInput {
  readonly credits: Amount;
  readonly original_credits?: Amount | undefined;
  readonly description?: string | undefined;
  readonly metadata?: Metadata | undefined;
}

/** Credits to return from an entry, all that is left of it when `credits` is left out. */
export interface RefundInput {
  /** The `seq` of the entry that took the credits. */
  readonly entry: number;
  readonly credits?: Amount | undefined;
  readonly description?: string | undefined;
  readonly source?: SourceInput | null | undefined;
  readonly metadata?: Metadata | undefined;
}

/** A correction; `credits` is signed. */
export interface AdjustInput {
  readonly credits: Amount;
  readonly description: string;
  readonly source?: SourceInput | null | undefined;
  readonly metadata?: Metadata | undefined;
}

/** Credits to take off the books; `credits` is positive. */
export interface WriteOffInput {
  readonly credits: Amount;
  readonly description: string;
  readonly source?: SourceInput | null | undefined;
  readonly metadata?: Metadata | undefined;
}

/** Usage that has happened. The `id` makes it count once, however often it is sent. */
export interface UsageEvent {
  readonly id: string;
  readonly account: string;
  readonly kind: UsageKind;
  readonly credits: Amount;
  readonly original_credits?: Amount | undefined;
  readonly source?: SourceInput | undefined;
  readonly project?: string | undefined;
  readonly description?: string | undefined;
  readonly occurred_at?: Timestamp | undefined;
  readonly metadata?: Metadata | undefined;
}

/** What became of one {@link UsageEvent}. */
export interface UsageResult {
  readonly id: string | null;
  readonly status: "posted" | "duplicate" | "refused";
  readonly entry: Entry | null;
  readonly error: { readonly code: string; readonly detail: string } | null;
}

/** One thing that is wrong with a request. */
export interface RequestIssue {
  readonly path: string;
  readonly message: string;
}

/** An RFC 9457 problem document with a stable `code`. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  /** With `insufficient_credits`. */
  readonly available?: Amount;
  /** With `bad_request`. */
  readonly errors?: readonly RequestIssue[];
  readonly [extension: string]: unknown;
}

/** A short-lived token that reads one account and nothing else. */
export interface AccountToken {
  readonly token: string;
  readonly expires_at: Timestamp;
}

/** Which page of the activity to read. Send `as_of` back for the later pages of one view. */
export interface ActivityQuery {
  readonly filter?: ActivityFilter | undefined;
  readonly page?: number | undefined;
  readonly per_page?: number | undefined;
  readonly as_of?: string | undefined;
}

/** A part of a list. */
export interface CursorQuery {
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
}

/** A part of the raw ledger; newest first unless `order` is `"asc"`. */
export interface EntriesQuery extends CursorQuery {
  readonly order?: "desc" | "asc" | undefined;
}

/** A list of entries and the cursor of what follows, null at the end. */
export interface EntryList {
  readonly entries: readonly Entry[];
  readonly next_cursor: string | null;
}

/** A list of grants and the cursor of what follows, null at the end. */
export interface GrantList {
  readonly grants: readonly Grant[];
  readonly next_cursor: string | null;
}
