import type { Command } from "./command.js";
import { amount, ZERO } from "./credits.js";
import { decide, decideDue, type Outcome } from "./decide.js";
import type { Hold } from "./entry.js";
import type { Instant } from "./instant.js";
import { type AccountState, type Answer, type Changes, noChanges, type Past } from "./state.js";

/** What a batch did to one account. */
export interface BatchResult {
  readonly state: AccountState;
  readonly changes: Changes;
  /** One outcome a command, in the order of the commands. */
  readonly outcomes: readonly Outcome[];
}

/**
 * Decides commands on one account in the order of their arrival. Each sees what those before it did, keys and refunds
 * included; a refused one harms no other.
 */
export function decideBatch(
  state: AccountState,
  commands: readonly Command[],
  now: Instant,
  past: Past,
): BatchResult {
  const known = {
    answers: new Map(past.answers),
    entries: new Map(past.entries),
    refunded: new Map(past.refunded),
  };
  const due = decideDue(state, now);
  const changes = noChanges();
  merge(changes, due.changes);
  for (const entry of due.changes.entries) known.entries.set(entry.seq, entry);
  let current = due.state;
  const outcomes: Outcome[] = [];
  for (const command of commands) {
    const decision = decide(current, command, now, known);
    current = decision.state;
    merge(changes, decision.changes);
    remember(known, command, decision.outcome);
    outcomes.push(decision.outcome);
  }
  return { state: current, changes, outcomes };
}

function merge(into: Changes, from: Changes): void {
  into.entries.push(...from.entries);
  for (const [seq, grant] of from.grants) into.grants.set(seq, grant);
  for (const [id, hold] of from.holds) into.holds.set(id, hold);
  for (const [position, row] of from.rows) into.rows.set(position, row);
}

interface Known {
  readonly answers: Map<string, Answer>;
  readonly entries: Map<number, NonNullable<Answer["entry"]>>;
  readonly refunded: Map<number, typeof ZERO>;
}

/** Lets later commands of the batch repeat this one's key and refund its entry. */
function remember(known: Known, command: Command, outcome: Outcome): void {
  if (command.op === "touch" || outcome.refusal !== null || outcome.repeated) return;
  const { entry, hold } = outcome;
  const fingerprint = entry?.fingerprint ?? fingerprintOfHold(command.op, hold);
  if (fingerprint !== null) known.answers.set(command.key, { fingerprint, entry, hold });
  if (entry === null) return;
  known.entries.set(entry.seq, entry);
  if (entry.refundOf === null) return;
  const before = known.refunded.get(entry.refundOf) ?? ZERO;
  known.refunded.set(entry.refundOf, amount(before + entry.credits));
}

function fingerprintOfHold(op: Command["op"], hold: Hold | null): string | null {
  if (hold === null) return null;
  return op === "release" ? hold.releaseFingerprint : hold.fingerprint;
}
