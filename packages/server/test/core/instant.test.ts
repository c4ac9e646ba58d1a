import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatInstant, type Instant, InstantFormatError, parseInstant } from "../../src/core/instant.js";
import { parseTimestamp } from "../../src/db/types.js";

describe("times", () => {
  it.each([
    ["1970-01-01T00:00:00Z", 0],
    ["1970-01-01T00:00:00.000001Z", 1],
    ["1969-12-31T23:59:59.999999Z", -1],
    ["2026-11-22T10:05:00.1234567Z", Date.UTC(2026, 10, 22, 10, 5) * 1000 + 123_456],
    ["2026-11-22T12:05:00+02:00", Date.UTC(2026, 10, 22, 10, 5) * 1000],
    ["2026-11-22T04:35:00-05:30", Date.UTC(2026, 10, 22, 10, 5) * 1000],
    ["2024-02-29T00:00:00Z", Date.UTC(2024, 1, 29) * 1000],
  ])("are parsed from %s", (text, micros) => {
    expect(parseInstant(text)).toBe(micros);
  });

  it.each([
    "2026-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-11-22T24:00:00Z",
    "2026-11-22T10:60:00Z",
    "2026-11-22T10:05:00",
    "2026-11-22",
    "now",
    "1763806500",
    "",
    "1899-12-31T23:59:59Z",
    "2200-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z",
  ])("refuse %j", (text) => {
    expect(() => parseInstant(text)).toThrow(InstantFormatError);
  });

  it("are parsed as they were formatted, and sort as strings as they do as numbers", () => {
    const instant = fc.integer({ min: Date.UTC(1900, 0, 1) * 1000, max: Date.UTC(2200, 0, 1) * 1000 - 1 });
    fc.assert(
      fc.property(instant, instant, (a, b) => {
        const [first, second] = [formatInstant(a as Instant), formatInstant(b as Instant)];
        expect(parseInstant(first)).toBe(a);
        expect(first < second).toBe(a < b);
        expect(parseTimestamp(`${first.slice(0, 10)} ${first.slice(11, -1)}+00`)).toBe(a);
      }),
    );
  });

  it.each([
    ["2026-11-22 10:05:00+00", "2026-11-22T10:05:00Z"],
    ["2026-11-22 10:05:00.5+00", "2026-11-22T10:05:00.5Z"],
    ["2026-11-22 12:05:00.000001+02", "2026-11-22T10:05:00.000001Z"],
    ["2026-11-22 04:35:00-05:30", "2026-11-22T10:05:00Z"],
    ["1900-01-01 00:19:32.120000+00:19:32", "1900-01-01T00:00:00.12Z"],
  ])("are parsed from %s as the database writes it", (stored, instant) => {
    expect(parseTimestamp(stored)).toBe(parseInstant(instant));
  });

  it.each([
    "22/11/2026 10:05:00 UTC",
    "2026-11-22 10:05:00",
    "2026-11-22 10:05:00.1234567+00",
    "0099-11-22 10:05:00+00",
    "0044-03-15 12:00:00+00 BC",
    "infinity",
  ])("are refused from the database as %s", (stored) => {
    expect(() => parseTimestamp(stored)).toThrow("is not a time in ISO style");
  });
});
