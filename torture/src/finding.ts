import { type Amount, toMicros } from "@credit-activity/client";
import type { Books } from "./books.js";
import type { AccountHistory } from "./history.js";

/** A violation that the books of an account show. */
export interface Finding {
  readonly problem: string;
  readonly evidence: unknown;
}

/** A check of the books of an account against what its clients have seen. */
export type Check = (history: AccountHistory, books: Books) => Iterable<Finding>;

export const ZERO = 0n;

/** Returns the sum of amounts in micro-credits. */
export function sum(amounts: Iterable<Amount>): bigint {
  let total = ZERO;
  for (const amount of amounts) total += toMicros(amount);
  return total;
}
