import type { Command } from "./command.js";
import { amount, ZERO } from "./credits.js";
import { decide, type Outcome } from "./decide.js";
import { settleDue } from "./due.js";
import type { Hold } from "./entry.js";
import type { Instant } from "./instant.js";
import { type AccountState, type Changes, draftOf, keep, type Past } from "./state.js";

/** What a batch did to one account. */
export interface BatchResult {
  readonly changes: Changes;
  /** One outcome a command, in the order of the commands. */
  readonly outcomes: readonly Outcome[];
}

/**
 * Decides commands on one account in the order of their arrival, after what is due, and changes the account accordingly:
 * a function of what it is given, without clock or chance. Each command sees what those before it did, keys and refunds
 * included; a refused one harms no other.
 */
export function decideBatch(
  state: AccountState,
  commands: readonly Command[],
  now: Instant,
  past: Past,
): BatchResult {
  const draft = draftOf(state, now);
  settleDue(draft);
  const [only] = commands;
  if (commands.length === 1 && only !== undefined && only.op !== "refund") {
    const outcome = decide(draft, only, past);
    keep(state, draft);
    return { changes: draft.changes, outcomes: [outcome] };
  }
  const known = {
    answers: new Map(past.answers),
    entries: new Map(past.entries),
    refunded: new Map(past.refunded),
  };
  for (const entry of draft.changes.entries) known.entries.set(entry.seq, entry);
  const outcomes = commands.map((command) => {
    const outcome = decide(draft, command, known);
    remember(known, command, outcome);
    return outcome;
  });
  keep(state, draft);
  return { changes: draft.changes, outcomes };
}

/** What is known of the past, as a batch adds to it. */
type Known = {
  readonly [K in keyof Past]: Past[K] extends ReadonlyMap<infer Key, infer V> ? Map<Key, V> : never;
};

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
