import { toError } from "@credit-activity/client";
import * as field from "../core/fields.js";
import type { Instant } from "../core/instant.js";
import { toUnknownAccount } from "../core/refusal.js";
import { type Account, readAccount } from "../queries/account.js";
import { findSeqsBefore } from "../queries/moments.js";
import type { MethodOptions } from "./calls.js";
import { toRefused } from "./errors.js";
import { checkValue, toInvalid } from "./inputs.js";

/** Returns the id of an account, or throws an error that names its fault. */
export function toAccountId(account: unknown): string {
  return checkValue(field.accountId, "account", account);
}

/** Reads an account, or throws an error if it does not exist. */
export async function requireKnown(
  database: MethodOptions["database"],
  id: string,
  now: MethodOptions["now"],
): Promise<Account> {
  const found = await readAccount(database, id, now());
  if (found === null) throw toRefused(toUnknownAccount(id));
  return found;
}

/** Makes the error of an entry that does not exist. */
export function toUnknownEntry(seq: number): Error {
  return toError({
    code: "entry_not_found",
    detail: `The account has no entry ${seq}. Use the seq of an entry.`,
  });
}

/** The bounds of a span of entries in time. */
export interface TimeSpan {
  readonly from: Instant | null;
  readonly to: Instant | null;
}

/** The entries after `low` up to `high`, by their seqs. There are none when these are equal. */
export interface SeqBounds {
  readonly low: number;
  readonly high: number;
}

/** Finds the entries that were recorded in a span, or throws an error if there is no such account. */
export async function readSpan(
  database: MethodOptions["database"],
  account: string,
  { from, to }: TimeSpan,
): Promise<SeqBounds> {
  if (from !== null && to !== null && to < from)
    throw toInvalid([{ path: "to", message: "is before from. Give a later time" }]);
  const found = await findSeqsBefore(
    database,
    account,
    [from, to].filter((at) => at !== null),
  );
  if (found === null) throw toRefused(toUnknownAccount(account));
  const low = from === null ? 0 : (found.before[0] as number);
  const high = to === null ? found.last : (found.before.at(-1) as number);
  return { low, high };
}
