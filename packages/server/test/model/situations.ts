import type { Command } from "../../src/ledger/command.js";
import type { Instant } from "../../src/ledger/instant.js";
import { isUsage } from "../../src/ledger/kinds.js";
import { hasExpired, type PredictedEntry } from "./books.js";
import type { Model, Outcome } from "./model.js";
import type { PlayedStep } from "./play.js";
import { cellOf, sameGroup, WINDOW_MICROS, WINDOW_ROWS, type Window, windowsOf } from "./rows.js";

/** How often each situation occurred, by name. */
export type Counts = Map<string, number>;

/** What the random histories must reach, or the properties proved on them say little. */
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
  "hold: settled in full, though grants expired meanwhile, into debt",
  "hold: released",
  "hold: the same key answers as first, though closed since",
  "key: repeated in the same step",
  "key: repeated later",
  "key: of another payload",
  "draws: several grants in one debit",
  "draws: debt paid and a debit drawn in one entry",
  "spend: to the last micro-credit",
  "window: several entries in a row",
  "window: rows growing in turn",
  "window: a row whose descriptions differ",
  "window: full",
  "window: split by an entry that is not usage",
  "window: left by a row whose sum would be too large",
  "late: joins by the last microsecond",
  "late: exactly one window, so another begins",
  "late: much earlier, so another begins",
  "future: at most five minutes",
  "discount: in a group",
  "discount: free of charge",
  "pending: counts in the balance, not in what is available",
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
      "invalid_amount",
      "amount_out_of_range",
    ] as const
  ).map((code) => `refused: ${code}` as const),
] as const;

type Situation = (typeof SITUATIONS)[number];
type Note = (situation: Situation, isSo: boolean) => void;

/** Adds what a step showed to the counts. */
export function notice(counts: Counts, step: PlayedStep, earlier: readonly Command[]): void {
  const note: Note = (situation, isSo) => {
    if (isSo) counts.set(situation, (counts.get(situation) ?? 0) + 1);
  };
  step.commands.forEach((command, index) => {
    const outcome = step.outcomes[index] as Outcome;
    const { model } = step.players.find((player) => player.account === command.account) as { model: Model };
    for (const expiry of outcome.expiries) noticeExpiry(note, expiry, outcome, model);
    noticeOutcome(note, command, outcome, step, earlier);
    if ("entry" in outcome && !outcome.repeated) {
      const before = model.entries().slice(0, outcome.entry.seq - 1);
      noticeEntry(note, outcome.entry, before, command, model);
      noticeRefund(note, outcome.entry, before, step.now, model);
      noticeWindow(note, outcome.entry, before);
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
    const hold =
      "hold" in outcome ? model.holds().find((each) => each.hold === outcome.hold.hold) : undefined;
    note(
      "hold: the same key answers as first, though closed since",
      command.op === "hold" && hold?.status !== "open",
    );
    return;
  }
  note("key: of another payload", "refused" in outcome && outcome.refused === "key_conflict");
  if (command.op === "release") note("hold: released", "hold" in outcome);
  // Every expired hold is seen once: at the step whose clock took it past its end.
  note(
    "hold: expired",
    model.holds().some((hold) => hold.status === "expired" && hold.expiresAt === step.now),
  );
  if (command.op === "settle" && "entry" in outcome) {
    const hold = model.holds().find((each) => each.hold === command.hold);
    const held = hold?.credits ?? 0n;
    note("hold: settled below", command.credits < held);
    note("hold: settled exactly", command.credits === held);
    note("hold: settled above", command.credits > held);
    note(
      "hold: settled in full, though grants expired meanwhile, into debt",
      command.credits <= held &&
        outcome.entry.debt > 0n &&
        model
          .entries()
          .some(
            (entry) =>
              entry.kind === "expiry" &&
              entry.seq < outcome.entry.seq &&
              entry.occurredAt > (hold?.createdAt ?? 0),
          ),
    );
  }
  if (command.op === "spend" && "entry" in outcome) {
    const after = model.entries().length === outcome.entry.seq ? model.available(step.now) : -1n;
    note("spend: to the last micro-credit", after === 0n);
  }
}

function noticeEntry(
  note: Note,
  entry: PredictedEntry,
  before: readonly PredictedEntry[],
  command: Command,
  model: Model,
): void {
  const debt = before.reduce((total, each) => total + each.debt, 0n);
  const grants = new Map(model.grants().map((grant) => [grant.seq, grant]));
  const wasPending = entry.draws.some((draw) => {
    const grant = grants.get(draw.grant);
    return draw.grant !== entry.seq && grant !== undefined && grant.effectiveAt > grant.recordedAt;
  });
  const isGrant = command.op === "grant";
  note("debt: left by usage", command.op === "usage" && entry.debt > 0n);
  note("debt: within the overdraft, by spend", command.op === "spend" && entry.debt > 0n);
  note("debt: paid by the next grant, in full", isGrant && entry.debt < 0n && debt + entry.debt === 0n);
  note("debt: paid by the next grant, in part", isGrant && entry.debt < 0n && debt + entry.debt > 0n);
  note("debt: paid by a grant that was pending, at the next entry", entry.debt < 0n && wasPending);
  note(
    "debt: paid by a refund or an adjustment",
    (command.op === "refund" || command.op === "adjust") && entry.debt < 0n,
  );
  const isDebit = entry.credits < 0n;
  note(
    "draws: several grants in one debit",
    isDebit && new Set(entry.draws.map((draw) => draw.grant)).size > 1,
  );
  note(
    "draws: debt paid and a debit drawn in one entry",
    isDebit && entry.debt < 0n && debt + entry.debt === 0n,
  );
}

function noticeRefund(
  note: Note,
  entry: PredictedEntry,
  before: readonly PredictedEntry[],
  now: Instant,
  model: Model,
): void {
  const target = before.find((each) => each.seq === entry.refundOf);
  if (target === undefined) return;
  const isPartial = entry.credits < -target.credits;
  const back = entry.draws.filter((draw) => draw.credits < 0n);
  const loose = entry.credits + back.reduce((total, draw) => total + draw.credits, 0n);
  const opened = model.grants().find((grant) => grant.seq === entry.seq)?.credits ?? 0n;
  const drewFromExpired = model
    .grants()
    .some((grant) => hasExpired(grant, now) && target.draws.some((draw) => draw.grant === grant.seq));
  note("refund: partial", isPartial);
  note(
    "refund: a further one of the same entry",
    before.some((each) => each.refundOf === target.seq),
  );
  note(
    "refund: partial, into a grant that has expired",
    isPartial && drewFromExpired && loose > 0n && target.debt <= 0n,
  );
  note("refund: goes back to a living grant", back.length > 0);
  note("refund: partly back, partly into a new grant", back.length > 0 && opened > 0n);
  note("refund: what had gone into debt", target.debt > 0n && loose > 0n);
  note("refund: pays outstanding debt with loose credits", loose > opened);
  note(
    "refund: restored credits pay outstanding debt at once",
    back.some((given) => entry.draws.some((draw) => draw.grant === given.grant && draw.credits > 0n)),
  );
}

function noticeWindow(note: Note, entry: PredictedEntry, before: readonly PredictedEntry[]): void {
  if (!isUsage(entry.kind)) return;
  const open = windowsOf(before).at(-1);
  const windows = windowsOf([...before, entry]);
  const last = windows.at(-1) as Window<PredictedEntry>;
  const row = last.rows.find((members) => members.includes(entry)) ?? [];
  const hasJoined = last.rows.flat().length > 1;
  const newest = last.rows.flat().toSorted((a, b) => b.seq - a.seq);
  note("window: several entries in a row", row.length > 1);
  note("window: rows growing in turn", row.length > 1 && !row.includes(newest[1] as PredictedEntry));
  note("window: a row whose descriptions differ", new Set(row.map((each) => each.description)).size > 1);
  note("discount: in a group", row.length > 1 && entry.originalCredits !== null);
  note("discount: free of charge", entry.credits === 0n);
  note("future: at most five minutes", entry.occurredAt > entry.recordedAt);

  const previous = windows.at(-2);
  const wasSplit = !hasJoined && previous?.cell === null;
  const older = windows.at(-3);
  note("window: split by an entry that is not usage", wasSplit && older?.cell === last.cell);
  if (open === undefined || open.cell === null) return;
  const lateness = open.cell * WINDOW_MICROS - entry.occurredAt;
  const twin = open.rows.find(([other]) => other !== undefined && sameGroup(other, entry));
  const isAnew = !hasJoined && open.cell === last.cell && lateness < WINDOW_MICROS;
  note("window: full", isAnew && twin === undefined && open.rows.length === WINDOW_ROWS);
  note("window: left by a row whose sum would be too large", isAnew && twin !== undefined);
  note("late: joins by the last microsecond", hasJoined && lateness === WINDOW_MICROS - 1);
  note("late: exactly one window, so another begins", !hasJoined && lateness === WINDOW_MICROS);
  note(
    "late: much earlier, so another begins",
    !hasJoined && cellOf(entry.occurredAt) < open.cell - 1 && lateness > WINDOW_MICROS,
  );
}
