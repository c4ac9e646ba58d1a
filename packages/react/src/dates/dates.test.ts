import { expect, test } from "vitest";
import { toLabelFunctions } from "../labels/label-functions.js";
import { dateFormats, dayNumber } from "./dates.js";

const nowMs = Date.parse("2026-11-22T14:30:00Z");

function spans(timeZone: string, locale = "en", hourCycle: "h12" | "h23" = "h23") {
  const formats = dateFormats({ locale, timeZone, hourCycle, labels: toLabelFunctions() });
  return (from: string, to = from, at = nowMs) => {
    const { start, end } = formats.span(from, to, at);
    return end === null ? start.text : `${start.text} – ${end.text}`;
  };
}

test("times of today and yesterday are named so", () => {
  const utc = spans("UTC");
  expect(utc("2026-11-22T14:05:00Z", "2026-11-22T14:09:59.999999Z")).toBe("Today, 14:05 – 14:09");
  expect(utc("2026-11-22T00:00:00Z")).toBe("Today, 00:00");
  expect(utc("2026-11-21T18:22:00Z")).toBe("Yesterday, 18:22");
  expect(utc("2026-11-20T10:05:00Z", "2026-11-20T10:09:00Z")).toBe("Nov 20, 10:05 – 10:09");
});

test("without a current time, every day has its year", () => {
  const labels = toLabelFunctions();
  const formats = dateFormats({ locale: "en", timeZone: "UTC", hourCycle: "h23", labels });
  const [start, end] = ["2026-11-22T10:05:00Z", "2026-11-22T10:09:00Z"];
  expect(formats.span(start, end, null)).toMatchObject({
    start: { text: "Nov 22, 2026, 10:05" },
    end: { text: "10:09" },
  });
});

test("a span within one minute is a single time", () => {
  expect(spans("UTC")("2026-11-20T10:05:01Z", "2026-11-20T10:05:59Z")).toBe("Nov 20, 10:05");
});

test("a span over midnight names both days", () => {
  const utc = spans("UTC");
  expect(utc("2026-11-21T23:58:00Z", "2026-11-22T00:03:00Z")).toBe("Yesterday, 23:58 – Today, 00:03");
  expect(utc("2026-11-18T23:58:00Z", "2026-11-19T00:03:00Z")).toBe("Nov 18, 23:58 – Nov 19, 00:03");
});

test("another year is named", () => {
  expect(spans("UTC")("2025-12-31T23:58:00Z", "2026-01-01T00:02:00Z")).toBe(
    "Dec 31, 2025, 23:58 – Jan 1, 00:02",
  );
});

test("days and times follow the time zone, not the machine", () => {
  expect(spans("Asia/Tokyo")("2026-11-21T18:22:00Z")).toBe("Today, 03:22");
  expect(spans("America/New_York")("2026-11-22T03:00:00Z")).toBe("Yesterday, 22:00");
  expect(dayNumber("Asia/Tokyo", nowMs) - dayNumber("UTC", nowMs)).toBe(0);
  expect(dayNumber("Asia/Tokyo", nowMs + 3_600_000) - dayNumber("UTC", nowMs)).toBe(1);
});

test("a span over a change of the clocks names the offset at both ends", () => {
  const newYork = spans("America/New_York");
  expect(newYork("2026-11-01T05:58:00Z", "2026-11-01T06:02:00Z")).toBe("Nov 1, 01:58 EDT – 01:02 EST");
});

const TWICE = [
  [
    "America/New_York",
    "2026-11-01T05:30:00Z",
    "Nov 1, 01:30 EDT",
    "2026-11-01T06:30:00Z",
    "Nov 1, 01:30 EST",
  ],
  [
    "Europe/Berlin",
    "2026-10-25T00:59:59Z",
    "Oct 25, 02:59 GMT+2",
    "2026-10-25T01:00:00Z",
    "Oct 25, 02:00 GMT+1",
  ],
  [
    "Australia/Lord_Howe",
    "2026-04-04T14:45:00Z",
    "Apr 5, 01:45 GMT+11",
    "2026-04-04T15:15:00Z",
    "Apr 5, 01:45 GMT+10:30",
  ],
  [
    "America/Santiago",
    "2026-04-05T02:30:00Z",
    "Apr 4, 23:30 GMT-3",
    "2026-04-05T03:30:00Z",
    "Apr 4, 23:30 GMT-4",
  ],
] as const;

test.each(TWICE)(
  "a time that the clocks of %s show twice names its offset",
  (timeZone, first, firstText, second, secondText) => {
    const format = spans(timeZone);
    expect([format(first), format(second)]).toEqual([firstText, secondText]);
  },
);

const ONCE = [
  // The minutes before and after those that are repeated.
  ["America/New_York", "2026-11-01T04:59:59Z", "Nov 1, 00:59"],
  ["America/New_York", "2026-11-01T07:00:00Z", "Nov 1, 02:00"],
  ["Australia/Lord_Howe", "2026-04-04T14:29:59Z", "Apr 5, 01:29"],
  ["Australia/Lord_Howe", "2026-04-04T15:30:00Z", "Apr 5, 02:00"],
  // The clocks are set forward: no time is shown twice.
  ["America/New_York", "2026-03-08T06:59:00Z", "Mar 8, 01:59"],
  ["America/New_York", "2026-03-08T07:00:00Z", "Mar 8, 03:00"],
  ["Europe/Berlin", "2026-03-29T01:30:00Z", "Mar 29, 03:30"],
  ["Asia/Tokyo", "2026-11-01T05:30:00Z", "Nov 1, 14:30"],
] as const;

test.each(ONCE)("a time that the clocks of %s show once, at %s, names no offset", (timeZone, at, text) => {
  expect(spans(timeZone)(at)).toBe(text);
});

test("a span within repeated minutes names the offset at both ends", () => {
  const newYork = spans("America/New_York");
  expect(newYork("2026-11-01T05:30:00Z", "2026-11-01T05:34:00Z")).toBe("Nov 1, 01:30 EDT – 01:34 EDT");
  expect(newYork("2026-11-01T06:30:00Z", "2026-11-01T06:34:00Z")).toBe("Nov 1, 01:30 EST – 01:34 EST");
  expect(newYork("2026-11-01T04:58:00Z", "2026-11-01T05:02:00Z")).toBe("Nov 1, 00:58 EDT – 01:02 EDT");
  const [at, nextDayMs] = ["2026-11-01T05:30:00Z", Date.parse("2026-11-02T15:00:00Z")];
  expect(newYork(at, at, nextDayMs)).toBe("Yesterday, 01:30 EDT");
});

test("a time with seconds that the clocks show twice names its offset", () => {
  const options = { locale: "en", hourCycle: "h23", labels: toLabelFunctions() } as const;
  const formats = dateFormats({ ...options, timeZone: "America/New_York" });
  const toText = (at: string) => formats.withSeconds(at, "2026-11-01T05:30:00Z", nowMs).text;
  expect(toText("2026-11-01T05:30:05Z")).toBe("01:30:05 EDT");
  expect(toText("2026-11-01T06:30:05Z")).toBe("01:30:05 EST");
  expect(toText("2026-11-01T07:30:05Z")).toBe("02:30:05");
});

test("times follow the locale and the hour cycle", () => {
  expect(spans("UTC", "de")("2026-11-20T10:05:00Z", "2026-11-20T10:09:00Z")).toBe("20. Nov., 10:05 – 10:09");
  expect(spans("UTC", "en", "h12")("2026-11-20T15:05:00Z").replace("\u202f", " ")).toBe("Nov 20, 3:05 PM");
});

test("machine-readable times are exact to the millisecond", () => {
  const formats = dateFormats({
    locale: "en",
    timeZone: "UTC",
    hourCycle: "h23",
    labels: toLabelFunctions(),
  });
  const { start } = formats.span("2026-11-20T10:05:00.123456Z", "2026-11-20T10:05:00.123456Z", nowMs);
  expect(start.dateTime).toBe("2026-11-20T10:05:00.123Z");
  expect(formats.withSeconds("2026-11-20T10:05:31Z", "2026-11-20T10:05:00Z", nowMs).text).toBe("10:05:31");
  expect(formats.withSeconds("2026-11-22T00:01:31Z", "2026-11-21T23:59:00Z", nowMs).text).toBe(
    "Today, 00:01:31",
  );
});
