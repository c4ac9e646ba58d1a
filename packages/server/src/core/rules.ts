import { fits, formatAmount, type Micros, micros } from "./amount.js";
import { toAvailable } from "./grants.js";
import { refuse } from "./refusal.js";
import type { Draft } from "./state.js";

/** Refuses a debit that would take the account below its overdraft limit. */
export function requireCovered(draft: Draft, wanted: Micros, purpose: string): void {
  const available = toAvailable(draft, draft.now);
  if (wanted <= available + draft.overdraftLimit) return;
  const limit =
    draft.overdraftLimit > 0n ? ` and an overdraft limit of ${formatAmount(draft.overdraftLimit)}` : "";
  refuse(
    "insufficient_credits",
    `The account has ${formatAmount(available)} credits available${limit}, less than the ${formatAmount(wanted)} to ${purpose}. Add credits, or use a smaller amount.`,
    { available: formatAmount(available), required: formatAmount(wanted) },
  );
}

/** Refuses an amount that is not above zero. */
export function requirePositive(credits: Micros): void {
  if (credits > 0n) return;
  refuse("invalid_amount", `The amount ${formatAmount(credits)} is not above zero. Use a positive amount.`);
}

/**
 * Checks what usage charges against the amount before a discount. A discount makes a charge smaller, and nothing else
 * makes it zero.
 *
 * @returns the amount before the discount as the entry has it: negative, or null when there was no discount
 */
export function toOriginal(credits: Micros, original: Micros | null): Micros | null {
  if (credits < 0n) {
    refuse(
      "invalid_amount",
      `The amount ${formatAmount(credits)} is negative. Give usage as a positive amount.`,
    );
  }
  if (credits === 0n && (original === null || original === 0n)) {
    refuse(
      "invalid_amount",
      "The amount is 0. Leave out what used nothing, or give originalCredits when a discount made it free.",
    );
  }
  if (original === null || original === credits) return null;
  if (original < credits) {
    refuse(
      "invalid_amount",
      `originalCredits ${formatAmount(original)} is below credits ${formatAmount(credits)}. Give the amount before the discount.`,
    );
  }
  return micros(-original);
}

/** Refuses a total that the ledger's columns can't hold. */
export function requireFits(total: bigint, name: string): void {
  if (!fits(total))
    refuse("amount_out_of_range", `${name} would leave the range of the ledger. Use smaller amounts.`);
}
