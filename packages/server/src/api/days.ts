import { addSeconds, type Instant, instantFromMillis, MICROS_PER_SECOND } from "../core/instant.js";

const SECONDS_PER_DAY = 24 * 60 * 60;

/** A day of a time zone. */
export interface Day {
  /** The date, such as "2026-11-22". */
  readonly date: string;
  /** The first instant of the day. */
  readonly start: Instant;
}

/**
 * Returns the days of a time zone from the day of an instant on, up to the day of another, and at most `max` of them. The
 * first day is always among them. A date that a zone has skipped is a day that ends where it starts.
 */
export function listDays(timeZone: string, first: Instant, last: Instant, max: number): Day[] {
  const format = new Intl.DateTimeFormat("en-u-ca-iso8601-nu-latn", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });

  /** Returns the time on the clocks of the zone as seconds, as if it were UTC. */
  const toLocal = (seconds: number): number => {
    const parts: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(seconds * 1000)) parts[type] = Number(value);
    const { year = 0, month = 0, day = 0, hour, minute, second } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
  };
  const toDay = (seconds: number) => Math.floor(toLocal(seconds) / SECONDS_PER_DAY);
  const isStart = (seconds: number, day: number) => toDay(seconds) >= day && toDay(seconds - 1) < day;

  /** Returns the first second of a day, which is not always midnight. */
  const toStart = (day: number): number => {
    const midnight = day * SECONDS_PER_DAY;
    for (const near of [midnight, midnight - 12 * 3600, midnight + 12 * 3600]) {
      const start = midnight - (toLocal(near) - near);
      if (isStart(start, day)) return start;
    }
    let before = midnight - 2 * SECONDS_PER_DAY;
    let after = midnight + 2 * SECONDS_PER_DAY;
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (toDay(middle) >= day) after = middle;
      else before = middle;
    }
    return after;
  };

  const days: Day[] = [];
  const firstDay = toDay(Math.floor(first / MICROS_PER_SECOND));
  const lastDay = Math.max(firstDay, toDay(Math.floor(last / MICROS_PER_SECOND)));
  for (let day = firstDay; day <= lastDay && days.length < max; day++) {
    const date = new Date(day * SECONDS_PER_DAY * 1000).toISOString().slice(0, 10);
    days.push({ date, start: addSeconds(instantFromMillis(0), toStart(day)) });
  }
  return days;
}
