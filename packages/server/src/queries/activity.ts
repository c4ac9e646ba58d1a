import { type Micros, micros, ZERO } from "../core/amount.js";
import { fromSignedOriginal } from "../core/charge.js";
import type { ActivityRow, Entry } from "../core/entry.js";
import { formatInstant, type Instant } from "../core/instant.js";
import type { Category } from "../core/kinds.js";
import type { RowTotals, Window } from "../core/state.js";
import { toWindowRows, WINDOW_ROWS_MAX } from "../core/windows.js";
import type { Reader } from "../db/port.js";
import { type EntryColumns, fromEntryColumns } from "../db/tables/entries.js";
import { parseWindow } from "../db/tables/open-window.js";
import { fromRowColumns, type RowColumns } from "../db/tables/rows.js";

/**
 * The moment that a page shows, by `seq`, with the totals at that moment. Later rows are left out, and rows of the
 * window that was open then are shown as they were.
 */
export interface AsOf {
  readonly totals: RowTotals;
  readonly seq: number;
  /** The position of the first row of the window that was open, or 0 when there was none. */
  readonly windowPosition: number;
}

export interface ActivityRange {
  readonly filter: Category | "all";
  /** The number of rows of the filter before the page, from the newest. */
  readonly offset: number;
  readonly limit: number;
  readonly asOf: AsOf | null;
}

export interface ActivityResult {
  /** Newest first. */
  readonly rows: readonly ActivityRow[];
  readonly asOf: AsOf;
  /** The account's balance at that moment. */
  readonly balance: Micros;
  /** The part of the balance in grants that are not effective yet. */
  readonly pending: Micros;
  /** True if the given moment lies beyond the account's history. */
  readonly isAhead: boolean;
}

/** The columns of the account. They are null on every row but the first. */
interface AccountColumns {
  /** Its seq, its balance, and its rows: all, added, used and adjustments. */
  at: [seq: bigint, balance: Micros, all: bigint, added: bigint, used: bigint, adjustments: bigint];
  at_window: string | null;
  /** Digits. */
  at_pending: string;
}

const ACCOUNT_COLUMNS = `
    CASE WHEN coalesce(r.number, 1) = 1 THEN
      ARRAY[a.seq, a.balance, a.rows_all, a.rows_added, a.rows_used, a.rows_adjustments]
    END AS at,
    CASE WHEN coalesce(r.number, 1) = 1 THEN a.open_window END AS at_window,
    CASE WHEN coalesce(r.number, 1) = 1 THEN CASE WHEN a.pending = 0 THEN 0 ELSE (
      SELECT coalesce(sum(CASE WHEN g.seq = a.drawn_grant THEN a.drawn_remaining ELSE g.remaining END), 0)
      FROM credits.grants g
      WHERE g.account = a.account AND g.remaining > 0 AND g.effective_at > greatest($5::timestamptz, g.recorded_at)
        AND g.seq <= coalesce($6::bigint, a.seq)
    ) END END::text AS at_pending`;

/**
 * Reads the account's totals, its open window and a page of its complete rows in one statement, and so as of one moment.
 * The page is one index range.
 */
const PAGE_OF_ALL = `
  SELECT ${ACCOUNT_COLUMNS}, r.*
  FROM credits.accounts a LEFT JOIN LATERAL (
    SELECT row_number() OVER () AS number, p.* FROM (
      SELECT * FROM credits.activity_rows r
      WHERE r.account = a.account AND r.position <= coalesce($2::bigint, a.rows_all) - $3::bigint
        AND r.position > coalesce($2::bigint, a.rows_all) - $3::bigint - $4::integer
      ORDER BY r.position DESC LIMIT $4::integer
    ) p
  ) r ON true
  WHERE a.account = $1`;

const PAGE_OF_CATEGORY = `
  SELECT ${ACCOUNT_COLUMNS}, r.*
  FROM credits.accounts a LEFT JOIN LATERAL (
    SELECT row_number() OVER () AS number, p.* FROM (
      SELECT * FROM credits.activity_rows r
      WHERE r.account = a.account AND r.category = $7 AND r.category_position <= coalesce($2::bigint,
        CASE $7 WHEN 'added' THEN a.rows_added WHEN 'used' THEN a.rows_used ELSE a.rows_adjustments END) - $3::bigint
        AND r.category_position > coalesce($2::bigint,
        CASE $7 WHEN 'added' THEN a.rows_added WHEN 'used' THEN a.rows_used ELSE a.rows_adjustments END) - $3::bigint - $4::integer
      ORDER BY r.category_position DESC LIMIT $4::integer
    ) p
  ) r ON true
  WHERE a.account = $1`;

/** Reads a page of an account's activity at an instant, or null when there is no such account. */
export async function readActivity(
  reader: Reader,
  account: string,
  range: ActivityRange,
  now: Instant,
): Promise<ActivityResult | null> {
  const { filter, asOf } = range;
  const total = asOf?.totals[filter] ?? null;
  const params = [account, total, range.offset, range.limit, formatInstant(now), asOf?.seq ?? null];
  const found =
    filter === "all"
      ? await reader.query<AccountColumns & RowColumns>(PAGE_OF_ALL, params)
      : await reader.query<AccountColumns & RowColumns>(PAGE_OF_CATEGORY, [...params, filter]);
  const [first] = found;
  if (first === undefined) return null;
  const window = parseWindow(first.at_window);
  const [, balance] = first.at;
  const pending = micros(BigInt(first.at_pending));
  const current = toAsOf(first, window);
  const complete = found.filter((columns) => columns.position !== null).map(fromRowColumns);
  const rows = [...toOpenRows(window, current, range), ...complete].slice(0, range.limit);
  if (asOf === null || asOf.seq === current.seq) {
    return {
      rows,
      asOf: current,
      balance,
      pending,
      isAhead: asOf !== null && !isWithin(asOf, current),
    };
  }
  if (!isWithin(asOf, current)) return { rows: [], asOf, balance, pending, isAhead: true };
  return {
    rows: await toPast(reader, account, rows, asOf),
    asOf,
    balance: await balanceAt(reader, account, asOf.seq),
    pending,
    isAhead: false,
  };
}

/** Returns the rows of the open window that belong to a page, the newest first. */
function toOpenRows(
  window: Window | null,
  current: AsOf,
  { filter, offset, asOf }: ActivityRange,
): ActivityRow[] {
  if (window === null || (filter !== "all" && filter !== "used")) return [];
  const newest = (asOf ?? current).totals[filter] - offset;
  return toWindowRows(window, current.totals)
    .filter((row) => (filter === "all" ? row.position : row.categoryPosition) <= newest)
    .reverse();
}

function toAsOf({ at }: AccountColumns, window: Window | null): AsOf {
  const [seq, , all, added, used, adjustments] = at;
  const totals = {
    all: Number(all),
    added: Number(added),
    used: Number(used),
    adjustments: Number(adjustments),
  };
  const windowPosition = window === null ? 0 : totals.all - window.rows.length + 1;
  return { totals, seq: Number(seq), windowPosition };
}

function isWithin(asOf: AsOf, current: AsOf): boolean {
  const { totals } = asOf;
  return (
    asOf.seq <= current.seq &&
    totals.all <= current.totals.all &&
    totals.added <= current.totals.added &&
    totals.used <= current.totals.used &&
    totals.adjustments <= current.totals.adjustments &&
    totals.all === totals.added + totals.used + totals.adjustments &&
    asOf.windowPosition <= totals.all &&
    (asOf.windowPosition === 0 || totals.all - asOf.windowPosition < WINDOW_ROWS_MAX)
  );
}

interface PastRowColumns {
  position: bigint;
  entries: bigint;
  last_seq: bigint;
  started_at: Instant;
  ended_at: Instant;
  credits: Micros;
  original_credits: Micros | null;
  balance: Micros;
  description: string | null;
}

/** Computes the rows of the window that was open at a moment from the entries there were. */
const WINDOW_AS_IT_WAS = `
  WITH first AS (
    SELECT e.seq, e.balance - e.credits AS balance FROM credits.activity r
    JOIN credits.entries e ON e.account = r.account AND e.seq = r.first_seq
    WHERE r.account = $1 AND r.position = $2::bigint
  )
  SELECT e.position, count(*) AS entries, max(e.seq) AS last_seq, min(e.occurred_at) AS started_at,
    max(e.occurred_at) AS ended_at, sum(e.credits)::bigint AS credits,
    sum(e.original_credits)::bigint AS original_credits,
    ((SELECT balance FROM first) + sum(sum(e.credits)) OVER (ORDER BY e.position))::bigint AS balance,
    CASE WHEN count(e.description) = count(*) AND min(e.description) = max(e.description)
      THEN min(e.description) END AS description
  FROM credits.entries e
  WHERE e.account = $1 AND e.seq >= (SELECT seq FROM first) AND e.seq <= $3::bigint
  GROUP BY e.position`;

/** Puts rows of a window that has grown since a moment back to what they were then. All others never change. */
async function toPast(
  reader: Reader,
  account: string,
  rows: readonly ActivityRow[],
  asOf: AsOf,
): Promise<ActivityRow[]> {
  const isOpen = (row: ActivityRow) => asOf.windowPosition > 0 && row.position >= asOf.windowPosition;
  if (!rows.some(isOpen)) return [...rows];
  const past = await reader.query<PastRowColumns>(WINDOW_AS_IT_WAS, [account, asOf.windowPosition, asOf.seq]);
  const byPosition = new Map(past.map((columns) => [Number(columns.position), columns]));
  return rows.map((row) => {
    const columns = byPosition.get(row.position);
    if (!isOpen(row) || columns === undefined) return row;
    return {
      ...row,
      entries: Number(columns.entries),
      lastSeq: Number(columns.last_seq),
      startedAt: columns.started_at,
      endedAt: columns.ended_at,
      credits: columns.credits,
      ...fromSignedOriginal(columns.original_credits),
      balance: columns.balance,
      description: columns.description,
    };
  });
}

async function balanceAt(reader: Reader, account: string, seq: number): Promise<Micros> {
  const [row] = await reader.query<{ balance: Micros }>(
    "SELECT balance FROM credits.entries WHERE account = $1 AND seq = $2::bigint",
    [account, seq],
  );
  return row?.balance ?? ZERO;
}

const ROW_ENTRIES = `
  WITH r AS MATERIALIZED (
    SELECT first_seq, last_seq FROM credits.activity WHERE account = $1 AND position = $2::bigint
  )
  SELECT e.* FROM credits.entries e
  WHERE e.account = $1 AND e.seq >= greatest((SELECT first_seq FROM r), $3::bigint) AND e.seq <= (SELECT last_seq FROM r)
    AND e.position = $2::bigint
  ORDER BY e.seq LIMIT $4::integer`;

/** Reads the entries of a row, oldest first, from a seq on. A row that does not exist has none. */
export async function listRowEntries(
  reader: Reader,
  account: string,
  position: number,
  fromSeq: number,
  limit: number,
): Promise<Entry[]> {
  const rows = await reader.query<EntryColumns>(ROW_ENTRIES, [account, position, fromSeq, limit]);
  return rows.map(fromEntryColumns);
}
