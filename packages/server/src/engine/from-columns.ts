import { type Micros, ZERO } from "../core/amount.js";
import { catchUp, takeIn } from "../core/catch-up.js";
import type { Grant, Hold } from "../core/entry.js";
import { compareGrants, findGrant } from "../core/grants.js";
import type { Instant } from "../core/instant.js";
import type { AccountState } from "../core/state.js";
import { toSums } from "../core/sums.js";
import { fromGrantColumns, type GrantColumns } from "../db/tables/grants.js";
import { fromHoldColumns, type HoldColumns } from "../db/tables/holds.js";
import { parseWindow } from "../db/tables/open-window.js";
import type { CachedAccount } from "./account-cache.js";

/** A row of `credits.accounts` as far as commands are decided from it. */
export interface AccountColumns {
  account: string;
  version: bigint;
  changes: bigint;
  recent_versions: string;
  closed_at: Instant | null;
  overdraft_limit: Micros;
  balance: Micros;
  held: Micros;
  debt: Micros;
  seq: bigint;
  hash: string;
  rows_all: bigint;
  rows_added: bigint;
  rows_used: bigint;
  rows_adjustments: bigint;
  open_window: string | null;
  drawn_grant: bigint | null;
  drawn_remaining: Micros | null;
  due_at: Instant | null;
  has_held: boolean;
  holds: bigint;
}

/** The columns of `AccountColumns`. */
export const ACCOUNT_COLUMNS =
  "account, version, changes, recent_versions, closed_at, overdraft_limit, balance, held, debt, seq, hash, rows_all, rows_added, rows_used, rows_adjustments, open_window, drawn_grant, drawn_remaining, due_at, has_held, holds";

/** True if a cached account is as its row has it. Its overdraft limit is compared too, because a person may set it by hand. */
export function isCurrent({ version, state }: CachedAccount, columns: AccountColumns): boolean {
  return Number(columns.version) === version && columns.overdraft_limit === state.overdraftLimit;
}

/**
 * True if what another server has changed of a cached account can be read by its number. The account is open, because
 * erasures are not numbered. And it has been at the cached version, unlike one whose commit a failover has lost.
 */
export function canCatchUp({ version }: CachedAccount, columns: AccountColumns): boolean {
  return columns.closed_at === null && parseVersions(columns).includes(version);
}

function parseVersions({ recent_versions: versions }: AccountColumns): number[] {
  return versions === "" ? [] : versions.split(" ").map(Number);
}

/**
 * Returns an account with all that is live of it.
 *
 * @param recordedAt the time of its last entry, or null
 */
export function toCached(
  columns: AccountColumns,
  recordedAt: Instant | null,
  live: readonly GrantColumns[],
  open: readonly HoldColumns[],
): CachedAccount {
  const grants = live.map((grant) => ({ ...toGrant(columns, grant), reserved: ZERO })).sort(compareGrants);
  const books = { grants, holds: new Map<string, Hold>(), sums: toSums(grants, []) };
  for (const hold of open) takeIn(books, fromHoldColumns(hold));
  return withBooks(columns, recordedAt, books);
}

/**
 * Returns an account as another server has left it, from what it was before.
 *
 * @param recordedAt the time of its last entry, or null
 */
export function toCaughtUp(
  { state }: CachedAccount,
  columns: AccountColumns,
  recordedAt: Instant | null,
  changedGrants: readonly GrantColumns[],
  changedHolds: readonly HoldColumns[],
): CachedAccount {
  const changed: Grant[] = changedGrants.map((grant) => toGrant(columns, grant));
  const drawn = columns.drawn_grant === null ? undefined : findGrant(state, Number(columns.drawn_grant));
  if (drawn !== undefined && !changed.some(({ seq }) => seq === drawn.seq)) {
    changed.push({ ...drawn, remaining: columns.drawn_remaining ?? drawn.remaining });
  }
  catchUp(state, changed, changedHolds.map(fromHoldColumns));
  return withBooks(columns, recordedAt, state);
}

/** Returns a grant. The account's row has what remains of the one that was drawn on last. */
function toGrant(
  { drawn_grant: drawn, drawn_remaining: remaining }: AccountColumns,
  grant: GrantColumns,
): Grant {
  return {
    ...fromGrantColumns(grant),
    remaining: (grant.seq === drawn ? remaining : null) ?? grant.remaining,
  };
}

function withBooks(
  columns: AccountColumns,
  recordedAt: Instant | null,
  { grants, holds, sums }: Pick<AccountState, "grants" | "holds" | "sums">,
): CachedAccount {
  const state: AccountState = {
    account: columns.account,
    overdraftLimit: columns.overdraft_limit,
    closedAt: columns.closed_at,
    balance: columns.balance,
    held: columns.held,
    debt: columns.debt,
    seq: Number(columns.seq),
    hash: columns.hash,
    recordedAt,
    grants,
    holds,
    totals: {
      all: Number(columns.rows_all),
      added: Number(columns.rows_added),
      used: Number(columns.rows_used),
      adjustments: Number(columns.rows_adjustments),
    },
    window: parseWindow(columns.open_window),
    sums,
  };
  return {
    state,
    version: Number(columns.version),
    changes: Number(columns.changes),
    recentVersions: parseVersions(columns),
    drawn: columns.drawn_grant === null ? null : Number(columns.drawn_grant),
    dueAt: columns.due_at,
    hasHeld: columns.has_held,
    holds: Number(columns.holds),
    rows: [],
    weight: 0,
    weighed: { count: 0, weight: 0 },
  };
}
