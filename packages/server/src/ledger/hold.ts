import type { HoldCommand, ReleaseCommand, SettleCommand } from "./command.js";
import { amount, fits } from "./credits.js";
import { closeHold } from "./due.js";
import type { Entry, Hold } from "./entry.js";
import { addSeconds, formatInstant } from "./instant.js";
import { requireCovered } from "./limits.js";
import { postDebit } from "./post.js";
import { refuse } from "./refusal.js";
import type { Draft } from "./state.js";

/** Sets credits aside, when they are covered. */
export function hold(draft: Draft, command: HoldCommand, fingerprint: string): Hold {
  requireCovered(draft, command.credits, "hold");
  const held = amount(draft.held + command.credits);
  if (!fits(held))
    refuse("amount_out_of_range", "The held credits would leave the range the ledger can hold.");
  const opened: Hold = {
    hold: command.hold,
    kind: command.kind,
    credits: command.credits,
    description: command.description,
    source: command.source,
    project: command.project,
    status: "open",
    createdAt: draft.now,
    expiresAt: addSeconds(draft.now, command.expiresInSeconds),
    key: command.key,
    fingerprint,
    settledSeq: null,
    releaseKey: null,
    releaseFingerprint: null,
  };
  draft.held = held;
  draft.holds = [...draft.holds, opened];
  draft.changes.holds.push(opened);
  return opened;
}

/**
 * Turns a hold into usage. Up to what was held it always posts, for that was promised; what goes beyond has to be
 * covered. What is not needed becomes available again.
 */
export function settle(draft: Draft, command: SettleCommand, fingerprint: string): Entry {
  const open = requireOpen(draft, command.hold);
  if (command.credits > open.credits) {
    requireCovered(draft, amount(command.credits - open.credits), "settle beyond the hold for");
  }
  closeHold(draft, { ...open, status: "settled", settledSeq: draft.seq + 1 });
  return postDebit(draft, command.credits, {
    kind: open.kind,
    key: command.key,
    fingerprint,
    originalCredits: command.originalCredits,
    description: command.description ?? open.description,
    source: open.source,
    project: open.project,
    metadata: command.metadata,
  });
}

/** Gives a hold up: its credits are available again. */
export function release(draft: Draft, command: ReleaseCommand, fingerprint: string): Hold {
  const open = requireOpen(draft, command.hold);
  const released: Hold = {
    ...open,
    status: "released",
    releaseKey: command.key,
    releaseFingerprint: fingerprint,
  };
  closeHold(draft, released);
  return released;
}

function requireOpen(draft: Draft, id: string): Hold {
  const found = draft.holds.find((other) => other.hold === id);
  if (found === undefined) refuse("hold_not_found", `The account has no hold "${id}".`);
  if (found.status === "open") return found;
  const when = found.status === "expired" ? ` at ${formatInstant(found.expiresAt)}` : "";
  return refuse(
    "hold_closed",
    `The hold "${id}" is ${found.status}${when}. Charge what was used with spend, or report it as usage.`,
    { hold_status: found.status },
  );
}
