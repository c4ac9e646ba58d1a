import { type Micros, micros, ZERO } from "../../src/core/amount.js";
import type { Draw, Grant } from "../../src/core/entry.js";
import type { Dimension, Facts } from "../../src/core/facts.js";
import { addSeconds, type Instant } from "../../src/core/instant.js";
import type { RefusalCode } from "../../src/core/refusal.js";
import {
  afterDraws,
  type Block,
  type Books,
  findHold,
  hasExpired,
  inDrawOrder,
  isEffective,
  isFor,
  type PredictedEntry,
  type PredictedHold,
  sumDraws,
  take,
  toAvailable,
  toDebt,
  toFree,
  toGrants,
} from "./books.js";
import type {
  AdjustCommand,
  Charged,
  ExtendCommand,
  ExtendGrantCommand,
  GrantCommand,
  HoldCommand,
  KeyedCommand,
  RefundCommand,
  ReleaseCommand,
  SettleCommand,
  SpendCommand,
  UsageCommand,
  VoidGrantCommand,
  WriteOffCommand,
} from "./commands.js";
import { WINDOW_MICROS } from "./rows.js";

/** An entry before it gets its place in the ledger. */
export type Draft = Omit<PredictedEntry, "account" | "seq" | "balance" | "recordedAt" | "position">;

/** An entry to post, perhaps with the terms of the grant that it opens. */
export interface Posting {
  readonly draft: Draft;
  readonly opens: Terms | null;
  /** The grant whose expiry the entry moves. */
  readonly moves?: { readonly grant: number; readonly expiresAt: Instant | null };
}
/** A grant before it has its seq. */
export type Terms = Omit<Block, "seq" | "recordedAt">;

/** A refusal, an entry to post, or a hold as it becomes. */
export type Decision = RefusalCode | Posting | { readonly hold: PredictedHold };

const DEFAULT_PRIORITY = 100;
const DEFAULT_USAGE = "ai_usage";

const NEUTRAL = {
  version: 2,
  title: null,
  key: null,
  draws: [],
  debt: ZERO,
  refundOf: null,
  grant: null,
} as const;

/** Returns the facts among the fields of a command. Labels of dimensions are kept apart. */
function toFacts(given: Partial<Facts>): Facts {
  const unlabelled = (dimension: Dimension | null | undefined) =>
    dimension == null ? null : { id: dimension.id, label: null };
  return {
    originalCredits: null,
    description: given.description ?? null,
    source: given.source ?? null,
    project: unlabelled(given.project),
    member: unlabelled(given.member),
    task: unlabelled(given.task),
    price: given.price ?? null,
    quantities: given.quantities ?? null,
    estimated: given.estimated ?? null,
    cost: given.cost ?? null,
    metadata: given.metadata ?? null,
    privateMetadata: given.privateMetadata ?? null,
  };
}

/** Returns the grants with something that is lost at an instant, in the order of their expiry. Holds keep their part. */
export function findDue(books: Books, at: Instant): Grant[] {
  const due = toFree(books, toGrants(books)).filter((grant) => grant.remaining > 0n && hasExpired(grant, at));
  return due.toSorted((a, b) => (a.expiresAt ?? 0) - (b.expiresAt ?? 0) || a.seq - b.seq);
}

/**
 * Returns the entry that takes out what is free of a grant: debt is paid as of the instant, and the rest is lost. That is
 * the instant of the expiry, or the later one at which a hold ended.
 */
export function toExpiry(books: Books, grant: Grant, end: Instant): Draft {
  const wasEffective = (other: Grant) =>
    other.effectiveAt < end && (other.expiresAt === null || other.expiresAt >= end);
  const payers = toFree(books, toGrants(books)).filter(
    (other) => other.only === null && (other.seq === grant.seq || wasEffective(other)),
  );
  const payments = take(toDebt(books), inDrawOrder(payers));
  const rest = afterDraws(grant, payments).remaining;
  return {
    ...NEUTRAL,
    kind: "expiry",
    type: "correction",
    credits: micros(-rest),
    facts: toFacts({ description: grant.description ?? grant.title, source: grant.source }),
    occurredAt: end,
    draws: rest > 0n ? [...payments, { grant: grant.seq, credits: rest }] : payments,
    debt: micros(-sumDraws(payments)),
  };
}

/** Decides a command, ranges aside. */
export function decideIn(books: Books, limit: Micros, command: KeyedCommand, now: Instant): Decision {
  switch (command.op) {
    case "grant":
      return decideGrant(books, command, now);
    case "usage":
      return decideUsage(books, command, now);
    case "spend":
      return decideSpend(books, limit, command, now);
    case "hold":
      return decideHold(books, limit, command, now);
    case "settle":
      return decideSettle(books, limit, command, now);
    case "extend":
      return decideExtend(books, command, now);
    case "release":
      return decideRelease(books, command);
    case "refund":
      return decideRefund(books, command, now);
    case "adjust":
      return decideAdjust(books, command, now);
    case "writeOff":
      return decideWriteOff(books, limit, command, now);
    case "voidGrant":
      return decideVoidGrant(books, command, now);
    case "extendGrant":
      return decideExtendGrant(books, command, now);
  }
}

function decideGrant(books: Books, command: GrantCommand, now: Instant): Decision {
  const { credits, kind, title, description, source, expiresAt, key } = command;
  const effectiveAt = command.effectiveAt ?? now;
  if (credits <= 0n) return "invalid_amount";
  if (expiresAt !== null && (expiresAt <= now || expiresAt <= effectiveAt)) return "already_expired";
  const priority = command.priority ?? DEFAULT_PRIORITY;
  const { only } = command;
  const opens = { kind, title, description, source, credits, priority, effectiveAt, expiresAt, only };
  const entry = { ...NEUTRAL, kind, type: "grant", title, credits, facts: toFacts(command), key } as const;
  return { draft: { ...entry, occurredAt: now, ...toMoves(books, { opens }, now) }, opens };
}

function decideUsage(books: Books, command: UsageCommand, now: Instant): Decision {
  if (!isValidCharge(command)) return "invalid_amount";
  const occurredAt = command.occurredAt ?? now;
  if (occurredAt > now + WINDOW_MICROS) return "occurred_in_future";
  return charge(books, command, command.kind, toFacts(command), occurredAt, now);
}

function decideSpend(books: Books, limit: Micros, command: SpendCommand, now: Instant): Decision {
  if (!isValidCharge(command)) return "invalid_amount";
  const covered = toAvailable(books, now, command.kind ?? DEFAULT_USAGE) + limit;
  const isShort = command.credits > covered;
  const isCapped = isShort && command.atMost === true && covered > 0n;
  if (command.credits > 0n && isShort && !isCapped) return "insufficient_credits";
  const charged = { ...command, credits: micros(isCapped ? covered : command.credits) };
  return charge(books, charged, command.kind ?? DEFAULT_USAGE, toFacts(command), now, now);
}

function decideHold(books: Books, limit: Micros, command: HoldCommand, now: Instant): Decision {
  const { hold: id, credits, key } = command;
  if (credits <= 0n) return "invalid_amount";
  const kind = command.kind ?? DEFAULT_USAGE;
  if (credits > toAvailable(books, now, kind) + limit) return "insufficient_credits";
  const expiresAt = addSeconds(now, command.expiresIn ?? 3600);
  const usable = toFree(books, toGrants(books)).filter(
    (grant) => isEffective(grant, now) && isFor(grant, kind),
  );
  const reserved = take(credits, inDrawOrder(usable));
  const opened = { id, kind, credits, facts: toFacts(command), key, expiresAt, reserved, createdAt: now };
  return {
    hold: { ...opened, status: "open", settledSeq: null, openedUntil: null, extensions: 0, releaseKey: null },
  };
}

function decideSettle(books: Books, limit: Micros, command: SettleCommand, now: Instant): Decision {
  if (command.credits === 0n && (command.originalCredits ?? 0n) === 0n) return decideRelease(books, command);
  if (!isValidCharge(command)) return "invalid_amount";
  const hold = findHold(books, command.hold);
  if (hold === undefined) return "hold_not_found";
  if (hold.status !== "open") return "hold_closed";
  const excess = command.credits - hold.credits;
  const covered = toAvailable(books, now, hold.kind) + limit;
  const isShort = excess > 0n && excess > covered;
  if (isShort && command.excess === null) return "insufficient_credits";
  const most = hold.credits + (covered > 0n ? covered : 0n);
  const charged = {
    ...command,
    credits: micros(isShort && command.excess === "cap" ? most : command.credits),
  };
  const own = Object.entries(toFacts(command)).filter(([, fact]) => fact !== null);
  const facts = { ...hold.facts, ...Object.fromEntries(own) };
  const closed = { ...books, holds: books.holds.filter((each) => each.id !== hold.id) };
  return charge(closed, charged, hold.kind, facts, now, now, hold.reserved);
}

function decideExtend(books: Books, command: ExtendCommand, now: Instant): Decision {
  const hold = findHold(books, command.hold);
  if (hold === undefined) return "hold_not_found";
  if (hold.status !== "open") return "hold_closed";
  const expiresAt = Math.max(hold.expiresAt, addSeconds(now, command.expiresIn ?? 3600)) as Instant;
  return {
    hold: {
      ...hold,
      expiresAt,
      openedUntil: hold.openedUntil ?? hold.expiresAt,
      extensions: hold.extensions + 1,
    },
  };
}

/** Returns the facts of what is done to a grant: those given, or else what the grant says of itself. */
function toGrantFacts(command: VoidGrantCommand | ExtendGrantCommand, grant: Omit<Grant, "remaining">) {
  const description = command.description ?? grant.description ?? grant.title;
  return toFacts({ ...command, description, source: command.source ?? grant.source });
}

function decideVoidGrant(books: Books, command: VoidGrantCommand, now: Instant): Decision {
  const [grant] = toFree(books, toGrants(books)).filter(({ seq }) => seq === command.grant);
  if (grant === undefined) return "grant_not_found";
  if (hasExpired(grant, now)) return "grant_ended";
  const { seq, remaining } = grant;
  const draws = remaining > 0n ? [{ grant: seq, credits: remaining }] : [];
  const entry = {
    ...NEUTRAL,
    kind: "writeoff",
    type: "correction",
    facts: toGrantFacts(command, grant),
    draws,
  } as const;
  const draft = { ...entry, key: command.key, grant: seq, credits: micros(-remaining), occurredAt: now };
  return { draft, opens: null, moves: { grant: seq, expiresAt: now } };
}

function decideExtendGrant(books: Books, command: ExtendGrantCommand, now: Instant): Decision {
  const { expiresAt, key } = command;
  const grant = books.blocks.find(({ seq }) => seq === command.grant);
  if (grant === undefined) return "grant_not_found";
  if (hasExpired(grant, now)) return "grant_ended";
  if (grant.expiresAt === null || (expiresAt !== null && expiresAt <= grant.expiresAt)) return "not_extended";
  const entry = {
    ...NEUTRAL,
    kind: "extension",
    type: "correction",
    facts: toGrantFacts(command, grant),
    key,
  } as const;
  const draft = { ...entry, grant: grant.seq, credits: micros(0n), occurredAt: now };
  return { draft, opens: null, moves: { grant: grant.seq, expiresAt } };
}

function decideRelease(books: Books, command: ReleaseCommand | SettleCommand): Decision {
  const hold = findHold(books, command.hold);
  if (hold === undefined) return "hold_not_found";
  if (hold.status !== "open") return "hold_closed";
  return { hold: { ...hold, status: "released", releaseKey: command.key } };
}

function decideRefund(books: Books, command: RefundCommand, now: Instant): Decision {
  const { description, key } = command;
  if (command.credits !== null && command.credits <= 0n) return "invalid_amount";
  const target = books.entries.find((entry) => entry.seq === command.entry);
  if (target === undefined) return "entry_not_found";
  if (target.credits >= 0n || target.kind === "expiry") return "not_refundable";
  const earlier = books.entries.filter((entry) => entry.refundOf === target.seq);
  const returned = earlier.reduce((total, entry) => total + entry.credits, 0n);
  const left = -target.credits - returned;
  const credits = micros(command.credits ?? left);
  if (left <= 0n || credits > left) return "refund_exceeds_entry";

  const isAlive = (part: Part) =>
    toGrants(books).some((grant) => grant.seq === part.grant && !hasExpired(grant, now));
  const restored = toPartsReturned(target, returned, credits)
    .filter(isAlive)
    .map((part) => ({ grant: part.grant as number, credits: micros(-part.credits) }));
  const { project, member, task } = target.facts;
  const source = command.source ?? target.facts.source;
  const loose = credits + sumDraws(restored);
  const paid = loose < toDebt(books) ? loose : toDebt(books);
  const opens: Terms | null =
    loose > paid ? { ...toDefaultTerms("refund", micros(loose - paid), now), description, source } : null;
  const facts = { ...toFacts(command), source, project, member, task };
  const entry = { ...NEUTRAL, kind: "refund", type: "correction", facts, key, credits } as const;
  const moves = toMoves(books, { opens, restored, paid }, now);
  return { draft: { ...entry, refundOf: target.seq, occurredAt: now, ...moves }, opens };
}

function decideAdjust(books: Books, command: AdjustCommand, now: Instant): Decision {
  const { credits, source, description, key } = command;
  if (credits === 0n) return "invalid_amount";
  const kind = command.kind ?? "adjustment";
  const entry = { ...NEUTRAL, kind, type: "correction", facts: toFacts(command), key, credits } as const;
  if (credits < 0n) {
    const moves = toMoves(books, { debit: -credits }, now);
    return { draft: { ...entry, occurredAt: now, ...moves }, opens: null };
  }
  const opens = { ...toDefaultTerms(kind, credits, now), description, source };
  return { draft: { ...entry, occurredAt: now, ...toMoves(books, { opens }, now) }, opens };
}

function decideWriteOff(books: Books, limit: Micros, command: WriteOffCommand, now: Instant): Decision {
  const { key } = command;
  if (command.credits <= 0n) return "invalid_amount";
  if (command.credits > toAvailable(books, now, null) + limit) return "insufficient_credits";
  const entry = { ...NEUTRAL, kind: "writeoff", type: "correction", facts: toFacts(command), key } as const;
  const moves = toMoves(books, { debit: command.credits }, now);
  return { draft: { ...entry, credits: micros(-command.credits), occurredAt: now, ...moves }, opens: null };
}

/** Returns the terms of a grant that a correction opens. */
function toDefaultTerms(kind: string, credits: Micros, now: Instant) {
  return {
    kind,
    title: null,
    credits,
    priority: DEFAULT_PRIORITY,
    effectiveAt: now,
    expiresAt: null,
    only: null,
  };
}

type Charge = Pick<Charged, "credits" | "originalCredits"> & { readonly key: string };

function charge(
  books: Books,
  { credits, originalCredits, key }: Charge,
  kind: string,
  facts: Facts,
  occurredAt: Instant,
  now: Instant,
  setAside: readonly Draw[] = [],
): Posting {
  const hadDiscount = originalCredits !== null && originalCredits !== credits;
  const charged = {
    credits: micros(-credits),
    facts: { ...facts, originalCredits: hadDiscount ? originalCredits : null },
  };
  const entry = { ...NEUTRAL, kind, type: "usage", key, occurredAt } as const;
  return {
    draft: { ...entry, ...charged, ...toMoves(books, { debit: credits, setAside, usage: kind }, now) },
    opens: null,
  };
}

function isValidCharge({ credits, originalCredits }: Pick<Charge, "credits" | "originalCredits">): boolean {
  if (credits < 0n) return false;
  if (credits === 0n) return originalCredits !== null && originalCredits > 0n;
  return originalCredits === null || originalCredits >= credits;
}

/** A part of a debit: taken from a grant, or, with `grant` null, gone into debt. */
interface Part {
  readonly grant: number | null;
  readonly credits: bigint;
}

/** Returns the parts of a debit that a refund returns, after `returned` credits of it were given back already. */
function toPartsReturned(target: PredictedEntry, returned: bigint, wanted: bigint): Part[] {
  const uncovered: Part = { grant: null, credits: target.debt > 0n ? target.debt : 0n };
  const drawn = target.draws.filter((draw) => draw.credits > 0n).toReversed();
  const parts: Part[] = [uncovered, ...drawn];
  return parts
    .map((part, index) => {
      const start = parts.slice(0, index).reduce((total, each) => total + each.credits, 0n);
      const from = [start, returned].reduce((a, b) => (a > b ? a : b));
      const to = [start + part.credits, returned + wanted].reduce((a, b) => (a < b ? a : b));
      return { grant: part.grant, credits: to - from };
    })
    .filter((part) => part.credits > 0n);
}

/** The movements of an entry, besides its amount. */
interface Movement {
  readonly opens?: Terms | null;
  /** Negative draws that give credits back to grants. */
  readonly restored?: readonly Draw[];
  /** Debt that is paid by credits which never reach a grant. */
  readonly paid?: bigint;
  readonly debit?: bigint;
  /** The credits of grants that the debit takes before all others, as far as it needs them. */
  readonly setAside?: readonly Draw[];
  /** The kind of usage; null for a correction. */
  readonly usage?: string | null;
}

/**
 * Returns the draws of an entry and the change of debt: grants get back, what was set aside is drawn, debt is paid, then
 * the rest of the debit is drawn.
 */
function toMoves(books: Books, movement: Movement, now: Instant): Pick<Draft, "draws" | "debt"> {
  const { opens = null, restored = [], paid = 0n, debit = 0n, setAside = [], usage = null } = movement;
  const kept = setAside.map(({ grant, credits }) => ({ seq: grant, remaining: credits }) as Grant);
  const first = take(debit, kept);
  const opened =
    opens === null
      ? []
      : [{ ...opens, seq: books.entries.length + 1, recordedAt: now, remaining: opens.credits }];
  const usable = toFree(books, [...toGrants(books), ...opened]).filter((grant) => isEffective(grant, now));
  const after = (draws: readonly Draw[]) => inDrawOrder(usable.map((grant) => afterDraws(grant, draws)));
  const payers = after([...restored, ...first]).filter((grant) => grant.only === null);
  const payments = take(toDebt(books) - paid, payers);
  const drawables = after([...restored, ...first, ...payments]).filter((grant) => isFor(grant, usage));
  const drawn = take(debit - sumDraws(first), drawables);
  return {
    draws: [...restored, ...payments, ...first, ...drawn],
    debt: micros(debit - sumDraws(first) - sumDraws(drawn) - sumDraws(payments) - paid),
  };
}
