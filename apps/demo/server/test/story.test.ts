import { describe, expect, it } from "vitest";
import { at, toDay } from "../seed/local-time.js";
import type { SeedStep } from "../seed/step.js";
import { createStory, getStoryStart } from "../seed/story.js";

const DAY_MS = 86_400_000;
const ZONES = ["UTC", "America/Los_Angeles", "Europe/Berlin", "Asia/Kolkata", "Pacific/Auckland"];

/** Times throughout a year, at all hours, each with a zone. */
const STARTS = Array.from({ length: 150 }, (_, index) => ({
  anchorMs: Date.parse("2026-01-01T00:07:00Z") + index * 3 * DAY_MS + index * 3_700_000,
  timeZone: ZONES[index % ZONES.length] as string,
}));

/** Returns the credits of a step, in hundredths. A refund counts as 0. */
function toCents(step: SeedStep): number {
  if ("usage" in step)
    return -step.usage.reduce((sum, event) => sum + Math.round(Number(event.credits) * 100), 0);
  const { movement } = step;
  if (movement.op === "refund") return 0;
  return Math.round(Number(movement.credits) * 100) * (movement.op === "writeOff" ? -1 : 1);
}

/** Returns the lowest balance, if the remaining monthly credits expire with their month. */
function lowestBalance(steps: readonly SeedStep[]): number {
  let monthly = 0;
  let other = 0;
  let lowest = Number.POSITIVE_INFINITY;
  for (const step of steps) {
    const cents = toCents(step);
    if ("movement" in step && step.movement.op === "grant" && step.movement.kind === "monthly_grant") {
      monthly = cents;
    } else if (cents > 0) {
      other += cents;
    } else {
      const fromMonthly = Math.min(monthly, -cents);
      monthly -= fromMonthly;
      other += cents + fromMonthly;
    }
    lowest = Math.min(lowest, monthly + other);
  }
  return lowest;
}

describe("the story of the account", () => {
  it("is in order, from its start to its end, for any end", () => {
    for (const { anchorMs, timeZone } of STARTS) {
      const steps = createStory(anchorMs, timeZone);
      const times = steps.flatMap((step) =>
        "usage" in step ? step.usage.map((event) => event.atMs) : [step.atMs],
      );
      expect(steps.map((step) => step.atMs)).toEqual(steps.map((step) => step.atMs).sort((a, b) => a - b));
      expect(Math.min(...times)).toBeGreaterThanOrEqual(getStoryStart(anchorMs, timeZone));
      expect(Math.max(...times), `${new Date(anchorMs).toISOString()} ${timeZone}`).toBeLessThan(anchorMs);
      expect(new Set(steps.map((step) => step.id)).size).toBe(steps.length);
    }
  });

  it("is the same for the same time and zone", () => {
    expect(createStory(1_795_400_000_000, "Europe/Berlin")).toEqual(
      createStory(1_795_400_000_000, "Europe/Berlin"),
    );
  });

  it("never uses more than the balance", () => {
    for (const { anchorMs, timeZone } of STARTS) {
      expect(
        lowestBalance(createStory(anchorMs, timeZone)),
        new Date(anchorMs).toISOString(),
      ).toBeGreaterThan(0);
    }
  });
});

describe("local time", () => {
  it("converts the time of a clock, also around a change of the clocks", () => {
    const berlin = (year: number, month: number, day: number, clock: string) =>
      new Date(at("Europe/Berlin", { year, month, day }, clock)).toISOString();
    expect(berlin(2026, 3, 28, "00:00")).toBe("2026-03-27T23:00:00.000Z");
    expect(berlin(2026, 3, 29, "04:00")).toBe("2026-03-29T02:00:00.000Z");
    expect(berlin(2026, 10, 25, "12:00")).toBe("2026-10-25T11:00:00.000Z");
    expect(toDay("Pacific/Auckland", Date.parse("2026-11-22T20:00:00Z"))).toEqual({
      year: 2026,
      month: 11,
      day: 23,
    });
  });
});
