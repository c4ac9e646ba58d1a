import { fits, formatAmount, type Micros, micros, ZERO } from "./amount.js";
import { toAvailable } from "./grants.js";
import { refuse } from "./refusal.js";
import type { Draft } from "./state.js";

/**
 * Returns the credits that a debit may take: those that are available, and the overdraft limit.
 *
 * @param usage the kind of usage; null for a correction
 */
export function toCovered(draft: Draft, usage: string | null): Micros {
  return micros(toAvailable(draft, usage) + draft.overdraftLimit);
}

/**
 * Refuses a debit that would take the account below its overdraft limit. One that takes nothing is always covered.
 *
 * @param usage the kind of usage; null for a correction
 */
export function requireCovered(draft: Draft, wanted: Micros, usage: string | null, purpose: string): void {
  if (wanted <= ZERO || wanted <= toCovered(draft, usage)) return;
  const available = toAvailable(draft, usage);
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

/** Refuses a total that the ledger's columns can't hold. */
export function requireFits(total: bigint, name: string): void {
  if (!fits(total))
    refuse("amount_out_of_range", `${name} would leave the range of the ledger. Use smaller amounts.`);
}
