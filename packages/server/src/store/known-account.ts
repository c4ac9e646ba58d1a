import type { Grant } from "../ledger/entry.js";
import type { Instant } from "../ledger/instant.js";
import type { AccountState } from "../ledger/state.js";
import type { WrittenRow } from "./open-window.js";

/** An account as the database has it at a version. */
export interface KnownAccount {
  /** Its grants with something remaining and its open holds only. */
  readonly state: AccountState;
  /** What every change of the account's line replaces by a new random number. */
  readonly version: number;
  /** The `seq` of the grant for which the line keeps what remains, or null. */
  readonly drawn: number | null;
  /** When time alone changes the account next, as the line says. */
  readonly dueAt: Instant | null;
  /** Whether the account has ever had a hold. */
  readonly hasHeld: boolean;
  /** The rows of the open window as the line has them. */
  readonly rows: readonly WrittenRow[];
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
 */
export function grantChanges(
  before: KnownAccount,
  after: AccountState,
  changes: readonly Grant[],
): GrantChanges {
  if (changes.length === 0) return { added: [], updated: [], drawn: before.drawn };
  const [only] = changes;
  if (changes.length === 1 && only?.seq === before.drawn && only.remaining > 0n) {
    // Most batches of an account only go on drawing on the same grant.
    return { added: [], updated: [], drawn: before.drawn };
  }
  const latest = new Map(changes.map((grant) => [grant.seq, grant]));
  const added: Grant[] = [];
  const updated: Grant[] = [];
  let drawn: Grant | undefined;
  for (const grant of latest.values()) {
    if (grant.seq > before.state.seq) added.push(grant);
    else {
      updated.push(grant);
      if (grant.remaining > 0n && wasLive(before.state, grant.seq)) drawn = grant;
    }
  }
  if (updated.length === 0) return { added, updated, drawn: before.drawn };
  const last = before.drawn;
  if (last !== null && !latest.has(last)) {
    const kept = after.grants.find((grant) => grant.seq === last);
    if (drawn === undefined) return { added, updated, drawn: last };
    if (kept !== undefined) updated.push(kept);
  }
  return {
    added,
    updated: updated.filter((grant) => grant.seq !== drawn?.seq),
    drawn: drawn?.seq ?? null,
  };
}

function wasLive(state: AccountState, seq: number): boolean {
  return state.grants.some((grant) => grant.seq === seq && grant.remaining > 0n);
}
