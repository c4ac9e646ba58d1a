import { describe, expect, it } from "vitest";
import type { AnyCommand } from "../../src/core/command.js";
import type { Instant } from "../../src/core/instant.js";
import { toGrant, toHold, toSettle, toSpend, toUsage } from "../commands.js";
import { decideAll, minutes, NOW, toEmptyAccount } from "./rules.js";

const FEW = 1_000;
const MANY = 10 * FEW;

/** The most by which ten times the work may take longer. Work that grows with the square takes 100 times as long. */
const GROWTH_MAX = 25;

/** Returns the processor time of some work, in milliseconds: the least of three runs, after one that does not count. */
function measure(prepare: () => () => void): number {
  const times = [0, 1, 2, 3].map(() => {
    const work = prepare();
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  });
  return Math.min(...times.slice(1));
}

const list = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => make(index));

/** Makes grants that are recorded in another order than that in which they expire. */
const toGrants = (count: number) =>
  list(count, (index) =>
    toGrant("a", `g-${index}`, "1", {
      expiresAt: (minutes(1) + ((index * 7_919) % count)) as Instant,
      priority: index % 3,
    }),
  );

const toHolds = (count: number) =>
  list(count, (index) => toHold("a", `h-${index}`, "1", { expiresIn: 60 + (index % 7) }));

const toTask = (index: number) => ({ task: { id: `task-${index}`, label: null } });

/** Decides commands one batch after the other, as they arrive in production. */
function decideInBatches(commands: readonly AnyCommand[], state = toEmptyAccount()) {
  for (let index = 0; index < commands.length; index += 500)
    decideAll(commands.slice(index, index + 500), state);
  return state;
}

describe("ten times as many", () => {
  it.each([
    [
      "grants take about ten times as long to make",
      (count: number) => {
        const commands = toGrants(count);
        return () => expect(decideInBatches(commands).grants).toHaveLength(count);
      },
    ],
    [
      "grants that come due at once take about ten times as long",
      (count: number) => {
        const state = decideInBatches(toGrants(count));
        return () => expect(decideAll([], state, minutes(60)).changes.entries).toHaveLength(count);
      },
    ],
    [
      "grants that a spend draws on take about ten times as long",
      (count: number) => {
        const state = decideInBatches(toGrants(count));
        return () => expect(decideAll([toSpend("a", "s", `${count}`)], state).state.balance).toBe(0n);
      },
    ],
    [
      "holds take about ten times as long to make",
      (count: number) => {
        const commands = [toGrant("a", "g", `${count}`), ...toHolds(count)];
        return () => expect(decideInBatches(commands).holds.size).toBe(count);
      },
    ],
    [
      "holds that come due at once take about ten times as long",
      (count: number) => {
        const state = decideInBatches([toGrant("a", "g", `${count}`), ...toHolds(count)]);
        return () => expect(decideAll([], state, minutes(60)).changes.holds).toHaveLength(count);
      },
    ],
    [
      "grants that a hold has set aside take about ten times as long to settle",
      (count: number) => {
        const hold = toHold("a", "h", `${count}`, { expiresIn: 3_600 });
        const state = decideInBatches([...toGrants(count), hold]);
        const settle = toSettle("a", "s", "hold-h", `${count / 2}`);
        return () => expect(decideAll([settle], state, minutes(30)).state.balance).toBe(0n);
      },
    ],
    [
      "holds on a grant each that come due at once take about ten times as long",
      (count: number) => {
        const state = decideInBatches([...toGrants(count), ...toHolds(count)]);
        return () => expect(decideAll([], state, minutes(60)).state.balance).toBe(0n);
      },
    ],
    [
      "spends take about ten times as long",
      (count: number) => {
        const state = decideAll([toGrant("a", "g", `${count}`)], toEmptyAccount(), NOW).state;
        const commands = list(count, (index) => toSpend("a", `s-${index}`, "1"));
        return () => expect(decideInBatches(commands, state).balance).toBe(0n);
      },
    ],
    [
      "entries in one window take about ten times as long",
      (count: number) => {
        const commands = list(count, (index) => toUsage("a", `u-${index}`, "1", toTask(index % 100)));
        return () => expect(decideInBatches(commands).window?.rows).toHaveLength(65);
      },
    ],
    [
      "sources in one window take about ten times as long",
      (count: number) => {
        const commands = list(count, (index) => toUsage("a", `u-${index}`, "1", toTask(index)));
        return () => expect(decideInBatches(commands).window?.rows).toHaveLength(65);
      },
    ],
    [
      "times of a backlog in no order take about ten times as long",
      (count: number) => {
        const commands = list(count, (index) =>
          toUsage("a", `u-${index}`, "1", { occurredAt: minutes(-5 * ((index * 7_919) % count)) }),
        );
        return () => expect(decideInBatches(commands).seq).toBe(count);
      },
    ],
  ])("%s", (_, prepare) => {
    const few = measure(() => prepare(FEW));
    const many = measure(() => prepare(MANY));
    expect(many / few).toBeLessThan(GROWTH_MAX);
  });
});
