/** A day of the calendar. */
export interface Day {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
}

const DAY_MS = 86_400_000;

/** Returns the day at a time in a zone. */
export function toDay(timeZone: string, millis: number): Day {
  const { year, month, day } = toParts(timeZone, millis);
  return { year, month, day };
}

/** Returns the day a number of days later. A negative number gives an earlier day. */
export function addDays({ year, month, day }: Day, days: number): Day {
  return toDay("UTC", Date.UTC(year, month - 1, day) + days * DAY_MS);
}

/** Returns the same day a number of months later, or the last day of a shorter month. */
export function addMonths({ year, month, day }: Day, months: number): Day {
  const first = new Date(Date.UTC(year, month - 1 + months, 1));
  const daysInMonth = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  return { year: first.getUTCFullYear(), month: first.getUTCMonth() + 1, day: Math.min(day, daysInMonth) };
}

/** Returns the number of days from one day to another. */
export function daysBetween(from: Day, to: Day): number {
  return Math.round((midnightUtc(to) - midnightUtc(from)) / DAY_MS);
}

/** Returns the weekday. 0 is Sunday. */
export function toWeekday(day: Day): number {
  return new Date(midnightUtc(day)).getUTCDay();
}

/** Returns the time at which a clock in the zone shows, for example, `"14:05"` on a day, in milliseconds. */
export function at(timeZone: string, day: Day, clock: string): number {
  const [hour = 0, minute = 0] = clock.split(":").map(Number);
  const wantedMs = midnightUtc(day) + (hour * 60 + minute) * 60_000;
  // Around a change of the clocks the first offset may be wrong.
  const guessMs = wantedMs - offsetMs(timeZone, wantedMs);
  return wantedMs - offsetMs(timeZone, guessMs);
}

/** Formats a day for a person: "Nov 20". */
export function formatDay(day: Day): string {
  return new Intl.DateTimeFormat("en-US", { month: "short", day: "numeric", timeZone: "UTC" }).format(
    midnightUtc(day),
  );
}

function midnightUtc({ year, month, day }: Day): number {
  return Date.UTC(year, month - 1, day);
}

function offsetMs(timeZone: string, millis: number): number {
  const { year, month, day, hour, minute, second } = toParts(timeZone, millis);
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(millis / 1000) * 1000;
}

/** The formats by zone. To create one takes far longer than to use it. */
const formats = new Map<string, Intl.DateTimeFormat>();

function getFormat(timeZone: string): Intl.DateTimeFormat {
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

function toParts(timeZone: string, millis: number) {
  const parts = new Map(
    getFormat(timeZone)
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
