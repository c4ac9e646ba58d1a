import { type Micros, micros, ZERO } from "./amount.js";
import type { AnyCommand, Command } from "./command.js";
import type { Entry, Hold } from "./entry.js";
import { DIMENSIONS, type Facts } from "./facts.js";
import { isRepeat } from "./fingerprint.js";
import { formatInstant } from "./instant.js";
import { postDue } from "./operations/expire.js";
import { type Refusal, Refused, refuse, toClosed } from "./refusal.js";
import {
  type AccountState,
  type Changes,
  type Circumstances,
  type Draft,
  type FirstResponse,
  keep,
  mark,
  type Past,
  returnTo,
  toDraft,
} from "./state.js";

/** The outcome of a command: an entry, a hold, neither (a touch), or a refusal. */
export type Outcome =
  | { readonly refusal: Refusal }
  | {
      readonly refusal: null;
      /** True if the key was used before, and this is its first response. */
      readonly repeated: boolean;
      readonly entry: Entry | null;
      readonly hold: Hold | null;
    };

/** The outcome of a command that was not refused. */
export type Accepted = Extract<Outcome, { refusal: null }>;

/** The result of a batch on one account. */
export interface BatchResult {
  readonly changes: Changes;
  /**
   * One outcome per command, in the order of the commands. Null where more was due than is posted at once: then the commands
   * have to be decided again.
   */
  readonly outcomes: readonly Outcome[] | null;
}

/**
 * Decides commands on one account in the order of their arrival, after what is due, and changes the account accordingly. It
 * is a function of its arguments. Each command sees what those before it did, keys and refunds included. A refused one
 * harms no other.
 */
export function decideBatch(
  state: AccountState,
  commands: readonly AnyCommand[],
  circumstances: Circumstances,
  past: Past,
): BatchResult {
  const draft = toDraft(state, circumstances);
  if (!postDue(draft)) {
    keep(state, draft);
    return { changes: draft.changes, outcomes: null };
  }
  const hasRefund = commands.some(({ operation }) => operation?.name === "refund");
  // A command that is alone has only the past. Entries matter to refunds only.
  const growing = commands.length > 1 || hasRefund ? toGrowing(past, draft) : null;
  const outcomes = commands.map((command) => {
    const outcome = decide(draft, command, growing ?? past);
    if (growing !== null) record(growing, command, outcome, hasRefund);
    return outcome;
  });
  keep(state, draft);
  return { changes: draft.changes, outcomes };
}

/** Decides one command on a draft on which nothing is due. A refusal leaves the draft as it was. */
function decide(draft: Draft, command: AnyCommand, past: Past): Outcome {
  if (command.operation === null) return { refusal: null, repeated: false, entry: null, hold: null };
  const before = mark(draft);
  try {
    const first = past.responses.get(command.key);
    if (first !== undefined) return repeat(first, command);
    requireTaken(draft, command);
    const result = command.operation.decide(draft, command, past);
    keepLabels(draft, command.input as Partial<Facts>);
    return "seq" in result
      ? { refusal: null, repeated: false, entry: result, hold: null }
      : { refusal: null, repeated: false, entry: null, hold: result };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    returnTo(draft, before);
    return { refusal: error.refusal };
  }
}

/** Refuses a command that the account does not take, because it is closed. */
function requireTaken({ account, closedAt }: Draft, { operation }: Command): void {
  if (closedAt === null || operation.isForClosed === true) return;
  throw new Refused(toClosed(account, formatInstant(closedAt)));
}

function keepLabels({ changes }: Draft, input: Partial<Facts>): void {
  for (const dimension of DIMENSIONS) {
    const given = input[dimension];
    if (given?.label != null) changes.labels.push({ dimension, id: given.id, label: given.label });
  }
}

function repeat(first: FirstResponse, command: Command): Outcome {
  if (!isRepeat(command, first)) {
    refuse(
      "key_conflict",
      `The key "${command.key}" was used before with another payload. Send that payload again, or use a new key.`,
    );
  }
  return { refusal: null, repeated: true, entry: first.entry, hold: first.hold };
}

/** The past as a batch adds to it. */
interface GrowingPast extends Past {
  readonly responses: Map<string, FirstResponse>;
  readonly entries: Map<number, Entry>;
  readonly refunded: Map<number, Micros>;
}

function toGrowing(past: Past, draft: Draft): GrowingPast {
  const known = {
    responses: new Map(past.responses),
    holds: past.holds,
    entries: new Map(past.entries),
    refunded: new Map(past.refunded),
  };
  for (const entry of draft.changes.entries) known.entries.set(entry.seq, entry);
  return known;
}

/** Lets later commands of the batch repeat this one's key and refund its entry. */
function record(known: GrowingPast, command: AnyCommand, outcome: Outcome, hasRefund: boolean): void {
  if (command.operation === null || outcome.refusal !== null || outcome.repeated) return;
  known.responses.set(command.key, outcome);
  const { entry } = outcome;
  if (!hasRefund || entry === null) return;
  known.entries.set(entry.seq, entry);
  if (entry.refundOf === null) return;
  const before = known.refunded.get(entry.refundOf) ?? ZERO;
  known.refunded.set(entry.refundOf, micros(before + entry.credits));
}
