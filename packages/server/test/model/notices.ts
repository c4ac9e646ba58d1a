import type { Instant } from "../../src/core/instant.js";
import { hasExpired, type PredictedEntry } from "./books.js";
import type { Command } from "./commands.js";
import type { Model, Outcome } from "./model.js";
import {
  sameGroup,
  toCell,
  toRowCell,
  toVarious,
  toWindows,
  WINDOW_GROUPS,
  WINDOW_MICROS,
  type Window,
} from "./rows.js";
import type { Note } from "./situations.js";

/** Counts the situations of draws and debt. */
export function noticeEntry(
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

/** Counts the situations of grants that are scoped, voided or extended. */
export function noticeGrant(
  note: Note,
  entry: PredictedEntry,
  before: readonly PredictedEntry[],
  now: Instant,
  model: Model,
): void {
  const scoped = model.grants().filter(({ only }) => only !== null);
  const drawn = scoped.filter(({ seq }) =>
    entry.draws.some((draw) => draw.grant === seq && draw.credits > 0n),
  );
  const isUsage = entry.type === "usage";
  const isDue = (grant: (typeof scoped)[number]) => grant.effectiveAt <= now && !hasExpired(grant, now);
  note("scope: a grant is drawn on by its kind of usage", isUsage && drawn.length > 0);
  note(
    "scope: a grant is passed over by another kind of usage",
    isUsage &&
      entry.credits < 0n &&
      scoped.some(
        (grant) => grant.remaining > 0n && isDue(grant) && grant.only?.includes(entry.kind) === false,
      ),
  );
  note("scope: a grant is taken by a correction", entry.kind === "writeoff" && drawn.length > 0);
  if (entry.grant === null) return;
  const grant = model.grants().find(({ seq }) => seq === entry.grant);
  if (grant === undefined) return;
  const isVoid = entry.kind === "writeoff";
  const had = before.flatMap(({ draws }) => draws).filter((draw) => draw.grant === grant.seq);
  const left = had.reduce((rest, draw) => rest - draw.credits, grant.credits as bigint);
  note("grant: voided", isVoid && entry.credits < 0n);
  note("grant: voided while a hold keeps a part", isVoid && left > -entry.credits);
  note("grant: voided before it was effective", isVoid && grant.effectiveAt > now);
  note("grant: voided with nothing left", isVoid && left === 0n);
  note("grant: extended", entry.kind === "extension");
}

/** Counts the situations of refunds. */
export function noticeRefund(
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

/** Counts the situations of kinds and facts. */
export function noticeFacts(
  note: Note,
  entry: PredictedEntry,
  before: readonly PredictedEntry[],
  command: Command,
  model: Model,
): void {
  note("kinds: a configured grant", entry.kind === "gift");
  note("kinds: configured usage", entry.kind === "render_usage");
  note("kinds: a configured adjustment", entry.kind === "goodwill");
  const returned = before.find((each) => each.seq === entry.refundOf);
  const { project, member, task } = returned?.facts ?? {};
  note("facts: a refund of an entry with dimensions", (project ?? member ?? task ?? null) !== null);
  if (command.op !== "settle") return;
  const held = model.holds().find((hold) => hold.id === command.hold)?.facts;
  const names = ["description", "metadata", "privateMetadata"] as const;
  note(
    "facts: a settle that takes facts from its hold",
    names.some((name) => command[name] === null && held?.[name] != null),
  );
  note(
    "facts: a settle that gives other ones than its hold",
    names.some((name) => command[name] !== null && held?.[name] != null && held[name] !== command[name]),
  );
}

/** Counts the situations of labels. */
export function noticeLabels(
  note: Note,
  command: Command,
  outcome: Outcome,
  earlier: readonly Command[],
): void {
  if ("refused" in outcome || ("repeated" in outcome && outcome.repeated)) return;
  const ofAccount = earlier.filter((other) => other.account === command.account);
  note(
    "labels: changed",
    toLabels(command).some(([dimension, id, label]) =>
      ofAccount
        .flatMap(toLabels)
        .some((other) => other[0] === dimension && other[1] === id && other[2] !== label),
    ),
  );
}

function toLabels(command: Command): [dimension: string, id: string, label: string][] {
  if (!("project" in command)) return [];
  const { project, member, task } = command;
  return Object.entries({ project, member, task }).flatMap(([dimension, given]) =>
    given === null || given.label === null ? [] : [[dimension, given.id, given.label]],
  );
}

/** Counts the situations of windows. */
export function noticeWindow(note: Note, entry: PredictedEntry, before: readonly PredictedEntry[]): void {
  if (entry.type !== "usage") return;
  const open = toWindows(before).at(-1);
  const windows = toWindows([...before, entry]);
  const last = windows.at(-1) as Window<PredictedEntry>;
  const row = last.rows.find(({ entries }) => entries.includes(entry));
  const members = row?.entries ?? [];
  const entries = last.rows.flatMap((each) => each.entries);
  const newest = entries.toSorted((a, b) => b.seq - a.seq);
  const lateness = toCell(entry.recordedAt) * WINDOW_MICROS - entry.occurredAt;
  const isOwn = row?.cell !== null;
  note("window: several entries in a row", members.length > 1);
  note("window: rows growing in turn", members.length > 1 && !members.includes(newest[1] as PredictedEntry));
  note(
    "window: two rows that differ in member or task only",
    last.rows.some((other) => {
      const [first] = other.entries;
      if (first === undefined || other === row || other.cell !== row?.cell) return false;
      return sameGroup(withoutPeople(first), withoutPeople(entry));
    }),
  );
  note(
    "window: a row whose descriptions differ",
    isOwn && new Set(members.map((each) => each.facts.description)).size > 1,
  );
  note("discount: in a group", members.length > 1 && entry.facts.originalCredits !== null);
  note("discount: free of charge", entry.credits === 0n);
  note("future: at most five minutes", entry.occurredAt > entry.recordedAt);
  note("late: joins by the last microsecond", isOwn && members.length > 1 && lateness === WINDOW_MICROS - 1);
  note("late: exactly one window, so it has another row", isOwn && lateness === WINDOW_MICROS);
  note("late: much earlier, in a separate row", isOwn && lateness > 2 * WINDOW_MICROS);
  note("late: much earlier, in a row of several", isOwn && members.length > 1 && lateness > WINDOW_MICROS);

  const previous = windows.at(-2);
  const wasSplit = entries.length === 1 && previous?.cell === null;
  note("window: split by an entry that is not usage", wasSplit && windows.at(-3)?.cell === last.cell);
  note("window: full, so groups share a row", !isOwn && toVarious(members).length > 0);
  note("window: shared by the usage of covered times", !isOwn && last.rows.length < WINDOW_GROUPS);
  if (open === undefined || open.cell === null || open.cell !== last.cell || entries.length > 1) return;
  const twin = open.rows.find(({ entries: [first] }) => first !== undefined && sameGroup(first, entry));
  const isRepeated = twin?.cell === toRowCell(entry);
  note("window: goes on in another part", !isRepeated && open.rows.length >= WINDOW_GROUPS);
  note("window: left by a row whose sum would be too large", isRepeated);
}

function withoutPeople(entry: PredictedEntry): PredictedEntry {
  return { ...entry, facts: { ...entry.facts, member: null, task: null } };
}
