import { type Micros, micros } from "../core/amount.js";
import type { Metadata } from "../core/facts.js";
import { formatInstant, type Instant } from "../core/instant.js";
import type { Reader } from "../db/port.js";
import { REMAINING } from "../db/tables/grants.js";

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
  /** The part of `held` that is not effective yet. */
  readonly pending: Micros;
  /** `balance - held`. */
  readonly available: Micros;
  /** The remaining credits of the grants, by kind. */
  readonly remaining: readonly (readonly [kind: string, credits: Micros])[];
  /** The time at which it was closed; null while it is open. */
  readonly closedAt: Instant | null;
  readonly nextExpiry: NextExpiry | null;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

/** The credits that expire next if nothing is used before. */
export interface NextExpiry {
  readonly at: Instant;
  readonly credits: Micros;
  /** Null where grants of several kinds expire. */
  readonly kind: string | null;
}

interface Columns {
  account: string;
  name: string | null;
  time_zone: string;
  overdraft_limit: Micros;
  metadata: Metadata;
  balance: Micros;
  /** Amounts as digits: their sum may go beyond a bigint. */
  held: string;
  pending: string;
  /** A JSON object of digits by kind. */
  remaining: string;
  due_at: Instant | null;
  closed_at: Instant | null;
  next_at: Instant | null;
  next_credits: string | null;
  next_kind: string | null;
  created_at: Instant;
  updated_at: Instant;
}

const SETTINGS =
  "a.account, a.name, a.time_zone, a.overdraft_limit, a.metadata, a.closed_at, a.created_at, a.updated_at";
const STATE = `a.balance, a.remaining, a.due_at, n.at AS next_at, n.credits::text AS next_credits, n.kind AS next_kind`;

/**
 * Joins the next expiry of an account `a`: the first instant at which a grant has something that no hold keeps beyond it and
 * that no debt claims. A debt claims nothing of grants for some kinds of usage only. An account on which nothing comes due
 * has none, and its grants are not read.
 */
const NEXT_EXPIRY = `
  LEFT JOIN LATERAL (
    SELECT e.at, e.kind, e.scoped + greatest(0, least(e.credits, e.so_far - a.debt)) AS credits FROM (
      SELECT g.at, coalesce(sum(g.credits) FILTER (WHERE g.only_kinds IS NULL), 0) AS credits,
        coalesce(sum(g.credits) FILTER (WHERE g.only_kinds IS NOT NULL), 0) AS scoped, CASE WHEN min(g.kind) = max(g.kind) THEN min(g.kind) END AS kind,
        coalesce(sum(sum(g.credits) FILTER (WHERE g.only_kinds IS NULL)) OVER (ORDER BY g.at), 0) AS so_far
      FROM (
        SELECT g.expires_at AS at, g.kind, g.only_kinds,
          ${REMAINING} - coalesce(sum(r.credits), 0) AS credits
        FROM (
          SELECT * FROM credits.grants g
          WHERE a.due_at IS NOT NULL AND g.account = a.account AND g.remaining > 0 AND g.expires_at > $1::timestamptz
            AND g.effective_at <= greatest($1::timestamptz, g.recorded_at)
          OFFSET 0
        ) g
        LEFT JOIN (
          SELECT * FROM credits.reservations r WHERE r.account = a.account AND a.held > 0 OFFSET 0
        ) r ON r.seq = g.seq AND r.expires_at > g.expires_at
        GROUP BY g.seq, g.kind, g.only_kinds, g.expires_at, g.remaining
      ) g
      WHERE g.credits > 0 GROUP BY g.at
    ) e
    WHERE e.scoped > 0 OR e.so_far > a.debt ORDER BY e.at LIMIT 1
  ) n ON true`;

const toRead = (where: string) => `
  SELECT ${SETTINGS}, ${STATE}, (a.held + a.pending)::text AS held, a.pending::text AS pending
  FROM credits.accounts a ${NEXT_EXPIRY} WHERE ${where}`;

const READ = toRead("a.account = $2");

const LIST = toRead(`a.account >= $2 COLLATE "C" AND ($3::text IS NULL OR a.account < $3 COLLATE "C")
  ORDER BY a.account LIMIT $4::integer`);

/** Returns the SQL that adds up what remains of those grants of an account `a` that are not effective at a time yet. */
export function toPending(at: string): string {
  return `
    SELECT coalesce(sum(${REMAINING}), 0) AS credits FROM credits.grants g
    WHERE g.account = a.account AND g.remaining > 0 AND g.effective_at > greatest(${at}::timestamptz, g.recorded_at)`;
}

/**
 * Joins what has expired of an account `a`, and the part of it that open holds have set aside: of grants for all kinds of
 * usage, and of those for some kinds only.
 */
const EXPIRED = `
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(${REMAINING}) FILTER (WHERE g.only_kinds IS NULL), 0) AS credits,
      coalesce(sum(${REMAINING}) FILTER (WHERE g.only_kinds IS NOT NULL), 0) AS scoped
    FROM credits.grants g
    WHERE g.account = a.account AND g.remaining > 0 AND g.expires_at <= $1::timestamptz
  ) e
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(r.credits) FILTER (WHERE NOT r.is_scoped), 0) AS credits,
      coalesce(sum(r.credits) FILTER (WHERE r.is_scoped), 0) AS scoped
    FROM (
      SELECT r.credits, (
        SELECT g.only_kinds IS NOT NULL FROM credits.grants g
        WHERE g.account = r.account AND g.seq = r.seq AND g.expires_at <= $1::timestamptz
      ) AS is_scoped
      FROM credits.reservations r WHERE r.account = a.account AND r.expires_at > $1::timestamptz OFFSET 0
    ) r
  ) k`;

/**
 * Reads the same, and what is held now, of accounts on which something has come due that is not posted yet. Credits that
 * open holds have set aside of expired grants count once. Debt has the first claim on the others, except on those that are
 * for some kinds of usage only.
 */
const READ_DUE = `
  SELECT ${SETTINGS}, ${STATE}, p.credits::text AS pending, (p.credits + (
    SELECT coalesce(sum(h.credits), 0) FROM credits.holds h
    WHERE h.account = a.account AND h.status = 'open' AND h.expires_at > $1::timestamptz
  ) + greatest(0, e.credits - k.credits - a.debt) + e.scoped - k.scoped)::text AS held
  FROM credits.accounts a ${NEXT_EXPIRY}
  CROSS JOIN LATERAL (${toPending("$1")}) p ${EXPIRED}
  WHERE a.account = ANY ($2::text[])`;

/**
 * Reads an account as it stands at an instant, or null. It is one row by its key, and the live grants of an account on which
 * something will come due.
 */
export async function readAccount(reader: Reader, id: string, now: Instant): Promise<Account | null> {
  const [account] = await withDue(reader, await reader.query<Columns>(READ, [formatInstant(now), id]), now);
  return account ?? null;
}

/** A range of accounts in the order of their ids. */
export interface AccountRange {
  /** The beginning of the ids. An empty string for all. */
  readonly prefix: string;
  /** The first id to read. Null for the first of the prefix. */
  readonly from: string | null;
  readonly limit: number;
}

/** Reads accounts as they stand at an instant. They are one range of the primary key. */
export async function listAccounts(
  reader: Reader,
  { prefix, from, limit }: AccountRange,
  now: Instant,
): Promise<Account[]> {
  const params = [formatInstant(now), from ?? prefix, toEndOfPrefix(prefix), limit];
  return withDue(reader, await reader.query<Columns>(LIST, params), now);
}

const SURROGATES_START = 0xd800;
const SURROGATES_END = 0xe000;

/**
 * Returns the first string after all that begin with a prefix, or null when there is none. Bytes of UTF-8, and so the
 * collation "C", sort as the code points do.
 */
export function toEndOfPrefix(prefix: string): string | null {
  const points = Array.from(prefix, (character) => character.codePointAt(0) as number);
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last === 0x10ffff) continue;
    const next = last + 1 === SURROGATES_START ? SURROGATES_END : last + 1;
    return String.fromCodePoint(...points, next);
  }
  return null;
}

/** Returns the accounts in their columns. Those on which something has come due are read again, as they stand now. */
async function withDue(reader: Reader, found: readonly Columns[], now: Instant): Promise<Account[]> {
  const due = found.filter(({ due_at }) => due_at !== null && due_at <= now);
  if (due.length === 0) return found.map(fromColumns);
  const ids = due.map(({ account }) => account);
  const again = await reader.query<Columns>(READ_DUE, [formatInstant(now), ids]);
  const byId = new Map(again.map((columns) => [columns.account, columns]));
  return found.map((columns) => fromColumns(byId.get(columns.account) ?? columns));
}

function fromColumns(columns: Columns): Account {
  const remaining = Object.entries(JSON.parse(columns.remaining) as Record<string, string>);
  const held = BigInt(columns.held);
  return {
    id: columns.account,
    name: columns.name,
    timeZone: columns.time_zone,
    overdraftLimit: columns.overdraft_limit,
    metadata: columns.metadata,
    balance: columns.balance,
    held: micros(held),
    pending: micros(BigInt(columns.pending)),
    available: micros(columns.balance - held),
    remaining: remaining.map(([kind, digits]) => [kind, micros(BigInt(digits))]),
    closedAt: columns.closed_at,
    nextExpiry:
      columns.next_at === null
        ? null
        : {
            at: columns.next_at,
            credits: micros(BigInt(columns.next_credits as string)),
            kind: columns.next_kind,
          },
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
