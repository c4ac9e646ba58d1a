import { describe, expect, it } from "vitest";
import { at, dayOf } from "../seed/local-time.js";
import type { SeedStep } from "../seed/step.js";
import { story, storyBegin } from "../seed/story.js";

const DAY_MS = 86_400_000;
const zones = ["UTC", "America/Los_Angeles", "Europe/Berlin", "Asia/Kolkata", "Pacific/Auckland"];

/** Moments all over a year, at all hours, each with a zone. */
const starts = Array.from({ length: 150 }, (_, index) => ({
  anchorMs: Date.parse("2026-01-01T00:07:00Z") + index * 3 * DAY_MS + index * 3_700_000,
  timeZone: zones[index % zones.length] as string,
}));

/** What a step moves, in hundredths of a credit; a refund is left out. */
function centsOf(step: SeedStep): number {
  if ("usage" in step)
    return -step.usage.reduce((sum, event) => sum + Math.round(Number(event.credits) * 100), 0);
  const { movement } = step;
  if (movement.op === "refund") return 0;
  return Math.round(Number(movement.credits) * 100) * (movement.op === "writeOff" ? -1 : 1);
}

/** The least the account holds, when what is left of a plan's month expires with it. */
function lowestBalance(steps: readonly SeedStep[]): number {
  let monthly = 0;
  let other = 0;
  let lowest = Number.POSITIVE_INFINITY;
  for (const step of steps) {
    const cents = centsOf(step);
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

describe("the story of the demo's account", () => {
  it("is told in order, from its beginning to the moment it leads up to, whenever that is", () => {
    for (const { anchorMs, timeZone } of starts) {
      const steps = story(anchorMs, timeZone);
      const times = steps.flatMap((step) =>
        "usage" in step ? step.usage.map((event) => event.atMs) : [step.atMs],
      );
      expect(steps.map((step) => step.atMs)).toEqual(steps.map((step) => step.atMs).sort((a, b) => a - b));
      expect(Math.min(...times)).toBeGreaterThanOrEqual(storyBegin(anchorMs, timeZone));
      expect(Math.max(...times), `${new Date(anchorMs).toISOString()} ${timeZone}`).toBeLessThan(anchorMs);
      expect(new Set(steps.map((step) => step.id)).size).toBe(steps.length);
    }
  });

  it("is the same for the same moment and zone", () => {
    expect(story(1_795_400_000_000, "Europe/Berlin")).toEqual(story(1_795_400_000_000, "Europe/Berlin"));
  });

  it("never uses more than there is", () => {
    for (const { anchorMs, timeZone } of starts) {
      expect(lowestBalance(story(anchorMs, timeZone)), new Date(anchorMs).toISOString()).toBeGreaterThan(0);
    }
  });
});

describe("local time", () => {
  it("finds the moment a clock shows a time, also around a change of the clocks", () => {
    const berlin = (year: number, month: number, day: number, clock: string) =>
      new Date(at("Europe/Berlin", { year, month, day }, clock)).toISOString();
    expect(berlin(2026, 3, 28, "00:00")).toBe("2026-03-27T23:00:00.000Z");
    expect(berlin(2026, 3, 29, "04:00")).toBe("2026-03-29T02:00:00.000Z");
    expect(berlin(2026, 10, 25, "12:00")).toBe("2026-10-25T11:00:00.000Z");
    expect(dayOf("Pacific/Auckland", Date.parse("2026-11-22T20:00:00Z"))).toEqual({
      year: 2026,
      month: 11,
      day: 23,
    });
  });
});
