import { add, type Decimal, fromMicros, multiply, roundToMicros, ZERO } from "./decimal.js";

/**
 * The exact remainders of an account's lines. The ledger has whole micro-credits, and a call may cost a part of one. What
 * rounding leaves of a line is carried to the account's next line, so all lines together are rounded once. The remainders
 * follow from the lines of the file and their order. The same file again so has the same amounts.
 */
export class Remainders {
  readonly #byAccount = new Map<string, Decimal>();

  /**
   * Returns what a line charges in micro-credits: the rounded sum of the account's lines so far, less the rounded sum before
   * the line. It is 0 if the line does not reach the next micro-credit. An amount that is not positive is rounded alone.
   */
  take(account: string, credits: Decimal): bigint {
    if (credits.units <= 0n) return roundToMicros(credits);
    const open = add(this.#byAccount.get(account) ?? ZERO, credits);
    const taken = roundToMicros(open);
    const left = add(open, multiply(fromMicros(taken), -1n));
    if (left.units === 0n) this.#byAccount.delete(account);
    else this.#byAccount.set(account, left);
    return taken;
  }
}
