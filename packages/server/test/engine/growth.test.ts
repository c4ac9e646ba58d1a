import { expect, it } from "vitest";
import { NO_PAST } from "../../src/core/state.js";
import type { CachedAccount } from "../../src/engine/account-cache.js";
import { createAccountCache } from "../../src/engine/account-cache.js";
import { decideLoaded } from "../../src/engine/decision.js";
import { toGrant, toHold, toSpend } from "../commands.js";
import { decideAll, minutes, NOW, toCircumstances, toEmptyAccount } from "../core/rules.js";

const SPENDS = 200;

/** Returns an account with live grants, of which a hold each has set aside the first ones, as a server caches it. */
function toCached(grants: number, holds: number): CachedAccount {
  const state = toEmptyAccount();
  const opened = Array.from({ length: grants }, (_, index) =>
    toGrant("a", `g-${index}`, "10", { expiresAt: minutes(60 + index) }),
  );
  decideAll(opened, state);
  decideAll(
    Array.from({ length: holds }, (_, index) => toHold("a", `h-${index}`, "10")),
    state,
  );
  return {
    state,
    ...{
      version: 1,
      changes: 1,
      recentVersions: [],
      drawn: null,
      dueAt: minutes(60),
      hasHeld: holds > 0,
      holds,
      rows: [],
    },
    ...{ weight: 0, weighed: { count: 0, weight: 0 } },
  };
}

/** Returns the processor time of spends in a batch each, in milliseconds: the least of five runs, after one that does not count. */
function measure(grants: number, holds: number): number {
  const cache = createAccountCache(1);
  const cached = toCached(grants, holds);
  let key = 0;
  const spend = () => {
    const batch = [{ account: "a", commands: [toSpend("a", `s-${++key}`, "0.001")] }];
    const decision = decideLoaded(batch, [{ cached, past: NO_PAST }], toCircumstances(NOW));
    expect(decision?.statement).not.toBeNull();
    cache.put([cached]);
  };
  const times = Array.from({ length: 6 }, () => {
    const before = process.cpuUsage();
    for (let index = 0; index < SPENDS; index++) spend();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  });
  return Math.min(...times.slice(1));
}

it.each([
  ["live grants", 20, 20_000, 0],
  ["grants that holds have set aside", 20, 20_000, 1],
] as const)("a spend beside 20,000 %s costs at most twice as much as beside 20", (_, few, many, share) => {
  measure(few, few * share - share);
  const least = measure(few, few * share - share);
  const most = measure(many, many * share - share);
  expect(most / least).toBeLessThan(2);
});

it("an account that is larger than all the room of the cache is kept", () => {
  const cache = createAccountCache(0.001);
  const cached = toCached(300, 0);
  cache.put([cached]);
  expect(cached.weight).toBeGreaterThan(200);
  expect(cache.get("a")).toBe(cached);
});
