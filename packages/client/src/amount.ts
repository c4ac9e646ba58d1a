import type { Amount, AmountInput } from "./types.js";

const MICROS_PER_CREDIT = 1_000_000;
const DECIMALS_MAX = 6;
/** A decimal of 15 digits survives the way through a double. */
const EXACT_DIGITS = 15;
const EXACT_MAX = 10 ** EXACT_DIGITS;
const WHOLE_DIGITS_MAX = 30;

const MICROS_MAX = 2n ** 63n - 1n;

const AMOUNT_PATTERN = /^-?(?:0|[1-9]\d*)(?:\.\d{1,6})?$/;
const POWERS_OF_TEN = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];
const ZEROS = ["", "0", "00", "000", "0000", "00000"];

const MINUS = 45;
const POINT = 46;
const ZERO = 48;

/** A value is not an amount of credits. The message names the fault and the remedy. */
export class InvalidAmountError extends TypeError {
  override readonly name = "InvalidAmountError";
}

/**
 * True if the value is an amount as the ledger writes it. It has no exponent, no plus sign and no leading zeros.
 * It has at most six decimals, and at most 9223372036854.775807 credits.
 */
export function isAmount(value: unknown): value is Amount {
  return typeof value === "string" && AMOUNT_PATTERN.test(value) && fits(digitsToMicros(value));
}

/**
 * Converts a string or number to an amount without trailing zeros: `"7.10"` becomes `"7.1"`.
 *
 * @throws InvalidAmountError if the value is not an amount.
 */
export function toAmount(value: string | number): Amount {
  return fromMicros(toMicros(value as AmountInput));
}

/**
 * Converts an amount to micro-credits: `"-12.5"` becomes `-12500000n`.
 *
 * @throws InvalidAmountError if the value is not an amount.
 */
export function toMicros(amount: AmountInput): bigint {
  return typeof amount === "number" ? numberToMicros(amount) : stringToMicros(amount);
}

/** Converts micro-credits to an amount without trailing zeros: `-12500000n` becomes `"-12.5"`. */
export function fromMicros(micros: bigint): Amount {
  const text = String(micros);
  const start = text.charCodeAt(0) === MINUS ? 1 : 0;
  const point = text.length - DECIMALS_MAX;
  let end = text.length;
  while (end > point && end > start && text.charCodeAt(end - 1) === ZERO) end -= 1;
  if (end === start) return "0";
  if (end === point) return text.slice(0, point) as Amount;
  if (point > start) return `${text.slice(0, point)}.${text.slice(point, end)}` as Amount;
  return `${start === 1 ? "-0." : "0."}${ZEROS[start - point]}${text.slice(start, end)}` as Amount;
}

/**
 * Adds two amounts.
 *
 * @throws InvalidAmountError if the sum is out of range.
 */
export function addAmounts(a: AmountInput, b: AmountInput): Amount {
  return fromMicros(checkRange(toMicros(a) + toMicros(b)));
}

/**
 * Subtracts the second amount from the first.
 *
 * @throws InvalidAmountError if the difference is out of range.
 */
export function subtractAmounts(a: AmountInput, b: AmountInput): Amount {
  return fromMicros(checkRange(toMicros(a) - toMicros(b)));
}

/** Changes the sign of an amount. */
export function negateAmount(amount: AmountInput): Amount {
  return fromMicros(-toMicros(amount));
}

/** Compares two amounts, for `sort`: -1 if the first is smaller, 1 if it is larger, else 0. */
export function compareAmounts(a: AmountInput, b: AmountInput): -1 | 0 | 1 {
  const left = toMicros(a);
  const right = toMicros(b);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Parses the digits by their char codes, since a regular expression takes several times as long. */
function stringToMicros(text: string): bigint {
  if (typeof text !== "string") {
    throw new InvalidAmountError(
      `A value of the type ${text === null ? "null" : typeof text} is not an amount. Write it as a string, such as "12.5".`,
    );
  }
  const { length } = text;
  const start = text.charCodeAt(0) === MINUS ? 1 : 0;
  let point = length;
  let micros = 0;
  for (let index = start; index < length; index += 1) {
    const digit = text.charCodeAt(index) - ZERO;
    if (digit >= 0 && digit <= 9) micros = micros * 10 + digit;
    else if (digit === POINT - ZERO && point === length) point = index;
    else throw notAmount(text);
  }
  const wholeDigits = point - start;
  const decimals = point === length ? 0 : length - point - 1;
  if (wholeDigits === 0 || wholeDigits > WHOLE_DIGITS_MAX || point === length - 1) throw notAmount(text);
  if (decimals > DECIMALS_MAX) throw tooManyDecimals(text, decimals);
  micros *= POWERS_OF_TEN[DECIMALS_MAX - decimals] as number;
  if (micros < EXACT_MAX) return BigInt(start === 1 ? -micros : micros);
  return checkRange(digitsToMicros(text));
}

/** Converts the digits of a valid decimal of any size. */
function digitsToMicros(text: string): bigint {
  const [whole = "", decimals = ""] = text.split(".");
  return BigInt(whole + decimals.padEnd(DECIMALS_MAX, "0"));
}

function numberToMicros(value: number): bigint {
  const micros = Math.round(value * MICROS_PER_CREDIT);
  // No other decimal of at most 15 digits has the same double.
  if (micros / MICROS_PER_CREDIT === value && Math.abs(micros) < EXACT_MAX) return BigInt(micros);
  const text = String(value);
  const digits = text.replace(/[-.]/g, "").length;
  if (digits > EXACT_DIGITS || !AMOUNT_PATTERN.test(text)) throw inexact(value);
  return checkRange(digitsToMicros(text));
}

function fits(micros: bigint): boolean {
  return micros <= MICROS_MAX && micros >= -MICROS_MAX;
}

function checkRange(micros: bigint): bigint {
  if (fits(micros)) return micros;
  throw new InvalidAmountError(
    `${shorten(fromMicros(micros))} is out of range. Keep amounts between -${fromMicros(MICROS_MAX)} and ${fromMicros(MICROS_MAX)}.`,
  );
}

function notAmount(text: string): InvalidAmountError {
  return new InvalidAmountError(
    `${JSON.stringify(shorten(text))} is not an amount. Write digits, a point and at most 6 decimals, such as "12.5" or "-3".`,
  );
}

function tooManyDecimals(text: string, decimals: number): InvalidAmountError {
  return new InvalidAmountError(
    `${JSON.stringify(shorten(text))} has ${decimals} decimals. Round it to at most ${DECIMALS_MAX}.`,
  );
}

function inexact(value: number): InvalidAmountError {
  const text = String(value);
  if (!Number.isFinite(value)) {
    return new InvalidAmountError(`${text} is not an amount. Write a decimal, such as "12.5".`);
  }
  if (Math.abs(value) * MICROS_PER_CREDIT > Number(MICROS_MAX)) {
    return new InvalidAmountError(
      `${text} is out of range. Keep amounts between -${fromMicros(MICROS_MAX)} and ${fromMicros(MICROS_MAX)}.`,
    );
  }
  const rounded = toAmount(value.toFixed(DECIMALS_MAX));
  return new InvalidAmountError(
    `The number ${text} has more than ${EXACT_DIGITS} digits or ${DECIMALS_MAX} decimals. Write it as a string, such as "${rounded}".`,
  );
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
