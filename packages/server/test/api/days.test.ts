import { describe, expect, it } from "vitest";
import { listDays } from "../../src/api/days.js";
import { formatInstant, parseInstant } from "../../src/core/instant.js";

const toDays = (zone: string, first: string, last: string, max = 10) =>
  listDays(zone, parseInstant(first), parseInstant(last), max).map(({ date, start }) => [
    date,
    formatInstant(start).replace(".000000", ""),
  ]);

describe("the days of a time zone", () => {
  it("begin at midnight, over changes of the clocks too", () => {
    expect(toDays("Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z")).toEqual([
      ["2026-10-24", "2026-10-23T22:00:00Z"],
      ["2026-10-25", "2026-10-24T22:00:00Z"],
      ["2026-10-26", "2026-10-25T23:00:00Z"],
    ]);
    expect(toDays("America/New_York", "2026-03-08T04:59:59.999999Z", "2026-03-09T04:00:00Z")).toEqual([
      ["2026-03-07", "2026-03-07T05:00:00Z"],
      ["2026-03-08", "2026-03-08T05:00:00Z"],
      ["2026-03-09", "2026-03-09T04:00:00Z"],
    ]);
  });

  it("begin later where the clocks skip midnight", () => {
    expect(toDays("America/Sao_Paulo", "2018-11-04T12:00:00Z", "2018-11-04T13:00:00Z")).toEqual([
      ["2018-11-04", "2018-11-04T03:00:00Z"],
    ]);
    // Clocks went from 23:59:59 to 23:00, so midnight came an hour later.
    expect(toDays("America/Sao_Paulo", "2018-02-18T12:00:00Z", "2018-02-18T13:00:00Z")).toEqual([
      ["2018-02-18", "2018-02-18T03:00:00Z"],
    ]);
  });

  it("have no length where a zone skipped the date", () => {
    expect(toDays("Pacific/Apia", "2011-12-30T00:00:00Z", "2011-12-31T00:00:00Z")).toEqual([
      ["2011-12-29", "2011-12-29T10:00:00Z"],
      ["2011-12-30", "2011-12-30T10:00:00Z"],
      ["2011-12-31", "2011-12-30T10:00:00Z"],
    ]);
  });

  it("end with the last instant, or at the most that there may be", () => {
    expect(toDays("UTC", "1900-01-01T00:00:00Z", "2199-12-31T00:00:00Z", 2)).toEqual([
      ["1900-01-01", "1900-01-01T00:00:00Z"],
      ["1900-01-02", "1900-01-02T00:00:00Z"],
    ]);
    expect(toDays("Asia/Kathmandu", "2026-11-22T18:14:59Z", "2026-11-22T18:15:00Z")).toEqual([
      ["2026-11-22", "2026-11-21T18:15:00Z"],
      ["2026-11-23", "2026-11-22T18:15:00Z"],
    ]);
  });

  it("are those that the clocks show, in every zone and around every start", () => {
    for (const zone of ["UTC", "Australia/Lord_Howe", "America/St_Johns", "Asia/Gaza", "Africa/Casablanca"]) {
      const format = new Intl.DateTimeFormat("sv", { timeZone: zone });
      const first = parseInstant("2024-01-01T00:00:00Z");
      const days = listDays(zone, first, parseInstant("2026-12-31T00:00:00Z"), 2000);
      for (const { date, start } of days) {
        expect(format.format(start / 1000), zone).toBe(date);
        expect(format.format(start / 1000 - 1) < date, `${zone} ${date}`).toBe(true);
      }
    }
  });
});
