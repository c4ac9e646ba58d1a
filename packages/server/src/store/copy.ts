import type { ActivityRow, Entry, Grant } from "../ledger/entry.js";
import { formatInstant, type Instant } from "../ledger/instant.js";

/** What COPY's text format gives a meaning to. */
const SPECIAL = /[\\\t\n\r]/;
const SPECIALS: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/** A text, or null, in COPY's text format. */
function field(text: string | null): string {
  if (text === null) return "\\N";
  return SPECIAL.test(text) ? text.replace(/[\\\t\n\r]/g, (special) => SPECIALS[special] as string) : text;
}

const nullable = (value: bigint | number | null) => (value === null ? "\\N" : `${value}`);
const time = (instant: Instant | null) => (instant === null ? "\\N" : formatInstant(instant));
const bytes = (hex: string | null) => (hex === null ? "\\N" : `\\\\x${hex}`);
const source = ({ source }: { readonly source: Entry["source"] }) =>
  source === null ? "\\N\t\\N\t\\N" : `${field(source.type)}\t${field(source.id)}\t${field(source.label)}`;

export const COPY_ENTRIES = `COPY credits.entries (account, seq, kind, title, credits, original_credits, balance, description,
  source_type, source_id, source_label, project, occurred_at, recorded_at, key, fingerprint, draw_grants, draw_credits, debt,
  refund_of, metadata, hash, position) FROM STDIN`;

/** An entry as a line of COPY_ENTRIES. */
export function entryLine(entry: Entry): string {
  let grants = "";
  let drawn = "";
  for (const draw of entry.draws) {
    grants += grants === "" ? draw.grant : `,${draw.grant}`;
    drawn += drawn === "" ? draw.credits : `,${draw.credits}`;
  }
  const moved = `${entry.credits}\t${nullable(entry.originalCredits)}\t${entry.balance}`;
  const said = `${field(entry.description)}\t${source(entry)}\t${field(entry.project)}`;
  const asked = `${time(entry.occurredAt)}\t${time(entry.recordedAt)}\t${field(entry.key)}\t${bytes(entry.fingerprint)}`;
  const sealed = `${field(JSON.stringify(entry.metadata))}\t${bytes(entry.hash)}\t${entry.position}`;
  return `${field(entry.account)}\t${entry.seq}\t${entry.kind}\t${field(entry.title)}\t${moved}\t${said}\t${asked}\t{${grants}}\t{${drawn}}\t${entry.debt}\t${nullable(entry.refundOf)}\t${sealed}\n`;
}

export const COPY_ROWS = `COPY credits.activity_rows (account, position, category, category_position, kind, title, source_type,
  source_id, source_label, project, discount, description, started_at, ended_at, entries, first_seq, last_seq, credits,
  original_credits, balance) FROM STDIN`;

/** An activity row as a line of COPY_ROWS. */
export function rowLine(account: string, row: ActivityRow): string {
  const is = `${field(account)}\t${row.position}\t${row.category}\t${row.categoryPosition}\t${row.kind}\t${field(row.title)}`;
  const said = `${source(row)}\t${field(row.project)}\t${nullable(row.discount)}\t${field(row.description)}`;
  const spans = `${time(row.startedAt)}\t${time(row.endedAt)}\t${row.entries}\t${row.firstSeq}\t${row.lastSeq}`;
  return `${is}\t${said}\t${spans}\t${row.credits}\t${nullable(row.originalCredits)}\t${row.balance}\n`;
}

export const COPY_GRANTS = `COPY credits.grants (account, seq, kind, title, description, source_type, source_id, source_label,
  credits, remaining, priority, effective_at, expires_at, recorded_at) FROM STDIN`;

/** A grant as a line of COPY_GRANTS. */
export function grantLine(account: string, grant: Grant): string {
  const is = `${field(account)}\t${grant.seq}\t${grant.kind}\t${field(grant.title)}\t${field(grant.description)}`;
  const terms = `${grant.priority}\t${time(grant.effectiveAt)}\t${time(grant.expiresAt)}\t${time(grant.recordedAt)}`;
  return `${is}\t${source(grant)}\t${grant.credits}\t${grant.remaining}\t${terms}\n`;
}
