import { expect, test } from "vitest";
import { defaultLabels } from "../labels.js";
import { dateFormats, dayNumber } from "./dates.js";

const nowMs = Date.parse("2026-11-22T14:30:00Z");

function spans(timeZone: string, locale = "en", hourCycle: "h12" | "h23" = "h23") {
  const formats = dateFormats({ locale, timeZone, hourCycle, labels: defaultLabels });
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

test("times follow the locale and the hour cycle", () => {
  expect(spans("UTC", "de")("2026-11-20T10:05:00Z", "2026-11-20T10:09:00Z")).toBe("20. Nov., 10:05 – 10:09");
  expect(spans("UTC", "en", "h12")("2026-11-20T15:05:00Z").replace("\u202f", " ")).toBe("Nov 20, 3:05 PM");
});

test("machine-readable times are exact to the millisecond", () => {
  const formats = dateFormats({ locale: "en", timeZone: "UTC", hourCycle: "h23", labels: defaultLabels });
  const { start } = formats.span("2026-11-20T10:05:00.123456Z", "2026-11-20T10:05:00.123456Z", nowMs);
  expect(start.dateTime).toBe("2026-11-20T10:05:00.123Z");
  expect(formats.withSeconds("2026-11-20T10:05:31Z", "2026-11-20T10:05:00Z", nowMs).text).toBe("10:05:31");
  expect(formats.withSeconds("2026-11-22T00:01:31Z", "2026-11-21T23:59:00Z", nowMs).text).toBe(
    "Today, 00:01:31",
  );
});
