import type { Micros } from "../../core/amount.js";
import { findGrant } from "../../core/grants.js";
import type { AccountState } from "../../core/state.js";
import { toByKind } from "../../core/sums.js";
import { STALE_ACCOUNT } from "../../db/errors.js";
import { type Column, type Part, toArraysNow, toTable } from "../../db/tables/columns.js";
import { toWindowJson } from "../../db/tables/open-window.js";
import type { CachedAccount } from "../account-cache.js";
import type { AccountChange, Projection } from "./projection.js";

/** The columns of an account that batches change. */
const CHANGED: readonly Column<AccountChange>[] = [
  { name: "account", array: "text", value: ({ account }) => account },
  { name: "version", array: "bigint", value: ({ versionBefore }) => versionBefore },
  { name: "overdraft_limit", array: "bigint", value: ({ cached }) => cached.state.overdraftLimit },
  { name: "next_version", array: "bigint", value: ({ cached }) => cached.version },
  { name: "closed_at", array: "timestamptz", value: ({ cached }) => cached.state.closedAt },
  { name: "balance", array: "bigint", value: ({ cached }) => cached.state.balance },
  { name: "held", array: "bigint", value: ({ cached }) => cached.state.held },
  { name: "pending", array: "text", value: ({ pending }) => pending.toString() },
  { name: "debt", array: "bigint", value: ({ cached }) => cached.state.debt },
  { name: "seq", array: "bigint", value: ({ cached }) => cached.state.seq },
  { name: "hash", array: "bytea", value: ({ cached }) => cached.state.hash },
  { name: "rows_added", array: "bigint", value: ({ cached }) => cached.state.totals.added },
  { name: "rows_used", array: "bigint", value: ({ cached }) => cached.state.totals.used },
  { name: "rows_adjustments", array: "bigint", value: ({ cached }) => cached.state.totals.adjustments },
  {
    name: "open_window",
    array: "text",
    value: ({ cached }) => toWindowJson(cached.state.window, cached.rows),
  },
  { name: "drawn_grant", array: "bigint", value: ({ cached }) => cached.drawn },
  { name: "drawn_remaining", array: "bigint", value: ({ cached }) => toDrawnRemaining(cached) },
  { name: "remaining", array: "text", value: ({ cached }) => toRemainingJson(cached.state) },
  { name: "has_held", array: "boolean", value: ({ cached }) => cached.hasHeld },
  { name: "holds", array: "bigint", value: ({ cached }) => cached.holds },
  { name: "due_at", array: "timestamptz", value: ({ cached }) => cached.dueAt },
];

/** The columns of an account that is locked, because another server changes it too. */
const CHANGED_LOCKED: readonly Column<AccountChange>[] = [
  ...CHANGED,
  { name: "recent_versions", array: "text", value: ({ cached }) => cached.recentVersions.join(" ") },
];

/** The columns by which an account is compared. */
const COMPARED = CHANGED.slice(0, 3);

/**
 * Updates, and so locks, accounts in the order of their ids, so that two batches never wait for each other in a circle. An
 * account that another server has changed is at another version. Its overdraft limit is compared too, because a person may
 * set that by hand.
 *
 * @param recent the recent versions that the accounts get
 */
const toUpdate = (columns: readonly Column<AccountChange>[], recent: string): string => `
  changed_accounts AS (
    UPDATE credits.accounts a SET version = n.next_version, changes = a.changes + 1, recent_versions = ${recent}, closed_at = n.closed_at, balance = n.balance, held = n.held, pending = n.pending::numeric,
      debt = n.debt, seq = n.seq, hash = n.hash, rows_all = n.rows_added + n.rows_used + n.rows_adjustments,
      rows_added = n.rows_added, rows_used = n.rows_used, rows_adjustments = n.rows_adjustments,
      open_window = n.open_window, drawn_grant = n.drawn_grant, drawn_remaining = n.drawn_remaining,
      remaining = n.remaining, has_held = n.has_held, holds = n.holds, due_at = n.due_at
    FROM (SELECT * FROM ${toTable("given", columns)} ORDER BY account COLLATE "C") n
    WHERE a.account = n.account AND a.version = n.version AND a.overdraft_limit = n.overdraft_limit
    RETURNING a.account
  )`;

const UPDATE_ACCOUNTS = toUpdate(CHANGED, "''");
const UPDATE_LOCKED = toUpdate(CHANGED_LOCKED, "n.recent_versions");

/** Finds accounts that are not written, but whose state was relied on to refuse something. */
const FIND_ACCOUNTS = `
  found_accounts AS (
    SELECT a.account FROM ${toTable("given", COMPARED)}
    JOIN credits.accounts a ON a.account = given.account AND a.version = given.version
      AND a.overdraft_limit = given.overdraft_limit
  )`;

/** Returns the check that fails with the accounts that are not at the version from which the batch was decided. */
const failIfStale = (current: string): string => `
  SELECT credits.fail('${STALE_ACCOUNT}', (
    SELECT json_agg(account)::text FROM unnest($1::text[]) AS account WHERE account NOT IN (SELECT account FROM ${current})
  )) WHERE (SELECT count(*) FROM ${current}) <> cardinality($1::text[])`;

const CHANGED_ARE_CURRENT = failIfStale("changed_accounts");
const FOUND_ARE_CURRENT = failIfStale("found_accounts");

/** Writes the accounts' own rows, which locks them, and fails unless all accounts are current. */
export const projectAccounts: Projection = (changes) => {
  const parts: Part[] = [];
  const changed = changes.filter(({ isChanged }) => isChanged);
  // All accounts of a batch are locked, or none.
  const isLocked = changed.some(({ cached }) => cached.recentVersions.length > 0);
  if (changed.length > 0)
    parts.push({
      name: isLocked ? "locked accounts" : "accounts",
      cte: isLocked ? UPDATE_LOCKED : UPDATE_ACCOUNTS,
      check: CHANGED_ARE_CURRENT,
      params: toArraysNow(isLocked ? CHANGED_LOCKED : CHANGED, changed),
    });
  const found = changes.filter(({ isChanged }) => !isChanged);
  if (found.length > 0)
    parts.push({
      name: "found accounts",
      cte: FIND_ACCOUNTS,
      check: FOUND_ARE_CURRENT,
      params: toArraysNow(COMPARED, found),
    });
  return parts;
};

function toDrawnRemaining({ state, drawn }: CachedAccount): Micros | null {
  if (drawn === null) return null;
  return findGrant(state, drawn)?.remaining ?? null;
}

/** Returns what remains of an account's grants by kind, as `credits.accounts.remaining` keeps it. */
function toRemainingJson(state: AccountState): string {
  let json = "{";
  for (const [kind, sum] of toByKind(state)) json += `${json === "{" ? "" : ","}"${kind}":"${sum}"`;
  return `${json}}`;
}
