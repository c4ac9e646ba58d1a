import type { Grant } from "../ledger/entry.js";
import type { Instant } from "../ledger/instant.js";
import type { AccountState, GrantChange } from "../ledger/state.js";
import type { WrittenRow } from "./open-window.js";

/** An account as the database has it at a version, or, from when a batch is decided until it is written, will have it. */
export interface KnownAccount {
  /** Its grants with something remaining and its open holds only. */
  readonly state: AccountState;
  /** What every change of the account's line replaces by a new random number. */
  version: number;
  /** The `seq` of the grant for which the line keeps what remains, or null. */
  drawn: number | null;
  /** When time alone changes the account next, as the line says. */
  dueAt: Instant | null;
  /** Whether the account has ever had a hold. */
  hasHeld: boolean;
  /** The rows of the open window as the line has them. */
  readonly rows: WrittenRow[];
}

/** How a batch leaves an account's grants: which are new, which have another line to be updated, and which is drawn on. */
export interface GrantChanges {
  readonly added: readonly Grant[];
  readonly updated: readonly Grant[];
  readonly drawn: number | null;
}

/**
 * Sorts out where the grants of a batch are written. What remains of the grant that was drawn on last stays on the
 * account's line, which is updated anyway, until another one takes its place. Only a grant that had something remaining
 * already can be it, so that those with something remaining can always be found by their own lines.
 *
 * @param last the grant the line keeps so far
 */
export function grantChanges(
  { grants }: AccountState,
  last: number | null,
  changes: readonly GrantChange[],
): GrantChanges {
  const [only] = changes;
  if (only === undefined) return noneOf(last);
  if (changes.length === 1 && only.grant.seq === last && only.grant.remaining > 0n) {
    // Most batches of an account only go on drawing on the same grant.
    return noneOf(last);
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
    const kept = grants.find((grant) => grant.seq === last);
    if (drawn === undefined) return { added, updated, drawn: last };
    if (kept !== undefined) updated.push(kept);
  }
  return {
    added,
    updated: updated.filter((grant) => grant.seq !== drawn?.seq),
    drawn: drawn?.seq ?? null,
  };
}

const NONE: readonly Grant[] = [];
const noneOf = (drawn: number | null): GrantChanges => ({ added: NONE, updated: NONE, drawn });
