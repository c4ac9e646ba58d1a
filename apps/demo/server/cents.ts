import { type Amount, fromMicros } from "@credit-activity/client";

const MICROS_PER_CENT = 10_000n;

/** Converts hundredths of a credit to an amount. */
export function fromCents(cents: number): Amount {
  return fromMicros(BigInt(cents) * MICROS_PER_CENT);
}

/** Converts a charge in hundredths of a credit, and what it was before a discount, to the amounts of an input. */
export function toCharge(cents: number, originalCents: number | null) {
  return {
    credits: fromCents(cents),
    originalCredits: originalCents === null ? null : fromCents(originalCents),
  };
}

/** The amounts of a charge. */
export type Charge = ReturnType<typeof toCharge>;
