/** A day of the calendar. */
export interface Day {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
}

const DAY_MS = 86_400_000;

/** The day it is in a zone. */
export function dayOf(timeZone: string, millis: number): Day {
  const { year, month, day } = partsOf(timeZone, millis);
  return { year, month, day };
}

/** The day some days later, or earlier for a negative number. */
export function addDays({ year, month, day }: Day, days: number): Day {
  return dayOf("UTC", Date.UTC(year, month - 1, day) + days * DAY_MS);
}

/** The same day some months later; where the month is too short, its last. */
export function addMonths({ year, month, day }: Day, months: number): Day {
  const first = new Date(Date.UTC(year, month - 1 + months, 1));
  const daysInMonth = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  return { year: first.getUTCFullYear(), month: first.getUTCMonth() + 1, day: Math.min(day, daysInMonth) };
}

/** How many days lie between two days. */
export function daysBetween(from: Day, to: Day): number {
  return Math.round((midnightUtc(to) - midnightUtc(from)) / DAY_MS);
}

/** The weekday: 0 is Sunday. */
export function weekdayOf(day: Day): number {
  return new Date(midnightUtc(day)).getUTCDay();
}

/** The moment a clock in the zone shows a time such as `"14:05"` on a day, in milliseconds. */
export function at(timeZone: string, day: Day, clock: string): number {
  const [hour = 0, minute = 0] = clock.split(":").map(Number);
  const wanted = midnightUtc(day) + (hour * 60 + minute) * 60_000;
  // The second look is for the hours around a change of the clocks, where the first used the other offset.
  const guess = wanted - offsetMs(timeZone, wanted);
  return wanted - offsetMs(timeZone, guess);
}

/** A day as a person writes it: "Nov 20". */
export function shortDay(day: Day): string {
  return new Intl.DateTimeFormat("en-US", { month: "short", day: "numeric", timeZone: "UTC" }).format(
    midnightUtc(day),
  );
}

function midnightUtc({ year, month, day }: Day): number {
  return Date.UTC(year, month - 1, day);
}

function offsetMs(timeZone: string, millis: number): number {
  const { year, month, day, hour, minute, second } = partsOf(timeZone, millis);
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(millis / 1000) * 1000;
}

/** Making a format takes far longer than using it. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  formats.set(timeZone, format);
  return format;
}

function partsOf(timeZone: string, millis: number) {
  const parts = new Map(
    formatOf(timeZone)
      .formatToParts(millis)
      .map((part) => [part.type, Number(part.value)]),
  );
  const read = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0;
  return {
    year: read("year"),
    month: read("month"),
    day: read("day"),
    hour: read("hour"),
    minute: read("minute"),
    second: read("second"),
  };
}
