import { amount, type Credits } from "../ledger/credits.js";
import type { Metadata } from "../ledger/entry.js";
import { formatInstant, type Instant } from "../ledger/instant.js";
import type { BlockKind } from "../ledger/kinds.js";
import type { Connection } from "./database.js";

/** An account as it is read: its settings, what it holds, and what remains of its grants. */
export interface Account {
  readonly account: string;
  readonly name: string | null;
  readonly timeZone: string;
  readonly overdraftLimit: Credits;
  readonly metadata: Metadata;
  readonly balance: Credits;
  /** Open holds, and what can't be spent because it is not effective yet or has just expired. */
  readonly held: Credits;
  /** `balance - held`. */
  readonly available: Credits;
  /** What remains of the grants, by kind of grant. */
  readonly remaining: Readonly<Partial<Record<BlockKind, Credits>>>;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

/** What of an account can be set. What is left out stays as it is. */
export interface AccountSettings {
  readonly name?: string | null;
  readonly timeZone?: string;
  readonly overdraftLimit?: Credits;
  readonly metadata?: Metadata;
}

interface Columns {
  account: string;
  name: string | null;
  time_zone: string;
  overdraft_limit: Credits;
  metadata: Metadata;
  balance: Credits;
  /** Open holds, and grants that are not effective yet, as digits: they may go beyond a bigint. */
  held: string;
  /** A JSON object of amounts as texts. */
  remaining: string;
  due_at: Instant | null;
  created_at: Instant;
  updated_at: Instant;
}

const COLUMNS = `account, name, time_zone, overdraft_limit, metadata, balance, (held + pending)::text AS held, remaining, due_at,
  created_at, updated_at`;

const READ = `SELECT ${COLUMNS} FROM credits.accounts WHERE account = $1`;

/** The same, and what is really held now, of an account on which something has come due that nobody has posted yet. */
const READ_DUE = `
  SELECT ${COLUMNS}, (
    SELECT coalesce(sum(h.credits), 0) FROM credits.holds h
    WHERE h.account = a.account AND h.status = 'open' AND h.expires_at > $2::timestamptz
  ) + (
    SELECT coalesce(sum(CASE WHEN g.seq = a.drawn_grant THEN a.drawn_remaining ELSE g.remaining END), 0)
    FROM credits.grants g
    WHERE g.account = a.account AND g.remaining > 0
      AND (g.effective_at > greatest($2::timestamptz, g.recorded_at) OR g.expires_at <= $2::timestamptz)
  ) AS really_held
  FROM credits.accounts a WHERE a.account = $1`;

/** Reads an account as it stands at a time, or null when there is none: one line, by its key, unless something is due. */
export async function readAccount(
  connection: Connection,
  account: string,
  now: Instant,
): Promise<Account | null> {
  const [columns] = await connection.query<Columns>(READ, [account]);
  if (columns === undefined) return null;
  if (columns.due_at === null || columns.due_at > now) return accountOf(columns, BigInt(columns.held));
  const [due] = await connection.query<Columns & { really_held: string }>(READ_DUE, [
    account,
    formatInstant(now),
  ]);
  return due === undefined ? null : accountOf(due, BigInt(due.really_held));
}

function accountOf(columns: Columns, held: bigint): Account {
  return {
    account: columns.account,
    name: columns.name,
    timeZone: columns.time_zone,
    overdraftLimit: columns.overdraft_limit,
    metadata: columns.metadata,
    balance: columns.balance,
    held: amount(held),
    available: amount(columns.balance - held),
    remaining: remainingOf(columns.remaining),
    createdAt: columns.created_at,
    updatedAt: columns.updated_at,
  };
}

function remainingOf(text: string): Account["remaining"] {
  const digits = JSON.parse(text) as Partial<Record<BlockKind, string>>;
  return Object.fromEntries(Object.entries(digits).map(([kind, of]) => [kind, amount(BigInt(of))]));
}

const PUT = `
  INSERT INTO credits.accounts AS a (account, name, time_zone, overdraft_limit, metadata, created_at, updated_at)
  VALUES ($1, $3, coalesce($4, 'UTC'), coalesce($5::bigint, 0), coalesce($6::jsonb, '{}'), $7::timestamptz, $7::timestamptz)
  ON CONFLICT (account) DO UPDATE SET
    name = CASE WHEN $2::boolean THEN $3 ELSE a.name END,
    time_zone = coalesce($4, a.time_zone),
    overdraft_limit = coalesce($5::bigint, a.overdraft_limit),
    metadata = coalesce($6::jsonb, a.metadata),
    version = floor(random() * 9007199254740991)::bigint,
    updated_at = $7::timestamptz
  RETURNING (xmax = 0) AS created`;

/**
 * Creates an account or changes its settings.
 *
 * @returns whether it was created
 */
export async function putAccount(
  connection: Connection,
  account: string,
  settings: AccountSettings,
  now: Instant,
): Promise<boolean> {
  const [row] = await connection.query<{ created: boolean }>(PUT, [
    account,
    settings.name !== undefined,
    settings.name ?? null,
    settings.timeZone ?? null,
    settings.overdraftLimit?.toString() ?? null,
    settings.metadata === undefined ? null : JSON.stringify(settings.metadata),
    formatInstant(now),
  ]);
  return row?.created ?? false;
}

/** The accounts on which something came due by a time, the longest due first. */
export async function listDueAccounts(
  connection: Connection,
  now: Instant,
  limit: number,
): Promise<string[]> {
  const rows = await connection.query<{ account: string }>(
    "SELECT account FROM credits.accounts WHERE due_at <= $1::timestamptz ORDER BY due_at LIMIT $2::integer",
    [formatInstant(now), limit],
  );
  return rows.map((row) => row.account);
}
