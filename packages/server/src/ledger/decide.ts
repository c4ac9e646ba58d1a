import type {
  AdjustCommand,
  Command,
  GrantCommand,
  KeyedCommand,
  SpendCommand,
  UsageCommand,
  WriteoffCommand,
} from "./command.js";
import { amount } from "./credits.js";
import { fingerprintOf } from "./digest.js";
import type { Entry, Hold } from "./entry.js";
import { WINDOW_MICROS } from "./group.js";
import { hold, release, settle } from "./hold.js";
import { formatInstant } from "./instant.js";
import { chargedOriginal, requireCovered, requireFits, requirePositive } from "./limits.js";
import { DEFAULT_PRIORITY, postCredit, postDebit } from "./post.js";
import { refund } from "./refund.js";
import { type Refusal, Refused, refuse } from "./refusal.js";
import { type Answer, type Draft, goBack, markOf, type Past } from "./state.js";

/** What became of a command: an entry, a hold, nothing (a touch), or a refusal. */
export type Outcome =
  | { readonly refusal: Refusal }
  | {
      readonly refusal: null;
      /** Whether this is the first answer again, for a key that was used before. */
      readonly repeated: boolean;
      readonly entry: Entry | null;
      readonly hold: Hold | null;
    };

/** How far in the future usage may lie, in microseconds, for clocks that run ahead. */
const AHEAD_MICROS_MAX = WINDOW_MICROS;

/**
 * Decides one command on a draft of an account on which nothing is due: a function of what it is given, without clock or
 * chance. A refusal leaves the draft as it was.
 */
export function decide(draft: Draft, command: Command, past: Past): Outcome {
  if (command.op === "touch") return { refusal: null, repeated: false, entry: null, hold: null };
  const before = markOf(draft);
  try {
    const fingerprint = fingerprintOf(command);
    const first = past.answers.get(command.key);
    return first === undefined ? run(draft, command, fingerprint, past) : repeat(first, command, fingerprint);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    goBack(draft, before);
    return { refusal: error.refusal };
  }
}

type Answered = Extract<Outcome, { refusal: null }>;

function repeat(first: Answer, command: KeyedCommand, fingerprint: string): Answered {
  if (first.fingerprint !== fingerprint) {
    refuse(
      "key_conflict",
      `The key "${command.key}" was used before with another payload. Send the same payload to get its answer again, or use a new key.`,
    );
  }
  return { refusal: null, repeated: true, entry: first.entry, hold: first.hold };
}

function run(draft: Draft, command: KeyedCommand, fingerprint: string, past: Past): Answered {
  const posted = (entry: Entry): Answered => ({ refusal: null, repeated: false, entry, hold: null });
  const held = (answer: Hold): Answered => ({ refusal: null, repeated: false, entry: null, hold: answer });
  switch (command.op) {
    case "grant":
      return posted(grant(draft, command, fingerprint));
    case "usage":
      return posted(use(draft, command, fingerprint));
    case "spend":
      return posted(use(draft, command, fingerprint));
    case "hold":
      requirePositive(command.credits);
      return held(hold(draft, command, fingerprint));
    case "settle": {
      const originalCredits = chargedOriginal(command.credits, command.originalCredits);
      return posted(settle(draft, { ...command, originalCredits }, fingerprint));
    }
    case "release":
      return held(release(draft, command, fingerprint));
    case "refund":
      return posted(refund(draft, command, fingerprint, past));
    case "adjust":
      return posted(adjust(draft, command, fingerprint));
    case "writeoff":
      return posted(writeOff(draft, command, fingerprint));
  }
}

function grant(draft: Draft, command: GrantCommand, fingerprint: string): Entry {
  requirePositive(command.credits);
  const effectiveAt = command.effectiveAt ?? draft.now;
  const { expiresAt, priority } = command;
  if (expiresAt !== null && (expiresAt <= draft.now || expiresAt <= effectiveAt)) {
    refuse(
      "already_expired",
      `The grant would expire at ${formatInstant(expiresAt)}, before it could be spent. Give an expires_at after now and after effective_at.`,
    );
  }
  const terms = { priority, effectiveAt, expiresAt };
  return postCredit(
    draft,
    { ...command, fingerprint },
    terms,
    command.credits,
    command.credits,
    [],
    draft.debt,
  );
}

function use(draft: Draft, command: UsageCommand | SpendCommand, fingerprint: string): Entry {
  const originalCredits = chargedOriginal(command.credits, command.originalCredits);
  let occurredAt = draft.now;
  if (command.op === "spend") requireCovered(draft, command.credits, "spend");
  else if (command.occurredAt !== null) occurredAt = command.occurredAt;
  if (occurredAt > draft.now + AHEAD_MICROS_MAX) {
    refuse(
      "occurred_in_future",
      `occurred_at is ${formatInstant(occurredAt)}, more than five minutes after the server's ${formatInstant(draft.now)}. Check the sender's clock.`,
    );
  }
  return postDebit(draft, command.credits, {
    kind: command.kind,
    key: command.key,
    fingerprint,
    originalCredits,
    description: command.description,
    source: command.source,
    project: command.project,
    occurredAt,
    metadata: command.metadata,
  });
}

function adjust(draft: Draft, command: AdjustCommand, fingerprint: string): Entry {
  requireFits(command.credits);
  if (command.credits === 0n) {
    refuse("invalid_amount", "The amount is 0. Give what to add (positive) or take away (negative).");
  }
  const posting = { ...command, kind: "adjustment" as const, fingerprint };
  if (command.credits < 0n) return postDebit(draft, amount(-command.credits), posting);
  const terms = { priority: DEFAULT_PRIORITY, effectiveAt: draft.now, expiresAt: null };
  return postCredit(draft, posting, terms, command.credits, command.credits, [], draft.debt);
}

function writeOff(draft: Draft, command: WriteoffCommand, fingerprint: string): Entry {
  requirePositive(command.credits);
  requireCovered(draft, command.credits, "write off");
  return postDebit(draft, command.credits, { ...command, kind: "writeoff", fingerprint });
}
