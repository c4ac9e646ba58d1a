import { type Micros, micros, ZERO } from "./amount.js";
import type { Draw, Hold } from "./entry.js";
import { unreserve } from "./grants.js";
import { formatInstant } from "./instant.js";
import { refuse } from "./refusal.js";
import type { Draft, Past } from "./state.js";
import { addDue, addHold, dropDue } from "./sums.js";

/** Returns the open hold that a command names, or refuses the command. */
export function requireOpen(draft: Draft, past: Past, id: string): Hold {
  const found = draft.holds.get(id) ?? draft.closed?.get(id) ?? past.holds.get(id);
  if (found === undefined) {
    refuse(
      "hold_not_found",
      `The hold "${id}" does not exist on the account. Use the id that hold returned.`,
    );
  }
  if (found.status === "open") return found;
  const when = found.status === "expired" ? ` since ${formatInstant(found.expiresAt)}` : "";
  return refuse(
    "hold_closed",
    `The hold "${id}" is ${found.status}${when}. Charge what was used with spend, or report it as usage.`,
    { holdStatus: found.status },
  );
}

/**
 * Puts a hold among the open ones.
 *
 * @param before the hold that it extends; null for a new one
 */
export function openHold(draft: Draft, hold: Hold, before: Hold | null): void {
  draft.holds.set(hold.id, hold);
  draft.changes.holds.push({ hold, before });
  if (before === null) addHold(draft.sums, hold, 1n);
  else dropDue(draft.sums, before.expiresAt);
  addDue(draft.sums, hold.expiresAt);
}

/**
 * Replaces an open hold by the same hold settled, released or expired. Its credits are free again.
 *
 * @param taken the credits to take from what it has set aside
 * @returns the draws that take them
 */
export function closeHold(draft: Draft, closed: Hold, taken: Micros = ZERO): Draw[] {
  const before = draft.holds.get(closed.id) ?? null;
  draft.holds.delete(closed.id);
  draft.closed ??= new Map();
  draft.closed.set(closed.id, closed);
  draft.held = micros(draft.held - closed.credits);
  draft.changes.holds.push({ hold: closed, before });
  if (before !== null) addHold(draft.sums, before, -1n);
  dropDue(draft.sums, closed.expiresAt);
  return unreserve(draft, closed.reserved, taken);
}
