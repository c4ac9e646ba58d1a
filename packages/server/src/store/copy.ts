import { ByteWriter } from "../bytes.js";
import { canonicalMetadata } from "../ledger/digest.js";
import type { ActivityRow, Entry, Grant, Source } from "../ledger/entry.js";
import type { Instant } from "../ledger/instant.js";
import { writeInstant, writeListHeader } from "./arrays.js";

/** What COPY's binary format begins with: its signature, its flags, and the length of an extension, which is none. */
const HEADER = `${Buffer.from("PGCOPY\n\xff\r\n\0", "latin1").toString("hex")}0000000000000000`;

/** What ends the lines, in the place of a number of fields. */
const END = -1;

/** The length that stands for null. */
const NULL = -1;

/** The version of jsonb's binary form, before its text. */
const JSONB_VERSION = 1;

/**
 * Lines for COPY in its binary format ("File Formats" on https://www.postgresql.org/docs/current/sql-copy.html), which
 * costs both sides less than the text format: no number, time or digest is written out in digits and read back.
 */
class Lines {
  readonly #to = new ByteWriter(65_536);
  #lines = 0;

  begin(): void {
    this.#to.reset();
    this.#to.hex(HEADER);
    this.#lines = 0;
  }

  /** The lines as they are sent, in memory of their own; null when there are none. */
  end(): Buffer | null {
    if (this.#lines === 0) return null;
    this.#to.int16(END);
    return Buffer.from(this.#to.written);
  }

  line(fields: number): void {
    this.#to.int16(fields);
    this.#lines += 1;
  }

  text(text: string | null): void {
    if (text === null) {
      this.null();
      return;
    }
    const at = this.#to.length;
    this.#to.int32(0);
    this.#to.utf8(text);
    this.#to.int32At(at, this.#to.length - at - 4);
  }

  int(value: number | null): void {
    if (value === null) {
      this.null();
      return;
    }
    this.#to.int32(4);
    this.#to.int32(value);
  }

  bigint(value: bigint | number | null): void {
    if (value === null) {
      this.null();
      return;
    }
    this.#to.int32(8);
    this.#to.int64(value);
  }

  time(instant: Instant | null): void {
    if (instant === null) {
      this.null();
      return;
    }
    this.#to.int32(8);
    writeInstant(this.#to, instant);
  }

  /** Bytes in hex. */
  bytes(hex: string | null): void {
    if (hex === null) {
      this.null();
      return;
    }
    this.#to.int32(hex.length / 2);
    this.#to.hex(hex);
  }

  jsonb(json: string): void {
    const at = this.#to.length;
    this.#to.int32(0);
    this.#to.byte(JSONB_VERSION);
    this.#to.utf8(json);
    this.#to.int32At(at, this.#to.length - at - 4);
  }

  /** The header of a list of numbers, each of which follows as `bigint`. */
  bigints(length: number): void {
    const at = this.#to.length;
    this.#to.int32(0);
    writeListHeader(this.#to, "bigint", length);
    this.#to.int32At(at, this.#to.length - at - 4 + 12 * length);
  }

  source(source: Source | null): void {
    this.text(source === null ? null : source.type);
    this.text(source === null ? null : source.id);
    this.text(source === null ? null : source.label);
  }

  null(): void {
    this.#to.int32(NULL);
  }
}

const lines = new Lines();

/** A table's lines as they are sent; null when there are none. */
function linesOf<T>(items: Iterable<T>, write: (item: T) => void): Buffer | null {
  lines.begin();
  for (const item of items) write(item);
  return lines.end();
}

export const COPY_ENTRIES = `COPY credits.entries (account, seq, kind, title, credits, original_credits, balance, description,
  source_type, source_id, source_label, project, occurred_at, recorded_at, key, fingerprint, draw_grants, draw_credits, debt,
  refund_of, metadata, hash, position) FROM STDIN (FORMAT binary)`;

/** Entries as the lines of COPY_ENTRIES. */
export function entryLines(entries: Iterable<Entry>): Buffer | null {
  return linesOf(entries, writeEntry);
}

function writeEntry(entry: Entry): void {
  lines.line(23);
  lines.text(entry.account);
  lines.bigint(entry.seq);
  lines.text(entry.kind);
  lines.text(entry.title);
  lines.bigint(entry.credits);
  lines.bigint(entry.originalCredits);
  lines.bigint(entry.balance);
  lines.text(entry.description);
  lines.source(entry.source);
  lines.text(entry.project);
  lines.time(entry.occurredAt);
  lines.time(entry.recordedAt);
  lines.text(entry.key);
  lines.bytes(entry.fingerprint);
  lines.bigints(entry.draws.length);
  for (const draw of entry.draws) lines.bigint(draw.grant);
  lines.bigints(entry.draws.length);
  for (const draw of entry.draws) lines.bigint(draw.credits);
  lines.bigint(entry.debt);
  lines.bigint(entry.refundOf);
  lines.jsonb(canonicalMetadata(entry.metadata));
  lines.bytes(entry.hash);
  lines.bigint(entry.position);
}

/** Something of an account. */
export interface Owned<T> {
  readonly account: string;
  readonly of: T;
}

export const COPY_ROWS = `COPY credits.activity_rows (account, position, category, category_position, kind, title, source_type,
  source_id, source_label, project, discount, description, started_at, ended_at, entries, first_seq, last_seq, credits,
  original_credits, balance) FROM STDIN (FORMAT binary)`;

/** Activity rows as the lines of COPY_ROWS. */
export function rowLines(rows: Iterable<Owned<ActivityRow>>): Buffer | null {
  return linesOf(rows, ({ account, of: row }) => {
    lines.line(20);
    lines.text(account);
    lines.bigint(row.position);
    lines.text(row.category);
    lines.bigint(row.categoryPosition);
    lines.text(row.kind);
    lines.text(row.title);
    lines.source(row.source);
    lines.text(row.project);
    lines.int(row.discount);
    lines.text(row.description);
    lines.time(row.startedAt);
    lines.time(row.endedAt);
    lines.bigint(row.entries);
    lines.bigint(row.firstSeq);
    lines.bigint(row.lastSeq);
    lines.bigint(row.credits);
    lines.bigint(row.originalCredits);
    lines.bigint(row.balance);
  });
}

export const COPY_GRANTS = `COPY credits.grants (account, seq, kind, title, description, source_type, source_id, source_label,
  credits, remaining, priority, effective_at, expires_at, recorded_at) FROM STDIN (FORMAT binary)`;

/** Grants as the lines of COPY_GRANTS. */
export function grantLines(grants: Iterable<Owned<Grant>>): Buffer | null {
  return linesOf(grants, ({ account, of: grant }) => {
    lines.line(14);
    lines.text(account);
    lines.bigint(grant.seq);
    lines.text(grant.kind);
    lines.text(grant.title);
    lines.text(grant.description);
    lines.source(grant.source);
    lines.bigint(grant.credits);
    lines.bigint(grant.remaining);
    lines.int(grant.priority);
    lines.time(grant.effectiveAt);
    lines.time(grant.expiresAt);
    lines.time(grant.recordedAt);
  });
}
