import type { Micros } from "../../core/amount.js";
import type { Hold, HoldStatus, Signature } from "../../core/entry.js";
import { type Metadata, NO_FACTS } from "../../core/facts.js";
import type { Instant } from "../../core/instant.js";
import { insertInto, withAccount, within } from "./columns.js";
import { fromDrawColumns, toDrawColumns } from "./draws.js";
import {
  type DimensionColumns,
  FACT_COLUMNS,
  fromDimensionColumns,
  fromSourceColumns,
  type SourceColumns,
} from "./facts.js";

/** A row of `credits.holds` as the port returns it. */
export interface HoldColumns extends SourceColumns, DimensionColumns {
  account: string;
  hold: string;
  kind: string;
  credits: Micros;
  description: string | null;
  metadata: Metadata | null;
  private_metadata: Metadata | null;
  status: HoldStatus;
  created_at: Instant;
  expires_at: Instant;
  reserve_grants: bigint[];
  reserve_credits: bigint[];
  key: string;
  fingerprint: string;
  salt: string | null;
  opened_until: Instant | null;
  settled_seq: bigint | null;
  release_key: string | null;
  release_fingerprint: string | null;
}

/** The columns of facts that holds don't have: what is measured is known when they are settled. */
const MEASURED: ReadonlySet<string> = new Set([
  "original_credits",
  "price",
  "quantities",
  "estimated",
  "cost",
]);

const COLUMNS = withAccount<Hold>([
  { name: "hold", array: "text", value: ({ id }) => id },
  { name: "kind", array: "text", value: ({ kind }) => kind },
  { name: "credits", array: "bigint", value: ({ credits }) => credits },
  ...within(
    FACT_COLUMNS.filter(({ name }) => !MEASURED.has(name)),
    ({ facts }: Hold) => facts,
  ),
  { name: "status", array: "text", value: ({ status }) => status },
  { name: "created_at", array: "timestamptz", value: ({ createdAt }) => createdAt },
  { name: "expires_at", array: "timestamptz", value: ({ expiresAt }) => expiresAt },
  { name: "opened_until", array: "timestamptz", value: ({ openedUntil }) => openedUntil },
  ...toDrawColumns("reserve", ({ reserved }: Hold) => reserved),
  { name: "key", array: "text", value: ({ key }) => key },
  { name: "fingerprint", array: "bytea", value: ({ fingerprint }) => fingerprint },
  { name: "salt", array: "bytea", value: ({ salt }) => salt },
  { name: "settled_seq", array: "bigint", value: ({ settledSeq }) => settledSeq },
  { name: "release_key", array: "text", value: ({ releaseKey }) => releaseKey },
  { name: "release_fingerprint", array: "bytea", value: ({ releaseFingerprint }) => releaseFingerprint },
]);

/** A hold with the command that has just extended it. */
export interface Extended extends Signature {
  readonly hold: Hold;
}

/** Records commands that extended holds. */
export const insertExtensions = insertInto(
  "hold_extensions",
  withAccount<Extended>([
    { name: "key", array: "text", value: ({ key }) => key },
    { name: "hold", array: "text", value: ({ hold }) => hold.id },
    { name: "fingerprint", array: "bytea", value: ({ fingerprint }) => fingerprint },
    { name: "expires_at", array: "timestamptz", value: ({ hold }) => hold.expiresAt },
  ]),
);

/** Adds holds, and brings those that are there to their new status. */
export const upsertHolds = insertInto(
  "holds",
  COLUMNS,
  `ON CONFLICT (account, hold) DO UPDATE SET status = excluded.status, expires_at = excluded.expires_at,
    opened_until = excluded.opened_until, settled_seq = excluded.settled_seq, release_key = excluded.release_key, release_fingerprint = excluded.release_fingerprint`,
);

/** Returns the hold in its columns. */
export function fromHoldColumns(columns: HoldColumns): Hold {
  return {
    id: columns.hold,
    kind: columns.kind,
    credits: columns.credits,
    facts: {
      ...NO_FACTS,
      description: columns.description,
      source: fromSourceColumns(columns),
      ...fromDimensionColumns(columns),
      metadata: columns.metadata,
      privateMetadata: columns.private_metadata,
    },
    status: columns.status,
    createdAt: columns.created_at,
    expiresAt: columns.expires_at,
    reserved: fromDrawColumns(columns.reserve_grants, columns.reserve_credits),
    key: columns.key,
    fingerprint: columns.fingerprint,
    salt: columns.salt,
    openedUntil: columns.opened_until,
    extension: null,
    settledSeq: columns.settled_seq === null ? null : Number(columns.settled_seq),
    releaseKey: columns.release_key,
    releaseFingerprint: columns.release_fingerprint,
  };
}
