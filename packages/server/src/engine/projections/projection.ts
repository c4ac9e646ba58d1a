import type { Micros } from "../../core/amount.js";
import type { BatchResult } from "../../core/decide.js";
import type { Grant } from "../../core/entry.js";
import type { Owned, Part } from "../../db/tables/columns.js";
import type { CachedAccount } from "../account-cache.js";

/** An account that a batch has decided on, ready to be written. */
export interface AccountChange {
  readonly account: string;
  /** The account as the batch leaves it, with its new version. */
  readonly cached: CachedAccount;
  readonly result: BatchResult;
  /** The version from which the batch was decided. */
  readonly versionBefore: number;
  /** True if the account is written. One that is not was still relied on to refuse something. */
  readonly isChanged: boolean;
  readonly grants: GrantChanges;
  /** The remaining credits of grants that are not effective yet. */
  readonly pending: Micros;
}

/** The places where the grants of a batch are written. */
export interface GrantChanges {
  readonly added: readonly Grant[];
  /** The grants whose rows are updated. */
  readonly updated: readonly Grant[];
  /** The `seq` of the grant whose remaining credits the account's row keeps, or null. */
  readonly drawn: number | null;
}

/** Turns the changes of a batch into parts of the one statement that writes it. */
export type Projection = (changes: readonly AccountChange[]) => readonly Part[];

/** Returns the records of accounts, each with its account and the number of its change. */
export function collect<T>(
  changes: readonly AccountChange[],
  pick: (change: AccountChange) => readonly T[],
): Owned<T>[] {
  const collected: Owned<T>[] = [];
  for (const one of changes) {
    const { account, cached } = one;
    for (const record of pick(one)) collected.push({ account, change: cached.changes, record });
  }
  return collected;
}
