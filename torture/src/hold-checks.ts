import { fromMicros, type Hold, toMicros } from "@credit-activity/client";
import type { Books } from "./books.js";
import { type Finding, sum } from "./finding.js";
import type { AccountHistory } from "./history.js";
import {
  findHold,
  listAccepted,
  listLives,
  toEndings,
  toHoldEnds,
  toLatest,
  toMs,
  toSeq,
} from "./lifetimes.js";

/** A hold is ended once, and only an ended hold is closed. The account has set aside what is open, and no more. */
export function* checkHolds(history: AccountHistory, { account }: Books): Iterable<Finding> {
  const endings = toEndings(history);
  const ends = toHoldEnds(history);
  for (const [ended, { accepted }] of endings) {
    const name = typeof ended === "number" ? "grant" : "hold";
    if (accepted.length > 1) yield { problem: `The ${name} ${ended} was ended twice.`, evidence: accepted };
  }
  for (const recorded of history.commands.values()) {
    const { command, refusal, refusedAt, response } = recorded;
    if (refusal === null || refusedAt === null || response !== null || command.hold === null) continue;
    if (refusal === "account_closed") continue;
    const hold = findHold(history, command.hold);
    const isEnded = (endings.get(command.hold)?.accepted.length ?? 0) > 0;
    const isExpired = hold !== null && toLatest(ends.get(hold.id) ?? []) <= refusedAt;
    const isBeyond =
      command.name === "settle" && toMicros(command.input.credits) > toMicros(hold?.credits ?? "0");
    if (refusal === "hold_closed" ? isEnded || isExpired : isBeyond) continue;
    yield { problem: `A command on an open hold was refused with ${refusal}.`, evidence: { recorded, hold } };
  }
  const held = toHeld(history);
  if (toMicros(account.held) !== held) {
    const problem = `The account has set ${account.held} aside, and its open holds are ${fromMicros(held)}.`;
    yield { problem, evidence: account };
  }
}

/** Each hold is that of an accepted command. It has the latest end that was confirmed, and the status that its end gave it. */
export function* checkHoldRecords(history: AccountHistory, { holds }: Books): Iterable<Finding> {
  const endings = toEndings(history);
  const ends = toHoldEnds(history);
  const byKey = new Map<string, Hold>();
  for (const hold of holds) {
    const recorded = history.commands.get(hold.key);
    if (recorded?.response?.hold?.id !== hold.id || byKey.has(hold.key))
      yield { problem: `The hold ${hold.id} is not that of its command.`, evidence: { hold, recorded } };
    byKey.set(hold.key, hold);
  }
  for (const { recorded, command, response } of listAccepted(history, "hold")) {
    const hold = byKey.get(command.key);
    const id = response.hold?.id ?? "";
    if (hold === undefined) {
      yield { problem: `The hold ${id} is lost.`, evidence: recorded };
      continue;
    }
    const end = toLatest(ends.get(id) ?? []);
    if (Date.parse(hold.expiresAt) !== end) {
      const problem = `The hold ${id} expires at ${hold.expiresAt}, and ${new Date(end).toISOString()} was confirmed.`;
      yield { problem, evidence: hold };
    }
    const ending = endings.get(id)?.accepted[0];
    const closed = end <= Date.now() ? "expired" : "open";
    const status = ending === undefined ? closed : ending.response?.entry == null ? "released" : "settled";
    const settledSeq = ending === undefined ? null : toSeq(ending) || null;
    if (hold.status !== status || hold.settledSeq !== settledSeq)
      yield { problem: `The hold ${id} is ${hold.status}, and was ${status}.`, evidence: { hold, ending } };
  }
}

/** An extension lets its hold last as long as it states, and never for less than one that was confirmed before. */
export function* checkExtensions(history: AccountHistory): Iterable<Finding> {
  const ends = toHoldEnds(history);
  for (const { recorded, command, response, sentMs } of listAccepted(history, "extend")) {
    const end = Date.parse(response.hold?.expiresAt ?? "");
    const stated = performance.timeOrigin + sentMs + 1_000 * (command.input.expiresIn ?? 0) - CLOCK_MS;
    const least = Math.max(stated, toLatest(ends.get(command.hold ?? "") ?? [], sentMs));
    if (response.hold?.id === command.hold && end >= least) continue;
    const problem = `An extension of the hold ${command.hold} lets it last until ${response.hold?.expiresAt}, too short a time.`;
    yield { problem, evidence: { recorded, least: new Date(least).toISOString() } };
  }
}

/** The distance by which the clock of the process may differ from its monotonic clock. */
const CLOCK_MS = 1_000;

/** Returns the sum of the open holds, and of the grants that are not effective yet. */
export function toHeld(history: AccountHistory): bigint {
  const endings = toEndings(history);
  const now = Date.now();
  const pending = listLives(history).filter(
    ({ granted, seq }) =>
      granted.command.input.effectiveAt != null &&
      toMs(granted.command.input.effectiveAt) > now &&
      (endings.get(seq)?.accepted.length ?? 0) === 0,
  );
  return (
    sum(listOpenHolds(history).map(({ credits }) => credits)) +
    sum(pending.map(({ granted }) => granted.response.entry?.credits ?? "0"))
  );
}

/** Returns the holds that nothing has ended. */
export function listOpenHolds(history: AccountHistory): Hold[] {
  const endings = toEndings(history);
  const ends = toHoldEnds(history);
  const now = Date.now();
  return listAccepted(history, "hold").flatMap(({ response: { hold } }) => {
    const isOpen = hold !== null && toLatest(ends.get(hold.id) ?? []) > now;
    return isOpen && (endings.get(hold.id)?.accepted.length ?? 0) === 0 ? [hold] : [];
  });
}
