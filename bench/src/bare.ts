import { type Entry, formatInstant } from "@credit-activity/server";

/** Makes a table with the columns, checks and indexes of the ledger's entries, and nothing else. */
export const CREATE_BARE_ENTRIES = `
  CREATE SCHEMA IF NOT EXISTS bare;
  CREATE TABLE bare.entries (LIKE credits.entries INCLUDING ALL)`;

/** An entry's value as Postgres reads it from text. */
type Text = string | null;

const text = (value: bigint | number | null): Text => (value === null ? null : value.toString());
const bytes = (hex: string | null): Text => (hex === null ? null : `\\x${hex}`);
const list = (values: readonly (bigint | number)[]): Text => `{${values.join(",")}}`;

/** The columns of `credits.entries`: their types, and their values out of an entry. */
const columns: Readonly<Record<string, readonly [type: string, value: (entry: Entry) => Text]>> = {
  account: ["text", (entry) => entry.account],
  seq: ["bigint", (entry) => text(entry.seq)],
  kind: ["text", (entry) => entry.kind],
  title: ["text", (entry) => entry.title],
  credits: ["bigint", (entry) => text(entry.credits)],
  original_credits: ["bigint", (entry) => text(entry.originalCredits)],
  balance: ["bigint", (entry) => text(entry.balance)],
  description: ["text", (entry) => entry.description],
  source_type: ["text", (entry) => entry.source?.type ?? null],
  source_id: ["text", (entry) => entry.source?.id ?? null],
  source_label: ["text", (entry) => entry.source?.label ?? null],
  project: ["text", (entry) => entry.project],
  occurred_at: ["timestamptz", (entry) => formatInstant(entry.occurredAt)],
  recorded_at: ["timestamptz", (entry) => formatInstant(entry.recordedAt)],
  key: ["text", (entry) => entry.key],
  fingerprint: ["bytea", (entry) => bytes(entry.fingerprint)],
  draw_grants: ["bigint[]", (entry) => list(entry.draws.map((draw) => draw.grant))],
  draw_credits: ["bigint[]", (entry) => list(entry.draws.map((draw) => draw.credits))],
  debt: ["bigint", (entry) => text(entry.debt)],
  refund_of: ["bigint", (entry) => text(entry.refundOf)],
  metadata: ["jsonb", (entry) => JSON.stringify(entry.metadata)],
  hash: ["bytea", (entry) => bytes(entry.hash)],
  position: ["bigint", (entry) => text(entry.position)],
};

/** How many lines one INSERT carries: as many as the ledger's batches. */
const lines_per_insert = 1_000;

/**
 * Inserts as many lines as its parameters, one array a column, have elements. Arrays of arrays would be one array to
 * `unnest`, so columns that are arrays travel as text.
 */
export const INSERT_LINES = insertLines();

function insertLines(): string {
  const names = Object.keys(columns).join(", ");
  const types = Object.values(columns).map(([type]) => type);
  const parameters = types.map((type, at) => `$${at + 1}::${isArray(type) ? "text" : type}[]`);
  const values = Object.entries(columns).map(([name, [type]]) => (isArray(type) ? `${name}::${type}` : name));
  return `INSERT INTO bare.entries (${names}) SELECT ${values.join(", ")}
    FROM unnest(${parameters.join(", ")}) AS line (${names})`;
}

function isArray(type: string): boolean {
  return type.endsWith("[]");
}

/** The lines of one INSERT, ready to be sent. */
export interface Lines {
  readonly count: number;
  /** One array a column, in Postgres's text form. */
  readonly parameters: readonly string[];
}

/** The lines of entries, in parts of one INSERT each. */
export function linesOf(entries: readonly Entry[]): Lines[] {
  const parts: Lines[] = [];
  for (let first = 0; first < entries.length; first += lines_per_insert) {
    const part = entries.slice(first, first + lines_per_insert);
    const parameters = Object.values(columns).map(([, value]) => arrayOf(part.map(value)));
    parts.push({ count: part.length, parameters });
  }
  return parts;
}

function arrayOf(values: readonly Text[]): string {
  const quoted = values.map((value) => (value === null ? "NULL" : `"${value.replaceAll(/["\\]/g, "\\$&")}"`));
  return `{${quoted.join(",")}}`;
}
