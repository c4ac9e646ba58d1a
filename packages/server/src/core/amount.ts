import { fromMicros } from "@credit-activity/client";

declare const unit: unique symbol;

/** An amount in micro-credits: 1,000,000 of them are one credit. The brand keeps plain bigints out. */
export type Micros = bigint & { readonly [unit]: "micro-credits" };

/** The largest amount a Postgres `bigint` column holds, in micro-credits. */
export const MICROS_MAX = (2n ** 63n - 1n) as Micros;

export const ZERO = 0n as Micros;

/** Restores the brand that TypeScript's arithmetic drops. */
export function micros(value: bigint): Micros {
  return value as Micros;
}

/** True if an amount fits the ledger's bigint columns. */
export function fits(amount: bigint): boolean {
  return amount <= MICROS_MAX && amount >= -MICROS_MAX;
}

/** Returns the smaller of two amounts. */
export function least(a: Micros, b: Micros): Micros {
  return a < b ? a : b;
}

/** Formats micro-credits as a decimal string without trailing zeros: `-12500000n` becomes `"-12.5"`. */
export const formatAmount: (amount: bigint) => string = fromMicros;
