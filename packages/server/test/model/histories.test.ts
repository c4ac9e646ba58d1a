import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { Command } from "./commands.js";
import { histories } from "./histories.js";
import { checkInvariants } from "./invariants.js";
import { type PlayedStep, play } from "./play.js";
import { type Counts, notice, SITUATIONS } from "./situations.js";

const SEED = 20_261_122;
const TIMES_MIN = 3;

function checkStep({ players }: PlayedStep): void {
  for (const { model } of players) {
    checkInvariants({
      entries: model.entries(),
      rows: model.rows(),
      grants: model.grants(),
      holds: model.holds(),
      account: model.account(),
    });
  }
}

describe("300 random histories, through the model alone", () => {
  const counts: Counts = new Map();

  beforeAll(() => {
    fc.assert(
      fc.property(histories(), (history) => {
        const earlier: Command[] = [];
        for (const step of play(history)) {
          notice(counts, step, earlier);
          checkStep(step);
          earlier.push(...step.commands);
        }
      }),
      { numRuns: 300, seed: SEED },
    );
  });

  it.each(SITUATIONS)("reach: %s", (situation) => {
    expect(counts.get(situation) ?? 0).toBeGreaterThanOrEqual(TIMES_MIN);
  });
});
