import type { Grant } from "../../core/entry.js";
import { findGrant } from "../../core/grants.js";
import type { AccountState, GrantChange } from "../../core/state.js";
import {
  CHANGE,
  type Column,
  type Owned,
  toArraysNow,
  toTable,
  withAccount,
} from "../../db/tables/columns.js";
import { insertGrants } from "../../db/tables/grants.js";
import { collect, type GrantChanges, type Projection } from "./projection.js";

const CHANGED: readonly Column<Owned<Grant>>[] = [
  ...withAccount<Grant>([
    { name: "seq", array: "bigint", value: ({ seq }) => seq },
    { name: "remaining", array: "bigint", value: ({ remaining }) => remaining },
    { name: "expires_at", array: "timestamptz", value: ({ expiresAt }) => expiresAt },
  ]),
  CHANGE,
];

const UPDATE_GRANTS = `
  changed_grants AS (
    UPDATE credits.grants g SET remaining = n.remaining, expires_at = n.expires_at, change = n.change FROM ${toTable("n", CHANGED)}
    WHERE g.account = n.account AND g.seq = n.seq
  )`;

/** Updates what remains of grants, and adds the new ones. */
export const projectGrants: Projection = (changes) => {
  // Later batches change what remains of grants.
  const added = insertGrants(collect(changes, ({ grants }) => grants.added.map((grant) => ({ ...grant }))));
  const updated = collect(changes, ({ grants }) => grants.updated);
  if (updated.length === 0) return added;
  const params = toArraysNow(CHANGED, updated);
  return [{ name: "changed grants", cte: UPDATE_GRANTS, check: null, params }, ...added];
};

/**
 * Decides where the grants of a batch are written. The account's row, which is updated anyway, keeps what remains of the
 * grant that was drawn on last, until another one takes its place. Only a grant that had something remaining before can be
 * it, so those with something remaining are always found by their own rows.
 *
 * @param last the grant that the account's row keeps so far
 * @param moved the grants whose expiry was moved; their own rows are updated in any case
 */
export function toGrantChanges(
  state: AccountState,
  last: number | null,
  changes: readonly GrantChange[],
  moved: ReadonlySet<number>,
): GrantChanges {
  const [only] = changes;
  if (only === undefined) return unchanged(last);
  if (changes.length === 1 && only.grant.seq === last && only.grant.remaining > 0n && moved.size === 0) {
    // Most batches of an account only go on drawing on the same grant.
    return unchanged(last);
  }
  const first = new Map<number, GrantChange>();
  for (const change of changes) if (!first.has(change.grant.seq)) first.set(change.grant.seq, change);
  const added: Grant[] = [];
  const updated: Grant[] = [];
  let drawn: Grant | undefined;
  for (const { grant, before } of first.values()) {
    if (before === null) {
      added.push(grant);
      continue;
    }
    updated.push(grant);
    if (grant.remaining > 0n && before > 0n) drawn = grant;
  }
  if (updated.length === 0) return { added, updated, drawn: last };
  if (last !== null && !first.has(last)) {
    const kept = findGrant(state, last);
    if (drawn === undefined) return { added, updated, drawn: last };
    if (kept !== undefined) updated.push(kept);
  }
  return {
    added,
    updated: updated.filter(({ seq }) => seq !== drawn?.seq || moved.has(seq)),
    drawn: drawn?.seq ?? null,
  };
}

const NONE: readonly Grant[] = [];
const unchanged = (drawn: number | null): GrantChanges => ({ added: NONE, updated: NONE, drawn });
