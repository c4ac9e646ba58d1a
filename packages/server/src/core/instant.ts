declare const unit: unique symbol;

/**
 * A moment as whole microseconds since 1970-01-01T00:00:00Z. Postgres keeps microseconds and a `Date` would lose them;
 * a double holds them exactly until the year 2255.
 */
export type Instant = number & { readonly [unit]: "microseconds since the epoch" };

export const MICROS_PER_SECOND = 1_000_000;

const FIRST = Date.UTC(1900, 0, 1) * 1000;
const LAST = Date.UTC(2200, 0, 1) * 1000;

/** Thrown when a string is not a time. The message contains the fault and the remedy. */
export class InstantFormatError extends Error {
  override readonly name = "InstantFormatError";
}

/** True if a number of microseconds lies in the years the ledger accepts, 1900 to 2199. */
export function isInstant(micros: number): micros is Instant {
  return Number.isSafeInteger(micros) && micros >= FIRST && micros < LAST;
}

/** The current time of a clock that counts milliseconds, such as `Date.now`. */
export function instantFromMillis(millis: number): Instant {
  return Math.round(millis * 1000) as Instant;
}

/** A moment some seconds after another. */
export function addSeconds(instant: Instant, seconds: number): Instant {
  return (instant + seconds * MICROS_PER_SECOND) as Instant;
}

const RFC_3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/;

/**
 * Converts an RFC 3339 time to the form that it has in results: UTC with six decimals. Digits beyond are cut off.
 *
 * @throws InstantFormatError if the string is not such a time, the day does not exist, or the year is outside 1900 to 2199
 */
export function toTime(time: string): string {
  return formatInstant(parseInstant(time));
}

/**
 * Reads an RFC 3339 time such as `2026-11-22T10:05:00.123456Z`. Digits beyond the microsecond are cut off.
 *
 * @throws InstantFormatError if the string is not such a time, the day does not exist, or the year is outside 1900 to
 * 2199.
 */
export function parseInstant(text: string): Instant {
  const match = RFC_3339.exec(text);
  if (match === null) {
    throw new InstantFormatError(
      `"${text.slice(0, 40)}" is not a time. Write it as RFC 3339 with a zone, such as "2026-11-22T10:05:00Z".`,
    );
  }
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const millis = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(millis);
  // Years below 100 would be taken for 19xx, and are outside the range in any case.
  const exists =
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 60;
  if (!exists)
    throw new InstantFormatError(
      `"${text}" is not a time that exists. Correct the day or the hour, and keep to the years 1900 to 2199.`,
    );
  const fraction = Number((match[7] ?? "").slice(0, 6).padEnd(6, "0"));
  const micros = millis * 1000 + fraction - offsetSeconds(match[8] as string) * MICROS_PER_SECOND;
  if (!isInstant(micros)) {
    throw new InstantFormatError(`"${text}" is outside the years 1900 to 2199. Give a time in this range.`);
  }
  return micros;
}

function offsetSeconds(zone: string): number {
  if (zone === "Z" || zone === "z") return 0;
  const seconds = Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(4, 6)) * 60;
  return zone.startsWith("-") ? -seconds : seconds;
}

/** The numbers from 0 to 59 in two digits. */
const TWO_DIGITS = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, "0"));

const MICROS_PER_DAY = 24 * 60 * 60 * MICROS_PER_SECOND;

let lastDay = Number.NaN;
let lastDayText = "";
let lastInstant = Number.NaN;
let lastText = "";

/** Writes an instant as RFC 3339 in UTC with six decimals, so that the strings sort as the times do. */
export function formatInstant(instant: Instant): string {
  // The entries of a batch have the same time.
  if (instant === lastInstant) return lastText;
  const day = Math.floor(instant / MICROS_PER_DAY);
  // Times that are written one after the other mostly lie in the same day, whose text is the costly part.
  if (day !== lastDay) {
    lastDayText = new Date((day * MICROS_PER_DAY) / 1000).toISOString().slice(0, 11);
    lastDay = day;
  }
  const micros = instant - day * MICROS_PER_DAY;
  const second = Math.floor(micros / MICROS_PER_SECOND);
  const hours = TWO_DIGITS[Math.floor(second / 3600)];
  const minutes = TWO_DIGITS[Math.floor(second / 60) % 60];
  const fraction = String(MICROS_PER_SECOND + (micros - second * MICROS_PER_SECOND)).slice(1);
  lastText = `${lastDayText}${hours}:${minutes}:${TWO_DIGITS[second % 60]}.${fraction}Z`;
  lastInstant = instant;
  return lastText;
}
