import { type Micros, micros, ZERO } from "../core/amount.js";
import type { ActivityRow, Entry } from "../core/entry.js";
import { formatInstant, type Instant } from "../core/instant.js";
import type { Category } from "../core/kinds.js";
import type { RowTotals, Window } from "../core/state.js";
import { type PlacedEntry, replay, STATE_ENTRIES, toWindowRows } from "../core/windows.js";
import type { Reader } from "../db/port.js";
import { type EntryColumns, fromEntryColumns } from "../db/tables/entries.js";
import { fromRowFactColumns, type RowFactColumns } from "../db/tables/facts.js";
import { parseWindow } from "../db/tables/open-window.js";
import { fromRowColumns, type RowColumns } from "../db/tables/rows.js";
import { toPending } from "./account.js";

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
  /** True if the given moment is none of the account's history. */
  readonly isUnknown: boolean;
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
      ${toPending("$5")} AND g.seq <= coalesce($6::bigint, a.seq)
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
  const pending = micros(BigInt(first.at_pending));
  const current = toAsOf(first, window);
  const complete = found.filter((columns) => columns.position !== null).map(fromRowColumns);
  if (asOf === null || asOf.seq === current.seq) {
    const rows = [...toOpenRows(window, current, range), ...complete].slice(0, range.limit);
    return {
      rows,
      asOf: current,
      balance: first.at[1],
      pending,
      isUnknown: asOf !== null && !isWithin(asOf, current),
    };
  }
  const unknown = { rows: [], asOf, balance: ZERO, pending, isUnknown: true };
  if (!isWithin(asOf, current)) return unknown;
  // All rows below the window that was open then are complete, and never change.
  const below = complete.filter((row) => asOf.windowPosition === 0 || row.position < asOf.windowPosition);
  const then = showsWindow(asOf, range) ? await readWindow(reader, account, asOf) : null;
  if (then === null && showsWindow(asOf, range)) return unknown;
  const rows = [...toOpenRows(then, asOf, range), ...below].slice(0, range.limit);
  const balance = await balanceAt(reader, account, asOf.seq);
  return { rows, asOf, balance, pending, isUnknown: false };
}

/** True if a page has rows of the window that was open at a moment. */
function showsWindow({ totals, windowPosition }: AsOf, { filter, offset }: ActivityRange): boolean {
  if (windowPosition === 0 || !isUsed(filter)) return false;
  return offset <= totals.all - windowPosition;
}

/** Returns the rows of the open window that belong to a page, the newest first. */
function toOpenRows(
  window: Window | null,
  current: AsOf,
  { filter, offset, asOf }: ActivityRange,
): ActivityRow[] {
  if (window === null || !isUsed(filter)) return [];
  const newest = (asOf ?? current).totals[filter] - offset;
  return toWindowRows(window, current.totals)
    .filter((row) => (filter === "all" ? row.position : row.categoryPosition) <= newest)
    .reverse();
}

/** True if a filter shows usage. */
function isUsed(filter: ActivityRange["filter"]): boolean {
  return filter === "all" || filter === "used";
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
    asOf.windowPosition <= totals.all
  );
}

/** An entry of a window with the state that it comes after. Its columns are null if it is none. */
interface WindowEntryColumns extends RowFactColumns {
  state: string | null;
  seq: bigint | null;
  kind: string;
  credits: Micros;
  balance: Micros;
  occurred_at: Instant;
  position: bigint;
}

/**
 * Finds the last state of a window up to a moment, and the entries from there to the moment. Windows of earlier versions
 * have no states, so the entries begin with the first row. The entries are limited, so a read of any moment is short.
 */
const WINDOW_ENTRIES = `
  SELECT s.open_window AS state, e.* FROM (
    SELECT (SELECT first_seq FROM credits.activity WHERE account = $1 AND position = $2::bigint) AS first_seq
  ) r
  LEFT JOIN LATERAL (
    SELECT seq, open_window FROM credits.window_states
    WHERE account = $1 AND position = $2::bigint AND seq <= $3::bigint ORDER BY seq DESC LIMIT 1
  ) s ON true
  LEFT JOIN LATERAL (
    SELECT seq, kind, credits, balance, occurred_at, position, description, source_type, source_id, source_label, project,
      member, task, original_credits
    FROM credits.entries
    WHERE account = $1 AND seq > coalesce(s.seq, r.first_seq - 1) AND seq <= $3::bigint ORDER BY seq LIMIT $4::integer
  ) e ON true`;

/** The most entries that are read of a window without states. */
const ENTRIES_MAX = 4 * STATE_ENTRIES;

/** Reads the window that was open at a moment as it was then, or returns null when there is no such moment. */
async function readWindow(reader: Reader, account: string, asOf: AsOf): Promise<Window | null> {
  const { totals, seq, windowPosition } = asOf;
  const found = await reader.query<WindowEntryColumns>(WINDOW_ENTRIES, [
    account,
    windowPosition,
    seq,
    ENTRIES_MAX + 1,
  ]);
  if (found.length > ENTRIES_MAX) return null;
  const entries = found.filter((columns) => columns.seq !== null);
  const [first] = entries;
  const window = parseWindow(found[0]?.state ?? null) ?? {
    cell: 0 as Instant,
    base: micros(first === undefined ? 0n : first.balance - first.credits),
    rows: [],
    covered: null,
  };
  const isWhole = replay(window, windowPosition, entries.map(fromWindowEntryColumns));
  return isWhole && window.rows.length === totals.all - windowPosition + 1 ? window : null;
}

function fromWindowEntryColumns(columns: WindowEntryColumns): PlacedEntry {
  return {
    kind: columns.kind,
    credits: columns.credits,
    occurredAt: columns.occurred_at,
    seq: Number(columns.seq),
    position: Number(columns.position),
    facts: fromRowFactColumns(columns),
  };
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
