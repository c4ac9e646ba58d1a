import { amount, type Credits, fits, formatCredits } from "./credits.js";
import { availableOf } from "./draw.js";
import { refuse } from "./refusal.js";
import type { Draft } from "./state.js";

/** Refuses what would take the account below its overdraft limit. */
export function requireCovered(draft: Draft, wanted: Credits, what: string): void {
  const available = availableOf(draft, draft.now);
  if (wanted <= available + draft.overdraftLimit) return;
  const limit =
    draft.overdraftLimit > 0n ? ` and an overdraft limit of ${formatCredits(draft.overdraftLimit)}` : "";
  refuse(
    "insufficient_credits",
    `The account has ${formatCredits(available)} credits available${limit}, which does not cover the ${formatCredits(wanted)} to ${what}. Add credits, or ask for less.`,
    { available: formatCredits(available), required: formatCredits(wanted) },
  );
}

/** Refuses an amount that is not above zero or does not fit. */
export function requirePositive(credits: Credits): void {
  if (credits <= 0n) {
    refuse("invalid_amount", `The amount is ${formatCredits(credits)}; give one above zero.`);
  }
  requireFits(credits);
}

/** Refuses an amount the ledger's columns can't hold. */
export function requireFits(credits: Credits): void {
  if (!fits(credits))
    refuse("amount_out_of_range", "The amount is beyond what the ledger can hold. Use a smaller one.");
}

/**
 * Checks what usage charges against its original amount: a discount makes a charge smaller, and only a discount makes
 * it zero.
 *
 * @returns the original as the entry carries it: negative, or null when nothing was taken off
 */
export function chargedOriginal(credits: Credits, original: Credits | null): Credits | null {
  requireFits(credits);
  if (credits < 0n) {
    refuse(
      "invalid_amount",
      `The amount is ${formatCredits(credits)}; give what was used as a positive number.`,
    );
  }
  if (credits === 0n && (original === null || original === 0n)) {
    refuse(
      "invalid_amount",
      "The amount is 0. Leave out what used nothing; give original_credits when a discount made it free.",
    );
  }
  if (original === null || original === credits) return null;
  requireFits(original);
  if (original < credits) {
    refuse(
      "invalid_amount",
      `original_credits (${formatCredits(original)}) is the amount before a discount and can't be below credits (${formatCredits(credits)}).`,
    );
  }
  return amount(-original);
}
