/** An exact decimal: `units` times 10 to the power of minus `scale`. */
export interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

export const ZERO: Decimal = { units: 0n, scale: 0 };

const PATTERN = /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;

/** The most digits of a decimal on either side of its point, so that sums of many stay short. */
const DIGITS_MAX = 60;

/** Parses a decimal as programs write it, also with an exponent: `3.45e-5`. It is null if the string is not a decimal. */
export function parseDecimal(text: string): Decimal | null {
  const [, sign, whole = "", decimals = "", exponent = "0"] = PATTERN.exec(text) ?? [];
  const digits = whole + decimals;
  if (sign === undefined || digits === "" || digits.length > DIGITS_MAX) return null;
  const scale = decimals.length - Number(exponent);
  if (Math.abs(scale) > DIGITS_MAX) return null;
  const units = BigInt(digits) * (sign === "-" ? -1n : 1n);
  return scale < 0 ? { units: units * 10n ** BigInt(-scale), scale: 0 } : { units, scale };
}

/** Adds two decimals. */
export function add(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  return { units: toScale(a, scale) + toScale(b, scale), scale };
}

/** Multiplies a decimal by a whole number and by a power of ten. */
export function multiply({ units, scale }: Decimal, by: bigint, tens = 0): Decimal {
  return { units: units * by, scale: scale - tens };
}

function toScale({ units, scale }: Decimal, wanted: number): bigint {
  return units * 10n ** BigInt(wanted - scale);
}

const MICROS_SCALE = 6;

/** Rounds credits half up to micro-credits. */
export function roundToMicros(credits: Decimal): bigint {
  const scale = Math.max(credits.scale, MICROS_SCALE);
  const divisor = 10n ** BigInt(scale - MICROS_SCALE);
  const doubled = toScale(credits, scale) * 2n + divisor;
  const quotient = doubled / (divisor * 2n);
  // The division of bigints truncates towards zero.
  return doubled < 0n && quotient * divisor * 2n !== doubled ? quotient - 1n : quotient;
}

/** Returns micro-credits as a decimal of credits. */
export function fromMicros(micros: bigint): Decimal {
  return { units: micros, scale: MICROS_SCALE };
}
