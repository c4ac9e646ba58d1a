import type { Amount } from "./types.js";

const decimalPattern = /^-?(?:0|[1-9]\d*)(?:\.\d{1,6})?$/;

/** Whether a value is a decimal string the ledger accepts: no exponent, no sign but `-`, at most six decimals. */
export function isAmount(value: unknown): value is Amount {
  return typeof value === "string" && decimalPattern.test(value);
}

/**
 * Reads a decimal string as an {@link Amount}, and throws a `TypeError` when it is not one. Numbers are not taken:
 * `0.1 + 0.2` is not 0.3, and a ledger must not learn of it.
 */
export function amount(value: string): Amount {
  if (isAmount(value)) return value;
  throw new TypeError(
    `${JSON.stringify(value) ?? String(value)} is not an amount of credits. Give a decimal string with at most six decimals and without an exponent, such as "12.5".`,
  );
}
