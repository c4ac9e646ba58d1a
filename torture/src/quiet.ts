import { type Account, type Grant, toMicros } from "@credit-activity/client";
import { sum } from "./finding.js";
import type { AccountHistory } from "./history.js";
import { listOpenHolds, toHeld } from "./hold-checks.js";
import { listLives, toGrantEnd, toHoldEnds, toLatest, toMs } from "./lifetimes.js";

/** The time for which nothing may come due, so that all parts of an account are read as one. */
export const QUIET_MS = 4_000;

/** True if all that has come due on an account is posted, and nothing else comes due within a few seconds. */
export function isQuiet(history: AccountHistory, { held }: Account, grants: readonly Grant[]): boolean {
  const now = Date.now();
  const dues = [
    ...listLives(history).flatMap((life) => [toGrantEnd(life), toMs(life.granted.command.input.effectiveAt)]),
    ...[...toHoldEnds(history).values()].map((ends) => toLatest(ends)),
  ];
  if (dues.some((due) => due > now && due <= now + QUIET_MS)) return false;
  return toMicros(held) === toHeld(history) && listLeft(history, grants).length === 0;
}

/** Returns the grants that have ended, with more remaining than open holds can have reserved. */
export function listLeft(history: AccountHistory, grants: readonly Grant[]): Grant[] {
  const now = Date.now();
  const reserved = sum(listOpenHolds(history).map(({ credits }) => credits));
  return grants.filter(
    ({ expiresAt, remaining }) => toMs(expiresAt) <= now && toMicros(remaining) > reserved,
  );
}
