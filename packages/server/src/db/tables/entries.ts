import type { Micros } from "../../core/amount.js";
import type { Entry } from "../../core/entry.js";
import type { Instant } from "../../core/instant.js";
import { BUILT_IN_KINDS, type BuiltInKind, type KindType } from "../../core/kinds.js";
import { type Column, insertInto, within } from "./columns.js";
import { fromDrawColumns, toDrawColumns } from "./draws.js";
import { FACT_COLUMNS, type FactColumns, fromFactColumns } from "./facts.js";

/** A row of `credits.entries` as the port returns it. */
export interface EntryColumns extends FactColumns {
  account: string;
  seq: bigint;
  version: number;
  kind: string;
  /** Null for entries of version 1, whose kinds are built in. */
  type: KindType | null;
  title: string | null;
  credits: Micros;
  balance: Micros;
  occurred_at: Instant;
  recorded_at: Instant;
  key: string | null;
  fingerprint: string | null;
  draw_grants: bigint[];
  draw_credits: bigint[];
  debt: Micros;
  refund_of: bigint | null;
  grant_seq: bigint | null;
  salt: string | null;
  digest: string | null;
  hash: string;
  position: bigint;
}

const COLUMNS: readonly Column<Entry>[] = [
  { name: "account", array: "text", value: ({ account }) => account },
  { name: "seq", array: "bigint", value: ({ seq }) => seq },
  { name: "version", array: "bigint", cast: "smallint", value: ({ version }) => version },
  { name: "kind", array: "text", value: ({ kind }) => kind },
  { name: "type", array: "text", value: ({ type }) => type },
  { name: "title", array: "text", value: ({ title }) => title },
  { name: "credits", array: "bigint", value: ({ credits }) => credits },
  { name: "balance", array: "bigint", value: ({ balance }) => balance },
  ...within(FACT_COLUMNS, ({ facts }: Entry) => facts),
  { name: "occurred_at", array: "timestamptz", value: ({ occurredAt }) => occurredAt },
  { name: "recorded_at", array: "timestamptz", value: ({ recordedAt }) => recordedAt },
  { name: "key", array: "text", value: ({ key }) => key },
  { name: "fingerprint", array: "bytea", value: ({ fingerprint }) => fingerprint },
  ...toDrawColumns("draw", ({ draws }: Entry) => draws),
  { name: "debt", array: "bigint", value: ({ debt }) => debt },
  { name: "refund_of", array: "bigint", value: ({ refundOf }) => refundOf },
  { name: "grant_seq", array: "bigint", value: ({ grant }) => grant },
  { name: "salt", array: "bytea", value: ({ salt }) => salt },
  { name: "digest", array: "bytea", value: ({ digest }) => digest },
  { name: "hash", array: "bytea", value: ({ hash }) => hash },
  { name: "position", array: "bigint", value: ({ position }) => position },
];

/** Appends entries. */
export const insertEntries = insertInto("entries", COLUMNS);

/** Returns the entry in its columns. What it did to a grant is in other tables, so `opens` and `expiry` are null. */
export function fromEntryColumns(columns: EntryColumns): Entry {
  return {
    version: columns.version,
    account: columns.account,
    seq: Number(columns.seq),
    kind: columns.kind,
    type: columns.type ?? BUILT_IN_KINDS[columns.kind as BuiltInKind],
    title: columns.title,
    credits: columns.credits,
    balance: columns.balance,
    facts: fromFactColumns(columns),
    occurredAt: columns.occurred_at,
    recordedAt: columns.recorded_at,
    key: columns.key,
    fingerprint: columns.fingerprint,
    draws: fromDrawColumns(columns.draw_grants, columns.draw_credits),
    debt: columns.debt,
    refundOf: columns.refund_of === null ? null : Number(columns.refund_of),
    grant: columns.grant_seq === null ? null : Number(columns.grant_seq),
    expiry: null,
    opens: null,
    salt: columns.salt,
    digest: columns.digest,
    hash: columns.hash,
    position: Number(columns.position),
  };
}
