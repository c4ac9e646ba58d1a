import { type Micros, micros } from "../core/amount.js";
import type { Metadata } from "../core/facts.js";
import { formatInstant, type Instant } from "../core/instant.js";
import type { Reader } from "../db/port.js";

/** An account as it is read: its settings, its balance, and what remains of its grants. */
export interface Account {
  readonly id: string;
  readonly name: string | null;
  readonly timeZone: string;
  readonly overdraftLimit: Micros;
  readonly metadata: Metadata;
  readonly balance: Micros;
  /** Open holds, and credits that can't be spent because they are not effective yet or have just expired. */
  readonly held: Micros;
  /** `balance - held`. */
  readonly available: Micros;
  /** The remaining credits of the grants, by kind. */
  readonly remaining: readonly (readonly [kind: string, credits: Micros])[];
  /** The time at which it was closed; null while it is open. */
  readonly closedAt: Instant | null;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

interface Columns {
  account: string;
  name: string | null;
  time_zone: string;
  overdraft_limit: Micros;
  metadata: Metadata;
  balance: Micros;
  /** Open holds and grants that are not effective yet, as digits: their sum may go beyond a bigint. */
  held: string;
  /** A JSON object of digits by kind. */
  remaining: string;
  due_at: Instant | null;
  closed_at: Instant | null;
  created_at: Instant;
  updated_at: Instant;
}

const COLUMNS = `account, name, time_zone, overdraft_limit, metadata, balance, (held + pending)::text AS held, remaining, due_at,
  closed_at, created_at, updated_at`;

const READ = `SELECT ${COLUMNS} FROM credits.accounts WHERE account = $1`;

/**
 * Reads the same, and what is held now, of an account on which something has come due that is not posted yet. Credits that
 * open holds have set aside of expired grants count once, and debt has the first claim on the others.
 */
const READ_DUE = `
  SELECT ${COLUMNS}, (
    SELECT coalesce(sum(h.credits), 0) FROM credits.holds h
    WHERE h.account = a.account AND h.status = 'open' AND h.expires_at > $2::timestamptz
  ) + (
    SELECT coalesce(sum(CASE WHEN g.seq = a.drawn_grant THEN a.drawn_remaining ELSE g.remaining END), 0)
    FROM credits.grants g
    WHERE g.account = a.account AND g.remaining > 0 AND g.effective_at > greatest($2::timestamptz, g.recorded_at)
  ) + greatest(0, (
    SELECT coalesce(sum(CASE WHEN g.seq = a.drawn_grant THEN a.drawn_remaining ELSE g.remaining END), 0)
    FROM credits.grants g
    WHERE g.account = a.account AND g.remaining > 0 AND g.expires_at <= $2::timestamptz
  ) - a.debt - (
    SELECT coalesce(sum(r.credits), 0) FROM credits.reservations r
    WHERE r.account = a.account AND r.expires_at > $2::timestamptz AND (
      SELECT g.expires_at FROM credits.grants g WHERE g.account = r.account AND g.seq = r.seq
    ) <= $2::timestamptz
  )) AS held_now
  FROM credits.accounts a WHERE a.account = $1`;

/** Reads an account as it stands at an instant, or null. It is one row by its key, unless something is due. */
export async function readAccount(reader: Reader, id: string, now: Instant): Promise<Account | null> {
  const [columns] = await reader.query<Columns>(READ, [id]);
  if (columns === undefined) return null;
  if (columns.due_at === null || columns.due_at > now) return fromColumns(columns, BigInt(columns.held));
  const [due] = await reader.query<Columns & { held_now: string }>(READ_DUE, [id, formatInstant(now)]);
  return due === undefined ? null : fromColumns(due, BigInt(due.held_now));
}

function fromColumns(columns: Columns, held: bigint): Account {
  const remaining = Object.entries(JSON.parse(columns.remaining) as Record<string, string>);
  return {
    id: columns.account,
    name: columns.name,
    timeZone: columns.time_zone,
    overdraftLimit: columns.overdraft_limit,
    metadata: columns.metadata,
    balance: columns.balance,
    held: micros(held),
    available: micros(columns.balance - held),
    remaining: remaining.map(([kind, digits]) => [kind, micros(BigInt(digits))]),
    closedAt: columns.closed_at,
    createdAt: columns.created_at,
    updatedAt: columns.updated_at,
  };
}

/** Reads the ids of the accounts on which something came due by an instant, the longest due first. */
export async function listDueAccounts(reader: Reader, now: Instant, limit: number): Promise<string[]> {
  const rows = await reader.query<{ account: string }>(
    "SELECT account FROM credits.accounts WHERE due_at <= $1::timestamptz ORDER BY due_at LIMIT $2::integer",
    [formatInstant(now), limit],
  );
  return rows.map((row) => row.account);
}
