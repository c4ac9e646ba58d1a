import type { Credits } from "../ledger/credits.js";
import type { ActivityRow, Entry, Grant, Hold, HoldStatus, Metadata, Source } from "../ledger/entry.js";
import { formatInstant, type Instant } from "../ledger/instant.js";
import type { BlockKind, Category, Kind, UsageKind } from "../ledger/kinds.js";

/** The three columns a source is kept in. */
interface SourceColumns {
  source_type: string | null;
  source_id: string | null;
  source_label: string | null;
}

/** `credits.entries` as the seam returns it. */
export interface EntryColumns extends SourceColumns {
  account: string;
  seq: bigint;
  kind: Kind;
  title: string | null;
  credits: Credits;
  original_credits: Credits | null;
  balance: Credits;
  description: string | null;
  project: string | null;
  occurred_at: Instant;
  recorded_at: Instant;
  key: string | null;
  fingerprint: string | null;
  draw_grants: bigint[];
  draw_credits: Credits[];
  debt: Credits;
  refund_of: bigint | null;
  metadata: Metadata;
  hash: string;
  position: bigint;
}

/** `credits.grants` as the seam returns it. */
export interface GrantColumns extends SourceColumns {
  account: string;
  seq: bigint;
  kind: BlockKind;
  title: string | null;
  description: string | null;
  credits: Credits;
  remaining: Credits;
  priority: number;
  effective_at: Instant;
  expires_at: Instant | null;
  recorded_at: Instant;
}

/** `credits.holds` as the seam returns it. */
export interface HoldColumns extends SourceColumns {
  account: string;
  hold: string;
  kind: UsageKind;
  credits: Credits;
  description: string | null;
  project: string | null;
  status: HoldStatus;
  created_at: Instant;
  expires_at: Instant;
  key: string;
  fingerprint: string;
  settled_seq: bigint | null;
  release_key: string | null;
  release_fingerprint: string | null;
}

/** `credits.activity_rows` as the seam returns it. */
export interface RowColumns extends SourceColumns {
  account: string;
  position: bigint;
  category: Category;
  category_position: bigint;
  kind: Kind;
  title: string | null;
  project: string | null;
  discount: number | null;
  description: string | null;
  started_at: Instant;
  ended_at: Instant;
  entries: bigint;
  first_seq: bigint;
  last_seq: bigint;
  credits: Credits;
  original_credits: Credits | null;
  balance: Credits;
}

function sourceOf(columns: SourceColumns): Source | null {
  if (columns.source_type === null) return null;
  return { type: columns.source_type, id: columns.source_id, label: columns.source_label ?? "" };
}

function sourceColumns(source: Source | null): SourceColumns {
  return {
    source_type: source?.type ?? null,
    source_id: source?.id ?? null,
    source_label: source?.label ?? null,
  };
}

const numberOrNull = (value: bigint | null) => (value === null ? null : Number(value));

/** Hex as Postgres reads bytes. */
export const bytes = (hex: string) => `\\x${hex}`;
const bytesOrNull = (hex: string | null) => (hex === null ? null : bytes(hex));

export function entryOf(columns: EntryColumns): Entry {
  return {
    account: columns.account,
    seq: Number(columns.seq),
    kind: columns.kind,
    title: columns.title,
    credits: columns.credits,
    originalCredits: columns.original_credits,
    balance: columns.balance,
    description: columns.description,
    source: sourceOf(columns),
    project: columns.project,
    occurredAt: columns.occurred_at,
    recordedAt: columns.recorded_at,
    key: columns.key,
    fingerprint: columns.fingerprint,
    draws: columns.draw_grants.map((grant, index) => ({
      grant: Number(grant),
      credits: columns.draw_credits[index] as Credits,
    })),
    debt: columns.debt,
    refundOf: numberOrNull(columns.refund_of),
    metadata: columns.metadata,
    hash: columns.hash,
    position: Number(columns.position),
  };
}

export function grantOf(columns: GrantColumns): Grant {
  return {
    seq: Number(columns.seq),
    kind: columns.kind,
    title: columns.title,
    description: columns.description,
    source: sourceOf(columns),
    credits: columns.credits,
    remaining: columns.remaining,
    priority: columns.priority,
    effectiveAt: columns.effective_at,
    expiresAt: columns.expires_at,
    recordedAt: columns.recorded_at,
  };
}

export function holdOf(columns: HoldColumns): Hold {
  return {
    hold: columns.hold,
    kind: columns.kind,
    credits: columns.credits,
    description: columns.description,
    source: sourceOf(columns),
    project: columns.project,
    status: columns.status,
    createdAt: columns.created_at,
    expiresAt: columns.expires_at,
    key: columns.key,
    fingerprint: columns.fingerprint,
    settledSeq: numberOrNull(columns.settled_seq),
    releaseKey: columns.release_key,
    releaseFingerprint: columns.release_fingerprint,
  };
}

/** A hold as JSON that `json_populate_recordset` turns into a row of `credits.holds`. */
export function holdJson(account: string, hold: Hold): object {
  return {
    account,
    hold: hold.hold,
    kind: hold.kind,
    credits: hold.credits.toString(),
    description: hold.description,
    ...sourceColumns(hold.source),
    project: hold.project,
    status: hold.status,
    created_at: formatInstant(hold.createdAt),
    expires_at: formatInstant(hold.expiresAt),
    key: hold.key,
    fingerprint: bytes(hold.fingerprint),
    settled_seq: hold.settledSeq,
    release_key: hold.releaseKey,
    release_fingerprint: bytesOrNull(hold.releaseFingerprint),
  };
}

export function rowOf(columns: RowColumns): ActivityRow {
  return {
    position: Number(columns.position),
    category: columns.category,
    categoryPosition: Number(columns.category_position),
    kind: columns.kind,
    title: columns.title,
    source: sourceOf(columns),
    project: columns.project,
    discount: columns.discount,
    description: columns.description,
    startedAt: columns.started_at,
    endedAt: columns.ended_at,
    entries: Number(columns.entries),
    firstSeq: Number(columns.first_seq),
    lastSeq: Number(columns.last_seq),
    credits: columns.credits,
    originalCredits: columns.original_credits,
    balance: columns.balance,
  };
}
