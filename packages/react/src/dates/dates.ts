import type { Time } from "@credit-activity/client";
import type { LabelFunctions } from "../labels/labels.js";

/** The options of the date formats. */
export interface DateOptions {
  readonly locale: string | undefined;
  readonly timeZone: string;
  readonly hourCycle: "h12" | "h23";
  readonly labels: Pick<LabelFunctions, "today" | "yesterday">;
}

/** A moment as text and as a machine-readable value. */
export interface Moment {
  readonly text: string;
  readonly dateTime: string;
}

/** A moment, or a span of time if `end` is not null. */
export interface Span {
  readonly start: Moment;
  readonly end: Moment | null;
  /** True if start and end are on different days. Both then name their day. */
  readonly twoDays: boolean;
}

/** The date formats of a locale and time zone. */
export interface DateFormats {
  /**
   * "Nov 22, 10:05 – 10:09" or "Yesterday, 18:22", with the year of another year and both days over midnight. Times that
   * the clocks show twice name their offset. If `nowMs` is null, every day has its year.
   */
  span(startedAt: Time, endedAt: Time, nowMs: number | null): Span;
  /** "10:05:31", with the day if it is not the day of `beside`, and with the offset if the clocks show it twice. */
  withSeconds(at: Time, beside: Time, nowMs: number | null): Moment;
}

const DAY_MS = 86_400_000;

/** Returns the time zone of the browser. */
export function browserTimeZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Creates the formats of a locale and time zone. */
export function dateFormats({ locale, timeZone, hourCycle, labels }: DateOptions): DateFormats {
  const clock = { hour: hourCycle === "h12" ? "numeric" : "2-digit", minute: "2-digit", hourCycle } as const;
  const time = new Intl.DateTimeFormat(locale, { timeZone, ...clock });
  const timeWithZone = new Intl.DateTimeFormat(locale, { timeZone, ...clock, timeZoneName: "short" });
  const seconds = { timeZone, ...clock, second: "2-digit" } as const;
  const timeWithSeconds = new Intl.DateTimeFormat(locale, seconds);
  const timeWithSecondsAndZone = new Intl.DateTimeFormat(locale, { ...seconds, timeZoneName: "short" });
  const day = { month: "short", day: "numeric" } as const;
  const thisYear = (format: typeof time) => dayFormat(locale, format, day);
  const otherYear = (format: typeof time) => dayFormat(locale, format, { ...day, year: "numeric" });
  const calendar = zoneCalendar(timeZone);

  const onDay = (ms: number, nowMs: number | null, format: Intl.DateTimeFormat): string => {
    if (nowMs === null) return otherYear(format).format(ms);
    const [then, now] = [calendar(ms), calendar(nowMs)];
    if (then.day === now.day) return labels.today({ time: format.format(ms) });
    if (then.day === now.day - 1) return labels.yesterday({ time: format.format(ms) });
    return (then.year === now.year ? thisYear(format) : otherYear(format)).format(ms);
  };

  return {
    span(startedAt, endedAt, nowMs) {
      const [startMs, endMs] = [parseMs(startedAt), parseMs(endedAt)];
      const sameDay = calendar(startMs).day === calendar(endMs).day;
      // Over a change of the clocks, "01:58 – 01:03" is ambiguous without the names of the offsets.
      const clocksChanged = offsetMinutes(calendar, startMs) !== offsetMinutes(calendar, endMs);
      const isAmbiguous = clocksChanged || isRepeated(calendar, startMs) || isRepeated(calendar, endMs);
      const format = isAmbiguous ? timeWithZone : time;
      const start = moment(startMs, onDay(startMs, nowMs, format));
      if (sameDay && format.format(startMs) === format.format(endMs))
        return { start, end: null, twoDays: false };
      const end = moment(endMs, sameDay ? format.format(endMs) : onDay(endMs, nowMs, format));
      return { start, end, twoDays: !sameDay };
    },
    withSeconds(at, beside, nowMs) {
      const ms = parseMs(at);
      const sameDay = calendar(ms).day === calendar(parseMs(beside)).day;
      const format = isRepeated(calendar, ms) ? timeWithSecondsAndZone : timeWithSeconds;
      return moment(ms, sameDay ? format.format(ms) : onDay(ms, nowMs, format));
    },
  };
}

/** Returns the number of the day in a time zone. */
export function dayNumber(timeZone: string, ms: number): number {
  return zoneCalendar(timeZone)(ms).day;
}

function moment(ms: number, text: string): Moment {
  return { text, dateTime: new Date(ms).toISOString() };
}

/** Parses a time. A `Date` has milliseconds, and engines differ in how they treat further digits. */
function parseMs(at: Time): number {
  return Date.parse(at.replace(/(\.\d{3})\d+/, "$1"));
}

function dayFormat(
  locale: string | undefined,
  time: Intl.DateTimeFormat,
  day: Intl.DateTimeFormatOptions,
): Intl.DateTimeFormat {
  const { timeZone, hourCycle, hour, minute, second, timeZoneName } = time.resolvedOptions();
  const options = { timeZone, hourCycle, hour, minute, second, timeZoneName, ...day };
  return new Intl.DateTimeFormat(locale, options as Intl.DateTimeFormatOptions);
}

type Calendar = (ms: number) => { readonly day: number; readonly year: number; readonly wallMs: number };

const CALENDARS = new Map<string, Intl.DateTimeFormat>();

/** Returns the Gregorian calendar of a time zone in plain numbers, whatever the locale. */
function zoneCalendar(timeZone: string): Calendar {
  let format = CALENDARS.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-u-ca-gregory-nu-latn", {
      timeZone,
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      hourCycle: "h23",
    });
    CALENDARS.set(timeZone, format);
  }
  const found = format;
  return (ms) => {
    const parts = Object.fromEntries(found.formatToParts(ms).map((part) => [part.type, Number(part.value)]));
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts;
    const midnightMs = Date.UTC(year, month - 1, day);
    return { day: midnightMs / DAY_MS, year, wallMs: midnightMs + hour * 3_600_000 + minute * 60_000 };
  };
}

function offsetMinutes(calendar: Calendar, ms: number): number {
  return Math.round((calendar(ms).wallMs - Math.floor(ms / 60_000) * 60_000) / 60_000);
}

/** True if the clocks show a time twice, because they are set back before or after it. */
function isRepeated(calendar: Calendar, ms: number): boolean {
  const offset = offsetMinutes(calendar, ms);
  return [ms - DAY_MS, ms + DAY_MS].some((nearMs) => {
    const other = offsetMinutes(calendar, nearMs);
    // The moment with the same time on the clocks, if the other offset applies then.
    const twinMs = ms + (offset - other) * 60_000;
    return other !== offset && offsetMinutes(calendar, twinMs) === other;
  });
}
