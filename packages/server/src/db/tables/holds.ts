import type { Micros } from "../../core/amount.js";
import { sha256 } from "../../core/chain.js";
import type { Hold, HoldStatus, Signature } from "../../core/entry.js";
import { type Metadata, NO_FACTS } from "../../core/facts.js";
import type { Instant } from "../../core/instant.js";
import { CHANGE, type Column, insertInto, type Owned, withAccount, within } from "./columns.js";
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
  extensions: bigint | null;
  digest: string | null;
  settled_seq: bigint | null;
  release_key: string | null;
  release_fingerprint: string | null;
  record_hash: string | null;
}

/** The columns of facts that holds don't have: what is measured is known when they are settled. */
const MEASURED: ReadonlySet<string> = new Set([
  "original_credits",
  "price",
  "quantities",
  "estimated",
  "cost",
]);

const COLUMNS: readonly Column<Hold>[] = [
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
  { name: "extensions", array: "bigint", value: ({ extensions }) => extensions || null },
  { name: "opened_until", array: "timestamptz", value: ({ openedUntil }) => openedUntil },
  ...toDrawColumns("reserve", ({ reserved }: Hold) => reserved),
  { name: "key", array: "text", value: ({ key }) => key },
  { name: "fingerprint", array: "bytea", value: ({ fingerprint }) => fingerprint },
  { name: "salt", array: "bytea", value: ({ salt }) => salt },
  { name: "digest", array: "bytea", value: ({ digest }) => digest },
  { name: "settled_seq", array: "bigint", value: ({ settledSeq }) => settledSeq },
  { name: "release_key", array: "text", value: ({ releaseKey }) => releaseKey },
  { name: "release_fingerprint", array: "bytea", value: ({ releaseFingerprint }) => releaseFingerprint },
];

/** The columns that can be erased. The digest covers them. */
const ERASABLE: ReadonlySet<string> = new Set([
  "description",
  "source_label",
  "member",
  "metadata",
  "private_metadata",
  "salt",
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
  ]).concat({ name: "record_hash", array: "bytea", value: hashExtension }),
);

/** Returns the hash of an extension in hex, as `credits.hash_record` computes it. */
function hashExtension({ account, record }: Owned<Extended>): string {
  const { key, fingerprint, hold } = record;
  return sha256(JSON.stringify(["extension", account, key, hold.id, fingerprint, String(hold.expiresAt)]));
}

/** The columns that the hash of a hold covers besides its id, sorted by name. */
const HASHED = COLUMNS.filter(({ name }) => name !== "hold" && !ERASABLE.has(name)).sort((a, b) =>
  a.name < b.name ? -1 : 1,
);

/**
 * Returns the hash of a hold in hex: SHA-256 over a JSON array of strings. It has "hold", the account, and the name and
 * value of each column of `HASHED` that is not null. A column that is added later so leaves the hashes of earlier holds valid.
 */
export function hashHold({ account, record }: Omit<Owned<Hold>, "change">): string {
  const parts = ["hold", account, record.id];
  for (const { name, value } of HASHED) {
    const given = value(record);
    if (given !== null) parts.push(name, String(given));
  }
  return sha256(JSON.stringify(parts));
}

/** Adds holds, and replaces those that are there. Text that can be erased stays as it is, because it may be erased meanwhile. */
export const upsertHolds = insertInto<Owned<Hold>>(
  "holds",
  [...withAccount(COLUMNS), { name: "record_hash", array: "bytea", value: hashHold }, CHANGE],
  `ON CONFLICT (account, hold) DO UPDATE SET ${["record_hash", CHANGE.name, ...HASHED.map(({ name }) => name)]
    .map((name) => `${name} = excluded.${name}`)
    .join(", ")}`,
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
    extensions: Number(columns.extensions ?? 0),
    extension: null,
    digest: columns.digest,
    settledSeq: columns.settled_seq === null ? null : Number(columns.settled_seq),
    releaseKey: columns.release_key,
    releaseFingerprint: columns.release_fingerprint,
  };
}
