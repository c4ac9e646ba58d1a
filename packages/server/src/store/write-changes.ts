import type { BatchResult } from "../ledger/batch.js";
import { amount, type Credits, ZERO } from "../ledger/credits.js";
import { isPending } from "../ledger/draw.js";
import { nextDue } from "../ledger/due.js";
import type { Instant } from "../ledger/instant.js";
import type { AccountState } from "../ledger/state.js";
import type { List } from "./arrays.js";
import {
  COPY_ENTRIES,
  COPY_GRANTS,
  COPY_ROWS,
  entryLines,
  grantLines,
  type Owned,
  rowLines,
} from "./copy.js";
import { KNOWN_KEY, STALE_ACCOUNT, type Step } from "./database.js";
import { type GrantChanges, grantChanges, type KnownAccount } from "./known-account.js";
import { windowText, writeRows } from "./open-window.js";
import { holdJson } from "./rows.js";

/** Fails with the accounts that are not at the version somebody remembered. */
const FAIL_IF_STALE = `
  SELECT credits.fail('${STALE_ACCOUNT}', (
    SELECT json_agg(account)::text FROM unnest($1::text[]) AS account WHERE account NOT IN (SELECT account FROM current)
  )) WHERE (SELECT count(*) FROM current) <> cardinality($1::text[])`;

/**
 * Accounts are updated, and so locked, in the order of their ids, so that two batches never wait for each other in a
 * circle. One that somebody else has changed meanwhile is not at its version any more; its overdraft limit is compared
 * too, since a person may set that by hand.
 */
const UPDATE_ACCOUNTS = `
  WITH current AS (
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
  ) ${FAIL_IF_STALE}`;

/** For accounts that are not changed, but whose state was relied on to refuse something. */
const CHECK_ACCOUNTS = `
  WITH current AS (
    SELECT a.account FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS given (account, version, overdraft_limit)
    JOIN credits.accounts a ON a.account = given.account AND a.version = given.version
      AND a.overdraft_limit = given.overdraft_limit
  ) ${FAIL_IF_STALE}`;

/** Keys are unique across entries and holds. Among entries an index sees to it, beyond them this. */
const CHECK_KEYS = `
  SELECT credits.fail('${KNOWN_KEY}', NULL) FROM unnest($1::text[], $2::text[]) AS given (account, key)
  CROSS JOIN LATERAL (
    (SELECT FROM credits.entries e WHERE e.account = given.account AND e.key = given.key LIMIT 1)
    UNION ALL (SELECT FROM credits.holds h WHERE h.account = given.account AND h.key = given.key LIMIT 1)
    UNION ALL (SELECT FROM credits.holds h WHERE h.account = given.account AND h.release_key = given.key LIMIT 1)
  ) found LIMIT 1`;

const UPDATE_GRANTS = `
  UPDATE credits.grants g SET remaining = n.remaining
  FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS n (account, seq, remaining)
  WHERE g.account = n.account AND g.seq = n.seq`;

const UPSERT_HOLDS = `
  INSERT INTO credits.holds SELECT * FROM json_populate_recordset(NULL::credits.holds, $1::json)
  ON CONFLICT (account, hold) DO UPDATE SET status = excluded.status, settled_seq = excluded.settled_seq,
    release_key = excluded.release_key, release_fingerprint = excluded.release_fingerprint`;

/** What a batch did to one account. */
export interface AccountChanges {
  /** The account as the batch leaves it. */
  readonly known: KnownAccount;
  readonly result: BatchResult;
}

/**
 * Says how to write what a batch did, in statements to be run in one transaction; none when there is nothing to write or
 * to check. The first one locks the accounts and fails unless all are at the version from which the batch was decided.
 * The accounts get the version they will have.
 */
export function writingOf(batch: readonly AccountChanges[], now: Instant): readonly Step[] {
  const written = batch.map((one) => writtenOf(one, now));
  const changed = written.filter((one) => one.isChanged);
  const steps: Step[] = [];
  const add = (sql: string, rows: readonly unknown[], params: () => readonly unknown[]) => {
    if (rows.length > 0) steps.push({ sql, params: params() });
  };
  const copy = (sql: string, lines: Buffer | null) => {
    if (lines !== null) steps.push({ copy: sql, lines });
  };
  add(UPDATE_ACCOUNTS, changed, () => accountColumns(changed));
  const checked = written.filter((one) => !one.isChanged);
  add(CHECK_ACCOUNTS, checked, () => [
    { list: "text", values: checked.map((one) => one.account) },
    { list: "bigint", values: checked.map((one) => one.versionBefore) },
    { list: "bigint", values: checked.map((one) => one.known.state.overdraftLimit) },
  ]);
  const keys = changed.flatMap((one) => (one.known.hasHeld ? keysOf(one) : []));
  add(CHECK_KEYS, keys, () => [keys.map((key) => key.account), keys.map((key) => key.key)]);
  const grants = changed.flatMap(({ account, grants }) =>
    grants.updated.map((grant) => ({ account, grant })),
  );
  add(UPDATE_GRANTS, grants, () => [
    grants.map(({ account }) => account),
    { list: "bigint", values: grants.map(({ grant }) => grant.seq) },
    { list: "bigint", values: grants.map(({ grant }) => grant.remaining) },
  ]);
  const holds = changed.flatMap(({ account, result }) => {
    const latest = new Map(result.changes.holds.map((hold) => [hold.hold, hold]));
    return [...latest.values()].map((hold) => holdJson(account, hold));
  });
  add(UPSERT_HOLDS, holds, () => [JSON.stringify(holds)]);
  copy(COPY_GRANTS, grantLines(ownedBy(changed, ({ grants }) => grants.added)));
  copy(COPY_ROWS, rowLines(ownedBy(changed, ({ result }) => result.changes.rows)));
  copy(COPY_ENTRIES, entryLines(changed.flatMap(({ result }) => result.changes.entries)));
  return steps;
}

/** What accounts have of something, each together with its account. */
function ownedBy<T>(changed: readonly Written[], of: (one: Written) => readonly T[]): Owned<T>[] {
  return changed.flatMap((one) => of(one).map((each) => ({ account: one.account, of: each })));
}

/** An account of a batch with all that is written of it. */
interface Written extends AccountChanges {
  readonly account: string;
  readonly versionBefore: number;
  readonly isChanged: boolean;
  readonly grants: GrantChanges;
  /** What remains of grants that are not effective yet. */
  readonly pending: Credits;
}

function writtenOf({ known, result }: AccountChanges, now: Instant): Written {
  const { state, version: versionBefore } = known;
  const { changes } = result;
  prune(state);
  const grants = grantChanges(state, known.drawn, changes.grants);
  const dueAt = nextDue(state, now);
  const isChanged = changes.entries.length > 0 || changes.holds.length > 0 || dueAt !== known.dueAt;
  if (isChanged) known.version = nextVersion();
  known.drawn = grants.drawn;
  known.dueAt = dueAt;
  if (changes.holds.length > 0) known.hasHeld = true;
  writeRows(state.window, known.rows);
  const pending = pendingOf(state, now);
  return { account: state.account, known, result, versionBefore, isChanged, grants, pending };
}

/** A version nobody has seen before. */
const nextVersion = () => Math.floor(Math.random() * Number.MAX_SAFE_INTEGER);

/** Drops the grants that are used up and the holds that are closed. */
function prune(state: AccountState): void {
  if (state.grants.some((grant) => grant.remaining === ZERO))
    state.grants = state.grants.filter((grant) => grant.remaining > 0n);
  if (state.holds.some((hold) => hold.status !== "open"))
    state.holds = state.holds.filter((hold) => hold.status === "open");
}

/** The columns of accounts, each a list. */
function accountColumns(changed: readonly Written[]): List[] {
  const numbers = (of: (one: Written) => bigint | number | null): List => ({
    list: "bigint",
    values: changed.map(of),
  });
  const texts = (of: (one: Written) => string | null): List => ({ list: "text", values: changed.map(of) });
  return [
    texts(({ account }) => account),
    numbers(({ versionBefore }) => versionBefore),
    numbers(({ known }) => known.state.balance),
    numbers(({ known }) => known.state.held),
    texts(({ pending }) => pending.toString()),
    numbers(({ known }) => known.state.debt),
    numbers(({ known }) => known.state.seq),
    { list: "bytea", values: changed.map(({ known }) => known.state.hash) },
    numbers(({ known }) => known.state.totals.added),
    numbers(({ known }) => known.state.totals.used),
    numbers(({ known }) => known.state.totals.adjustments),
    texts(({ known }) => windowText(known.state.window, known.rows)),
    numbers(({ known }) => known.drawn),
    numbers(({ known }) => drawnRemaining(known)),
    texts(({ known }) => remainingText(known.state)),
    { list: "boolean", values: changed.map(({ known }) => known.hasHeld) },
    { list: "timestamptz", values: changed.map(({ known }) => known.dueAt) },
    numbers(({ known }) => known.version),
    numbers(({ known }) => known.state.overdraftLimit),
  ];
}

function pendingOf(state: AccountState, now: Instant): Credits {
  let pending = ZERO;
  for (const grant of state.grants) if (isPending(grant, now)) pending = amount(pending + grant.remaining);
  return pending;
}

function drawnRemaining({ state, drawn }: KnownAccount): Credits | null {
  if (drawn === null) return null;
  return state.grants.find((grant) => grant.seq === drawn)?.remaining ?? null;
}

/** What remains of an account's grants by kind, as `credits.accounts.remaining` keeps it. */
function remainingText({ grants }: AccountState): string {
  const [only] = grants;
  if (only !== undefined && grants.length === 1) return `{"${only.kind}":"${only.remaining}"}`;
  const sums: Partial<Record<string, bigint>> = {};
  for (const grant of grants) sums[grant.kind] = (sums[grant.kind] ?? 0n) + grant.remaining;
  return JSON.stringify(sums, (_kind, value) => (typeof value === "bigint" ? value.toString() : value));
}

/** The keys an account's changes use for the first time. */
function keysOf({ account, result }: Written): { readonly account: string; readonly key: string }[] {
  const { entries, holds } = result.changes;
  const keys = [
    ...entries.map((entry) => entry.key),
    ...holds.map((hold) => (hold.status === "open" ? hold.key : hold.releaseKey)),
  ];
  return keys.filter((key) => key !== null).map((key) => ({ account, key }));
}
