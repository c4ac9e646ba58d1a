import type { Micros } from "../core/amount.js";
import { formatInstant, type Instant } from "../core/instant.js";
import type { Reader } from "../db/port.js";

/**
 * Finds the last seq recorded before each instant, by binary search: an index on the time would cost every write. The row
 * of number 0 has the account's last seq.
 */
const SEQS_BEFORE = `
  WITH RECURSIVE search (number, instant, low, high) AS (
    SELECT asked.number, asked.instant::timestamptz, 0::bigint, a.seq + 1
    FROM credits.accounts a CROSS JOIN unnest($2::text[]) WITH ORDINALITY AS asked (instant, number)
    WHERE a.account = $1
    UNION ALL
    SELECT s.number, s.instant,
      CASE WHEN middle.is_before THEN middle.seq ELSE s.low END,
      CASE WHEN middle.is_before THEN s.high ELSE middle.seq END
    FROM search s CROSS JOIN LATERAL (
      SELECT (s.low + s.high) / 2 AS seq, (
        SELECT e.recorded_at < s.instant FROM credits.entries e
        WHERE e.account = $1 AND e.seq = (s.low + s.high) / 2
      ) AS is_before
      OFFSET 0
    ) middle
    WHERE s.high - s.low > 1
  )
  SELECT number, low AS seq FROM search WHERE high - low = 1
  UNION ALL SELECT 0, seq FROM credits.accounts WHERE account = $1
  ORDER BY number`;

/** The seqs at instants of an account. */
export interface SeqsBefore {
  /** The account's last seq, or 0. */
  readonly last: number;
  /** The last seq that was recorded before each instant, or 0. */
  readonly before: readonly number[];
}

/**
 * Finds the last seq that was recorded before each instant, or returns null when there is no such account. It takes about
 * 20 lookups per instant and million entries. Where a clock went back, it finds one of the seqs that the instant lies
 * behind.
 */
export async function findSeqsBefore(
  reader: Reader,
  account: string,
  instants: readonly Instant[],
): Promise<SeqsBefore | null> {
  const rows = await reader.query<{ seq: bigint }>(SEQS_BEFORE, [account, instants.map(formatInstant)]);
  const [last, ...before] = rows.map(({ seq }) => Number(seq));
  return last === undefined ? null : { last, before };
}

/** The account right after an entry. */
export interface Mark {
  readonly seq: number;
  readonly position: number;
  readonly balance: Micros;
  readonly recordedAt: Instant;
}

/** Reads the marks of entries by their seqs, in the order of the seqs. Seqs without an entry have none. */
export async function readMarks(reader: Reader, account: string, seqs: readonly number[]): Promise<Mark[]> {
  const rows = await reader.query<{ seq: bigint; position: bigint; balance: Micros; recorded_at: Instant }>(
    `SELECT e.seq, e.position, e.balance, e.recorded_at
    FROM unnest($2::bigint[]) AS asked (seq) CROSS JOIN LATERAL (
      SELECT * FROM credits.entries e WHERE e.account = $1 AND e.seq = asked.seq LIMIT 1
    ) e ORDER BY e.seq`,
    [account, { array: "bigint", records: seqs, value: (seq: number) => seq }],
  );
  return rows.map(({ seq, position, balance, recorded_at }) => ({
    seq: Number(seq),
    position: Number(position),
    balance,
    recordedAt: recorded_at,
  }));
}
