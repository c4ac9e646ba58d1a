import { formatAmount, ZERO } from "../core/amount.js";
import type { BatchResult } from "../core/decide.js";
import { toPending } from "../core/grants.js";
import type { Instant } from "../core/instant.js";
import { toNextDue } from "../core/operations/expire.js";
import { type AccountState, type Changes, type LiveGrant, toTime } from "../core/state.js";
import { toRemaining } from "../core/sums.js";
import { NEWER_SCHEMA } from "../db/errors.js";
import { NEWEST_MIGRATION } from "../db/migrations.js";
import type { Parameter } from "../db/port.js";
import type { Part } from "../db/tables/columns.js";
import { writeRows } from "../db/tables/open-window.js";
import type { CachedAccount } from "./account-cache.js";
import { projectAccounts } from "./projections/account.js";
import { projectEntries } from "./projections/entries.js";
import { projectErasures } from "./projections/erasures.js";
import { projectExpiries } from "./projections/expiries.js";
import { projectGrants, toGrantChanges } from "./projections/grants.js";
import { projectHolds } from "./projections/holds.js";
import { projectKeys } from "./projections/keys.js";
import { projectLabels } from "./projections/labels.js";
import type { AccountChange, Projection } from "./projections/projection.js";
import { projectRows } from "./projections/rows.js";

/** The projections besides that of the accounts' own rows. */
const PROJECTIONS: readonly Projection[] = [
  projectKeys,
  projectGrants,
  projectHolds,
  projectExpiries,
  projectErasures,
  projectLabels,
  projectRows,
  projectEntries,
];

/**
 * The check that no newer version has migrated the database. A server of this version would write without what that version
 * relies on.
 */
const SCHEMA: Part = {
  name: "schema",
  cte: null,
  check: `
    SELECT credits.fail('${NEWER_SCHEMA}', NULL) WHERE EXISTS (SELECT FROM credits.migrations WHERE id > $1::integer)`,
  params: [NEWEST_MIGRATION],
};

/** The most versions that an account keeps while several servers change it. */
const RECENT_MAX = 32;

/** An account as a batch leaves it. */
export interface Decided {
  readonly cached: CachedAccount;
  readonly result: BatchResult;
}

/** A statement with its parameters. */
export interface Statement {
  readonly sql: string;
  readonly params: readonly Parameter[];
}

/**
 * Returns the statement that writes a batch, or null when there is nothing to write or to check. It is one statement, so it
 * takes one round trip and is one transaction. It fails, and writes nothing, unless all accounts are at the version from
 * which the batch was decided. The accounts get their next version.
 *
 * @param locked true if the accounts are locked, because another server changes them too
 */
export function persist(batch: readonly Decided[], now: Instant, locked: boolean): Statement | null {
  const changes = batch.map((decided) => toChange(decided, now, locked));
  const changed = changes.filter(({ isChanged }) => isChanged);
  const parts = [
    ...projectAccounts(changes),
    ...PROJECTIONS.flatMap((project) => (changed.length === 0 ? [] : project(changed))),
  ];
  if (parts.length === 0) return null;
  parts.push(SCHEMA);
  return { sql: toSql(parts), params: parts.flatMap(({ params }) => params) };
}

/** Statements by the parts that they are made of. There are few combinations of parts. */
const STATEMENTS = new Map<string, string>();

/** Joins parts to a statement: what is written in its WITH clause, then the checks, which end it where one fails. */
function toSql(parts: readonly Part[]): string {
  const name = parts.map((part) => part.name).join(" ");
  const known = STATEMENTS.get(name);
  if (known !== undefined) return known;
  let before = 0;
  const numbered = parts.map(({ cte, check, params }) => {
    const shift = before;
    before += params.length;
    const renumber = (sql: string | null) => sql?.replace(/\$(\d+)/g, (_, at) => `$${Number(at) + shift}`);
    return { cte: renumber(cte), check: renumber(check) };
  });
  const ctes = numbered.flatMap(({ cte }) => cte ?? []).join(", ");
  const checks = numbered.flatMap(({ check }) => check ?? []).join(" UNION ALL ");
  const sql = `WITH ${ctes} ${checks}`;
  STATEMENTS.set(name, sql);
  return sql;
}

/** Thrown when the books of an account do not add up. Nothing of the account is written. */
export class BooksError extends Error {
  override readonly name = "BooksError";
}

/**
 * Asserts that grants minus debt are the balance, that the open holds are what is held, and that grants have what holds set
 * aside.
 *
 * @throws BooksError when they are not
 */
export function assertBooks(
  { account, balance, debt, held, grants, sums }: AccountState,
  changes: Pick<Changes, "grants" | "reservations">,
): void {
  const { reserved, setAside } = sums;
  const remaining = toRemaining({ grants, sums });
  if (remaining - debt !== balance) {
    throw new BooksError(
      `The grants of account "${account}" have ${formatAmount(remaining)} remaining, which less the debt ${formatAmount(debt)} is not the balance ${formatAmount(balance)}. Run verify on the account.`,
    );
  }
  if (reserved !== setAside || hasShort(changes.grants) || hasShort(changes.reservations)) {
    throw new BooksError(
      `The open holds of account "${account}" have set aside ${formatAmount(setAside)}, which its grants do not keep for them. Run verify on the account.`,
    );
  }
  if (sums.held !== held) {
    throw new BooksError(
      `The open holds of account "${account}" are ${formatAmount(sums.held)}, which is not the ${formatAmount(held)} held. Run verify on the account.`,
    );
  }
}

/** True if a changed grant has less than holds have set aside of it. */
function hasShort(changes: readonly { readonly grant: LiveGrant }[]): boolean {
  for (const { grant } of changes) if (grant.reserved < ZERO || grant.reserved > grant.remaining) return true;
  return false;
}

function toChange({ cached, result }: Decided, given: Instant, locked: boolean): AccountChange {
  const { state, version: versionBefore } = cached;
  const now = toTime(state, given);
  const { changes } = result;
  prune(state);
  const moved = changes.expiries.length === 0 ? NONE : new Set(changes.expiries.map(({ grant }) => grant));
  const grants = toGrantChanges(state, cached.drawn, changes.grants, moved);
  const dueAt = toNextDue(state, now);
  const isChanged = changes.entries.length > 0 || changes.holds.length > 0 || dueAt !== cached.dueAt;
  if (isChanged) {
    cached.version = nextVersion();
    cached.changes += 1;
    cached.recentVersions = locked ? [...cached.recentVersions, cached.version].slice(-RECENT_MAX) : [];
  }
  cached.drawn = grants.drawn;
  cached.dueAt = dueAt;
  if (changes.holds.length > 0) cached.hasHeld = true;
  cached.holds += changes.holds.filter(({ before }) => before === null).length;
  writeRows(state.window, cached.rows);
  const pending = toPending(state, now);
  return { account: state.account, cached, result, versionBefore, isChanged, grants, pending };
}

const NONE: ReadonlySet<number> = new Set();

/** Returns a version that no server has seen. */
const nextVersion = () => Math.floor(Math.random() * Number.MAX_SAFE_INTEGER);

/** Drops the grants that are used up. */
function prune(state: AccountState): void {
  const { sums } = state;
  if (!sums.hasEmpty) return;
  const live: LiveGrant[] = [];
  for (const grant of state.grants) {
    if (grant.remaining > 0n) live.push(grant);
    else sums.bySeq?.delete(grant.seq);
  }
  state.grants = live;
  sums.hasEmpty = false;
  sums.firstFree = 0;
}
