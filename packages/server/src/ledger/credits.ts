declare const unit: unique symbol;

/**
 * An amount in micro-credits: 1,000,000 of them are one credit. The brand keeps plain numbers and plain bigints out;
 * make one with {@link credits} or {@link parseCredits}.
 */
export type Credits = bigint & { readonly [unit]: "micro-credits" };

/** How many micro-credits are one credit. */
export const MICRO_PER_CREDIT = 1_000_000n;

/** The largest amount a Postgres `bigint` column holds, in micro-credits. */
export const CREDITS_MAX = (2n ** 63n - 1n) as Credits;

export const ZERO = 0n as Credits;

/** Thrown when a text is not an amount of credits. The message says what is wrong and how an amount is written. */
export class CreditsFormatError extends Error {
  override readonly name = "CreditsFormatError";
}

/** Whether an amount fits the ledger's bigint columns. */
export function fits(amount: bigint): boolean {
  return amount <= CREDITS_MAX && amount >= -CREDITS_MAX;
}

/**
 * Reads a decimal amount such as `"-12.5"` exactly.
 *
 * @returns micro-credits
 * @throws CreditsFormatError for anything else than an optional minus, digits, and at most 6 decimals, and for amounts
 * beyond 9,223,372,036,854.775807 credits.
 */
export function parseCredits(text: string): Credits {
  if (typeof text !== "string") {
    throw new CreditsFormatError(
      `An amount is written as a text such as "12.5", not as another type (this one is of type ${typeof text}): a number may have lost digits already.`,
    );
  }
  const match = /^(-?)(\d{1,30})(?:\.(\d+))?$/.exec(text);
  if (match === null) {
    const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
    throw new CreditsFormatError(
      `"${shown}" is not an amount of credits. Write a decimal such as "12.5" or "-3": digits, a point and at most 6 decimals, without exponent, sign "+", separators or spaces.`,
    );
  }
  const decimals = match[3] ?? "";
  if (decimals.length > 6) {
    throw new CreditsFormatError(
      `"${text.slice(0, 60)}" has ${decimals.length} decimals, and credits have at most 6. Round it before sending it.`,
    );
  }
  const magnitude = BigInt(match[2] as string) * MICRO_PER_CREDIT + BigInt(decimals.padEnd(6, "0"));
  if (magnitude > CREDITS_MAX) {
    throw new CreditsFormatError(
      `"${text}" is too large: an amount is at most ${formatCredits(CREDITS_MAX)} credits.`,
    );
  }
  return (match[1] === "-" ? -magnitude : magnitude) as Credits;
}

/** The short name for {@link parseCredits}, for code that writes amounts down: `credits("12.5")`. */
export const credits = parseCredits;

/** Writes micro-credits as a decimal without trailing zeros: `-12500000n` becomes `"-12.5"`. */
export function formatCredits(amount: bigint): string {
  const magnitude = amount < 0n ? -amount : amount;
  const whole = magnitude / MICRO_PER_CREDIT;
  const decimals = (magnitude % MICRO_PER_CREDIT).toString().padStart(6, "0").replace(/0+$/, "");
  return `${amount < 0n ? "-" : ""}${whole}${decimals === "" ? "" : `.${decimals}`}`;
}

/** The smaller of two amounts. */
export function least(a: Credits, b: Credits): Credits {
  return a < b ? a : b;
}

/** Sums and differences of amounts are amounts; TypeScript's arithmetic forgets the brand, and this restores it. */
export function amount(value: bigint): Credits {
  return value as Credits;
}
