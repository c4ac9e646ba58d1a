import { type Amount, fromMicros } from "@credit-activity/client";

const MICROS_PER_CENT = 10_000n;

/** Converts hundredths of a credit to an amount. */
export function fromCents(cents: number): Amount {
  return fromMicros(BigInt(cents) * MICROS_PER_CENT);
}
