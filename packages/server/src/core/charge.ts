import { fits, formatAmount, type Micros, micros } from "./amount.js";
import type { Discounted, Facts } from "./facts.js";
import { refuse } from "./refusal.js";

/**
 * Checks what usage charges against the amount before a discount. A discount makes a charge smaller, and nothing else
 * makes it zero.
 *
 * @returns the facts, without an amount before a discount where there was no discount
 */
export function requireCharge(credits: Micros, facts: Facts): Facts {
  const { originalCredits: original } = facts;
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
  if (original === null) return facts;
  if (original < credits) {
    refuse(
      "invalid_amount",
      `originalCredits ${formatAmount(original)} is below credits ${formatAmount(credits)}. Give the amount before the discount.`,
    );
  }
  return original === credits ? { ...facts, originalCredits: null } : facts;
}

/** Returns the discount in tenths of a percent: at least one, and 1000 only when nothing was charged. */
export function toDiscount(credits: Micros, { originalCredits: original }: Discounted): number | null {
  if (original === null) return null;
  const charged = credits < 0n ? -credits : credits;
  if (charged === 0n) return 1000;
  const tenths = Number(((original - charged) * 2000n + original) / (original * 2n));
  return Math.min(Math.max(tenths, 1), 999);
}

/** Returns the amount before a discount of a record that has one. */
export function toDiscounted({ originalCredits }: Discounted): Discounted {
  return { originalCredits };
}

/**
 * Adds the amount before a discount to a sum of those.
 *
 * @returns false when the sum would leave the range of the ledger; it is as it was then
 */
export function addDiscounted(
  to: { -readonly [K in keyof Discounted]: Discounted[K] },
  added: Discounted,
): boolean {
  if (to.originalCredits === null || added.originalCredits === null) return true;
  const sum = to.originalCredits + added.originalCredits;
  if (!fits(sum)) return false;
  to.originalCredits = micros(sum);
  return true;
}

/** Returns the credits before a discount with the sign of the credits. */
export function toSignedOriginal({ originalCredits }: Discounted): bigint | null {
  return originalCredits === null ? null : -originalCredits;
}

/** Returns the credits before a discount from those with the sign of the credits. */
export function fromSignedOriginal(signed: bigint | null): Discounted {
  return { originalCredits: signed === null ? null : micros(-signed) };
}
