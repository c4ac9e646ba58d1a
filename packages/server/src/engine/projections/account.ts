import { type Micros, micros, ZERO } from "../../core/amount.js";
import { isPending } from "../../core/grants.js";
import type { Instant } from "../../core/instant.js";
import type { AccountState } from "../../core/state.js";
import { STALE_ACCOUNT } from "../../db/errors.js";
import type { SqlArray } from "../../db/port.js";
import type { Part } from "../../db/tables/columns.js";
import { toWindowJson } from "../../db/tables/open-window.js";
import type { CachedAccount } from "../account-cache.js";
import type { AccountChange } from "./projection.js";

/**
 * Updates, and so locks, accounts in the order of their ids, so that two batches never wait for each other in a circle. An
 * account that another server has changed is at another version. Its overdraft limit is compared too, because a person may
 * set that by hand.
 */
const UPDATE_ACCOUNTS = `
  changed_accounts AS (
    UPDATE credits.accounts a SET version = n.next_version, balance = n.balance, held = n.held, pending = n.pending::numeric,
      debt = n.debt, seq = n.seq, hash = n.hash, rows_all = n.rows_added + n.rows_used + n.rows_adjustments,
      rows_added = n.rows_added, rows_used = n.rows_used, rows_adjustments = n.rows_adjustments,
      open_window = n.open_window, drawn_grant = n.drawn_grant, drawn_remaining = n.drawn_remaining,
      remaining = n.remaining, has_held = n.has_held, due_at = n.due_at
    FROM (
      SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[],
        $8::bytea[], $9::bigint[], $10::bigint[], $11::bigint[], $12::text[], $13::bigint[], $14::bigint[], $15::text[],
        $16::boolean[], $17::timestamptz[], $18::bigint[], $19::bigint[])
      AS given (account, version, balance, held, pending, debt, seq, hash, rows_added, rows_used, rows_adjustments,
        open_window, drawn_grant, drawn_remaining, remaining, has_held, due_at, next_version, overdraft_limit)
      ORDER BY account COLLATE "C"
    ) n WHERE a.account = n.account AND a.version = n.version AND a.overdraft_limit = n.overdraft_limit
    RETURNING a.account
  )`;

/** Finds accounts that are not written, but whose state was relied on to refuse something. */
const FIND_ACCOUNTS = `
  found_accounts AS (
    SELECT a.account FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS given (account, version, overdraft_limit)
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
export function projectAccounts(changes: readonly AccountChange[], now: Instant): readonly Part[] {
  const parts: Part[] = [];
  const changed = changes.filter(({ isChanged }) => isChanged);
  if (changed.length > 0)
    parts.push({
      name: "accounts",
      cte: UPDATE_ACCOUNTS,
      check: CHANGED_ARE_CURRENT,
      params: toColumns(changed, now),
    });
  const found = changes.filter(({ isChanged }) => !isChanged);
  if (found.length > 0) {
    const params: SqlArray[] = [
      { array: "text", values: found.map(({ account }) => account) },
      { array: "bigint", values: found.map(({ versionBefore }) => versionBefore) },
      { array: "bigint", values: found.map(({ cached }) => cached.state.overdraftLimit) },
    ];
    parts.push({ name: "found accounts", cte: FIND_ACCOUNTS, check: FOUND_ARE_CURRENT, params });
  }
  return parts;
}

/** Returns the columns of accounts, each an array. */
function toColumns(changed: readonly AccountChange[], now: Instant): SqlArray[] {
  const numbers = (pick: (cached: CachedAccount) => bigint | number | null): SqlArray => ({
    array: "bigint",
    values: changed.map(({ cached }) => pick(cached)),
  });
  const strings = (pick: (cached: CachedAccount) => string | null): SqlArray => ({
    array: "text",
    values: changed.map(({ cached }) => pick(cached)),
  });
  return [
    strings(({ state }) => state.account),
    { array: "bigint", values: changed.map(({ versionBefore }) => versionBefore) },
    numbers(({ state }) => state.balance),
    numbers(({ state }) => state.held),
    strings(({ state }) => toPending(state, now).toString()),
    numbers(({ state }) => state.debt),
    numbers(({ state }) => state.seq),
    { array: "bytea", values: changed.map(({ cached }) => cached.state.hash) },
    numbers(({ state }) => state.totals.added),
    numbers(({ state }) => state.totals.used),
    numbers(({ state }) => state.totals.adjustments),
    strings(({ state, rows }) => toWindowJson(state.window, rows)),
    numbers(({ drawn }) => drawn),
    numbers(toDrawnRemaining),
    strings(({ state }) => toRemainingJson(state)),
    { array: "boolean", values: changed.map(({ cached }) => cached.hasHeld) },
    { array: "timestamptz", values: changed.map(({ cached }) => cached.dueAt) },
    numbers(({ version }) => version),
    numbers(({ state }) => state.overdraftLimit),
  ];
}

/** Returns what remains of grants that are not effective yet. */
function toPending(state: AccountState, now: Instant): Micros {
  let pending = ZERO;
  for (const grant of state.grants) if (isPending(grant, now)) pending = micros(pending + grant.remaining);
  return pending;
}

function toDrawnRemaining({ state, drawn }: CachedAccount): Micros | null {
  if (drawn === null) return null;
  return state.grants.find((grant) => grant.seq === drawn)?.remaining ?? null;
}

/** Returns what remains of an account's grants by kind, as `credits.accounts.remaining` keeps it. */
function toRemainingJson({ grants }: AccountState): string {
  const [only] = grants;
  if (only !== undefined && grants.length === 1) return `{"${only.kind}":"${only.remaining}"}`;
  const sums = new Map<string, bigint>();
  for (const grant of grants) sums.set(grant.kind, (sums.get(grant.kind) ?? 0n) + grant.remaining);
  return JSON.stringify(Object.fromEntries([...sums].map(([kind, sum]) => [kind, sum.toString()])));
}
