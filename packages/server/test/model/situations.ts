import { addSeconds } from "../../src/core/instant.js";
import { hasExpired, type PredictedEntry } from "./books.js";
import type { Command } from "./commands.js";
import type { Model, Outcome } from "./model.js";
import {
  noticeEntry,
  noticeFacts,
  noticeGrant,
  noticeLabels,
  noticeRefund,
  noticeWindow,
} from "./notices.js";
import type { PlayedStep } from "./play.js";

/** The number of times that each situation occurred, by name. */
export type Counts = Map<string, number>;

/** The situations that the random histories have to reach, or the properties proved on them prove little. */
export const SITUATIONS = [
  "refund: partial",
  "refund: a further one of the same entry",
  "refund: partial, into a grant that has expired",
  "refund: goes back to a living grant",
  "refund: partly back, partly into a new grant",
  "refund: what had gone into debt",
  "refund: pays outstanding debt with loose credits",
  "refund: restored credits pay outstanding debt at once",
  "debt: left by usage",
  "debt: within the overdraft, by spend",
  "debt: paid by the next grant, in full",
  "debt: paid by the next grant, in part",
  "debt: paid by a grant that was pending, at the next entry",
  "debt: paid by a grant that was pending, at its expiry",
  "debt: paid at an expiry by another grant",
  "debt: paid by a refund or an adjustment",
  "expiry: of what remained",
  "expiry: of nothing, since debt took it",
  "expiry: several at once",
  "expiry: two grants at one instant",
  "expiry: posted before a refused command",
  "expiry: posted before a repeated command",
  "hold: expired",
  "hold: settled below",
  "hold: settled exactly",
  "hold: settled above",
  "hold: settled from a grant that expired meanwhile",
  "hold: settled beyond what is covered, with a cap",
  "hold: settled beyond what is covered, into debt",
  "hold: what it leaves of an expired grant expires, at the settlement or release",
  "hold: what it leaves of an expired grant expires, at its end",
  "hold: released",
  "hold: released by a settlement of nothing",
  "hold: extended",
  "hold: extended by less than it lasts",
  "hold: the same key returns the first response, though closed since",
  "key: repeated in the same step",
  "key: repeated later",
  "key: of another payload",
  "draws: several grants in one debit",
  "draws: debt paid and a debit drawn in one entry",
  "scope: a grant is drawn on by its kind of usage",
  "scope: a grant is passed over by another kind of usage",
  "scope: a grant is taken by a correction",
  "grant: voided",
  "grant: voided while a hold keeps a part",
  "grant: voided before it was effective",
  "grant: voided with nothing left",
  "grant: extended",
  "spend: to the last micro-credit",
  "spend: what there is",
  "window: several entries in a row",
  "window: rows growing in turn",
  "window: a row whose descriptions differ",
  "window: two rows that differ in member or task only",
  "window: full, so groups share a row",
  "window: shared by the usage of covered times",
  "window: goes on in another part",
  "window: split by an entry that is not usage",
  "window: left by a row whose sum would be too large",
  "late: joins by the last microsecond",
  "late: exactly one window, so it has another row",
  "late: much earlier, in a separate row",
  "late: much earlier, in a row of several",
  "future: at most five minutes",
  "discount: in a group",
  "discount: free of charge",
  "pending: counts in the balance, not in what is available",
  "facts: a settle that takes facts from its hold",
  "facts: a settle that gives other ones than its hold",
  "facts: a refund of an entry with dimensions",
  "kinds: a configured grant",
  "kinds: configured usage",
  "kinds: a configured adjustment",
  "labels: changed",
  ...(
    [
      "insufficient_credits",
      "key_conflict",
      "entry_not_found",
      "not_refundable",
      "refund_exceeds_entry",
      "hold_not_found",
      "hold_closed",
      "occurred_in_future",
      "already_expired",
      "grant_not_found",
      "grant_ended",
      "not_extended",
      "invalid_amount",
      "amount_out_of_range",
    ] as const
  ).map((code) => `refused: ${code}` as const),
] as const;

type Situation = (typeof SITUATIONS)[number];
export type Note = (situation: Situation, isSo: boolean) => void;

/** Counts the situations of a step. */
export function notice(counts: Counts, step: PlayedStep, earlier: readonly Command[]): void {
  const note: Note = (situation, isSo) => {
    if (isSo) counts.set(situation, (counts.get(situation) ?? 0) + 1);
  };
  step.commands.forEach((command, index) => {
    const outcome = step.outcomes[index] as Outcome;
    const { model } = step.players.find((player) => player.account === command.account) as { model: Model };
    for (const expiry of outcome.expiries) noticeExpiry(note, expiry, outcome, model);
    noticeOutcome(note, command, outcome, step, earlier);
    noticeLabels(note, command, outcome, earlier);
    if ("entry" in outcome && !outcome.repeated) {
      const before = model.entries().slice(0, outcome.entry.seq - 1);
      noticeEntry(note, outcome.entry, before, command, model);
      noticeGrant(note, outcome.entry, before, step.now, model);
      noticeRefund(note, outcome.entry, before, step.now, model);
      noticeWindow(note, outcome.entry, before);
      noticeFacts(note, outcome.entry, before, command, model);
    }
  });
  for (const { model } of step.players) {
    note("pending: counts in the balance, not in what is available", model.pending(step.now) > 0n);
  }
}

function noticeExpiry(note: Note, expiry: PredictedEntry, outcome: Outcome, model: Model): void {
  const payers = expiry.debt < 0n ? expiry.draws.map((draw) => draw.grant) : [];
  const own = model
    .grants()
    .filter((grant) => grant.expiresAt === expiry.occurredAt)
    .map((grant) => grant.seq);
  note("expiry: of what remained", expiry.credits < 0n);
  note("expiry: of nothing, since debt took it", expiry.credits === 0n);
  note("expiry: several at once", expiry === outcome.expiries[1]);
  note("expiry: posted before a refused command", "refused" in outcome);
  note("expiry: posted before a repeated command", "repeated" in outcome && outcome.repeated);
  note(
    "expiry: two grants at one instant",
    outcome.expiries.some((other) => other !== expiry && other.occurredAt === expiry.occurredAt),
  );
  note(
    "hold: what it leaves of an expired grant expires, at its end",
    own.length === 0 && expiry.credits < 0n,
  );
  note(
    "debt: paid by a grant that was pending, at its expiry",
    payers.some((payer) => own.includes(payer)),
  );
  note(
    "debt: paid at an expiry by another grant",
    payers.some((payer) => !own.includes(payer)),
  );
}

function noticeOutcome(
  note: Note,
  command: Command,
  outcome: Outcome,
  step: PlayedStep,
  earlier: readonly Command[],
): void {
  const model = step.players.find((player) => player.account === command.account)?.model;
  if ("refused" in outcome) note(`refused: ${outcome.refused}` as Situation, true);
  if (command.op === "touch" || model === undefined) return;
  const sentBefore = earlier.some(
    (other) => other.op !== "touch" && other.account === command.account && other.key === command.key,
  );
  if ("repeated" in outcome && outcome.repeated) {
    note(sentBefore ? "key: repeated later" : "key: repeated in the same step", true);
    const hold = "hold" in outcome ? model.holds().find((each) => each.id === outcome.hold.id) : undefined;
    note(
      "hold: the same key returns the first response, though closed since",
      command.op === "hold" && hold?.status !== "open",
    );
    return;
  }
  note("key: of another payload", "refused" in outcome && outcome.refused === "key_conflict");
  if (command.op === "release") note("hold: released", "hold" in outcome);
  if (command.op === "settle") note("hold: released by a settlement of nothing", "hold" in outcome);
  if (command.op === "extend" && "hold" in outcome) {
    const end = addSeconds(step.now, command.expiresIn ?? 3_600);
    note("hold: extended", outcome.hold.expiresAt === end);
    note("hold: extended by less than it lasts", outcome.hold.expiresAt > end);
  }
  // Every expired hold is counted once: at the step whose clock took it past its end.
  note(
    "hold: expired",
    model.holds().some((hold) => hold.status === "expired" && hold.expiresAt === step.now),
  );
  if (command.op === "settle" && "entry" in outcome) {
    const hold = model.holds().find((each) => each.id === command.hold);
    const held = hold?.credits ?? 0n;
    note("hold: settled below", command.credits < held);
    note("hold: settled exactly", command.credits === held);
    note("hold: settled above", command.credits > held);
    const expired = model.grants().filter((grant) => hasExpired(grant, step.now));
    note(
      "hold: settled from a grant that expired meanwhile",
      outcome.entry.draws.some((draw) => expired.some((grant) => grant.seq === draw.grant)),
    );
    const charged = -outcome.entry.credits;
    note("hold: settled beyond what is covered, with a cap", charged < command.credits);
    note(
      "hold: settled beyond what is covered, into debt",
      command.excess === "debt" && charged > held && outcome.entry.debt > 0n,
    );
  }
  if (command.op === "settle" || command.op === "release") {
    const left = "entry" in outcome ? model.entries()[outcome.entry.seq] : model.entries().at(-1);
    note(
      "hold: what it leaves of an expired grant expires, at the settlement or release",
      !("refused" in outcome) && left?.kind === "expiry" && left.occurredAt === step.now,
    );
  }
  if (command.op === "spend" && "entry" in outcome) {
    const after = model.entries().length === outcome.entry.seq ? model.available(step.now) : -1n;
    note("spend: to the last micro-credit", after === 0n);
    note("spend: what there is", -outcome.entry.credits < command.credits);
  }
}
