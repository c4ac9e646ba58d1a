import type {
  AdjustCommand,
  GrantCommand,
  HoldCommand,
  KeyedCommand,
  RefundCommand,
  ReleaseCommand,
  SettleCommand,
  SpendCommand,
  UsageCommand,
  WriteoffCommand,
} from "../../src/ledger/command.js";
import { amount, type Credits, ZERO } from "../../src/ledger/credits.js";
import type { Draw, Grant } from "../../src/ledger/entry.js";
import { addSeconds, type Instant } from "../../src/ledger/instant.js";
import { titleOf } from "../../src/ledger/kinds.js";
import type { RefusalCode } from "../../src/ledger/refusal.js";
import {
  afterDraws,
  availableOf,
  type Block,
  type Books,
  debtOf,
  drawnBy,
  grantsOf,
  hasExpired,
  holdNamed,
  inDrawOrder,
  isEffective,
  type PredictedEntry,
  type PredictedHold,
  take,
} from "./books.js";
import { WINDOW_MICROS } from "./rows.js";

/** What an entry says, before it gets its place in the ledger. */
export type Draft = Omit<PredictedEntry, "account" | "seq" | "balance" | "recordedAt" | "position">;

/** An entry to post, perhaps with the terms of the grant it opens. */
export interface Posting {
  readonly draft: Draft;
  readonly opens: Terms | null;
}
/** A grant before it has its seq. */
export type Terms = Omit<Block, "seq" | "recordedAt">;

/** A refusal, an entry to post, or a hold as it becomes. */
export type Decision = RefusalCode | Posting | { readonly hold: PredictedHold };

const NEUTRAL = {
  title: null,
  description: null,
  originalCredits: null,
  source: null,
  project: null,
  key: null,
  draws: [],
  debt: ZERO,
  refundOf: null,
  metadata: {},
} as const;

/** The grant whose end comes first among those that are due and still hold credits. */
export function firstDue(books: Books, now: Instant): Grant | undefined {
  const due = grantsOf(books).filter((grant) => grant.remaining > 0n && hasExpired(grant, now));
  return due.toSorted((a, b) => (a.expiresAt ?? 0) - (b.expiresAt ?? 0) || a.seq - b.seq)[0];
}

/** The entry that ends a grant: debt is paid as of that instant, and the rest goes. */
export function expiryOf(books: Books, grant: Grant): Draft {
  const end = grant.expiresAt as Instant;
  const payers = grantsOf(books).filter(
    (other) => other.effectiveAt < end && (other.expiresAt === null || other.expiresAt >= end),
  );
  const payments = take(debtOf(books), inDrawOrder(payers));
  const rest = afterDraws(grant, payments).remaining;
  return {
    ...NEUTRAL,
    kind: "expiry",
    credits: amount(-rest),
    description: grant.description ?? grant.title ?? titleOf(grant.kind),
    source: grant.source,
    occurredAt: end,
    draws: rest > 0n ? [...payments, { grant: grant.seq, credits: rest }] : payments,
    debt: amount(-drawnBy(payments)),
  };
}

/** What a command comes to, ranges aside. */
export function decideIn(books: Books, limit: Credits, command: KeyedCommand, now: Instant): Decision {
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
    case "release":
      return decideRelease(books, command);
    case "refund":
      return decideRefund(books, command, now);
    case "adjust":
      return decideAdjust(books, command, now);
    case "writeoff":
      return decideWriteoff(books, limit, command, now);
  }
}

function decideGrant(books: Books, command: GrantCommand, now: Instant): Decision {
  const { credits, kind, title, description, source, priority, expiresAt, key, metadata } = command;
  const effectiveAt = command.effectiveAt ?? now;
  if (credits <= 0n) return "invalid_amount";
  if (expiresAt !== null && (expiresAt <= now || expiresAt <= effectiveAt)) return "already_expired";
  const opens = { kind, title, description, source, credits, priority, effectiveAt, expiresAt };
  const facts = { ...NEUTRAL, kind, title, description, source, key, metadata };
  return { draft: { ...facts, credits, occurredAt: now, ...movesOf(books, { opens }, now) }, opens };
}

function decideUsage(books: Books, command: UsageCommand, now: Instant): Decision {
  if (!isValidCharge(command)) return "invalid_amount";
  const occurredAt = command.occurredAt ?? now;
  if (occurredAt > now + WINDOW_MICROS) return "occurred_in_future";
  return charge(books, command, command, occurredAt, now);
}

function decideSpend(books: Books, limit: Credits, command: SpendCommand, now: Instant): Decision {
  if (!isValidCharge(command)) return "invalid_amount";
  if (command.credits > availableOf(books, now) + limit) return "insufficient_credits";
  return charge(books, command, command, now, now);
}

function decideHold(books: Books, limit: Credits, command: HoldCommand, now: Instant): Decision {
  const { hold, kind, credits, description, source, project, key } = command;
  if (credits <= 0n) return "invalid_amount";
  if (credits > availableOf(books, now) + limit) return "insufficient_credits";
  const expiresAt = addSeconds(now, command.expiresInSeconds);
  const facts = { hold, kind, credits, description, source, project, key, expiresAt, createdAt: now };
  return { hold: { ...facts, status: "open", settledSeq: null, releaseKey: null } };
}

function decideSettle(books: Books, limit: Credits, command: SettleCommand, now: Instant): Decision {
  if (!isValidCharge(command)) return "invalid_amount";
  const hold = holdNamed(books, command.hold);
  if (hold === undefined) return "hold_not_found";
  if (hold.status !== "open") return "hold_closed";
  const excess = command.credits - hold.credits;
  if (excess > 0n && excess > availableOf(books, now) + limit) return "insufficient_credits";
  const described = { ...command, description: command.description ?? hold.description };
  return charge(books, described, hold, now, now);
}

function decideRelease(books: Books, command: ReleaseCommand): Decision {
  const hold = holdNamed(books, command.hold);
  if (hold === undefined) return "hold_not_found";
  if (hold.status !== "open") return "hold_closed";
  return { hold: { ...hold, status: "released", releaseKey: command.key } };
}

function decideRefund(books: Books, command: RefundCommand, now: Instant): Decision {
  const { description, key, metadata } = command;
  if (command.credits !== null && command.credits <= 0n) return "invalid_amount";
  const target = books.entries.find((entry) => entry.seq === command.entry);
  if (target === undefined) return "entry_not_found";
  if (target.credits >= 0n || target.kind === "expiry") return "not_refundable";
  const earlier = books.entries.filter((entry) => entry.refundOf === target.seq);
  const returned = earlier.reduce((total, entry) => total + entry.credits, 0n);
  const left = -target.credits - returned;
  const credits = amount(command.credits ?? left);
  if (left <= 0n || credits > left) return "refund_exceeds_entry";

  const isAlive = (part: Part) =>
    grantsOf(books).some((grant) => grant.seq === part.grant && !hasExpired(grant, now));
  const restored = partsReturned(target, returned, credits)
    .filter(isAlive)
    .map((part) => ({ grant: part.grant as number, credits: amount(-part.credits) }));
  const source = command.source ?? target.source;
  const loose = credits + drawnBy(restored);
  const paid = loose < debtOf(books) ? loose : debtOf(books);
  const terms = { kind: "refund", title: null, description, source } as const;
  const opens: Terms | null =
    loose > paid
      ? { ...terms, credits: amount(loose - paid), priority: 100, effectiveAt: now, expiresAt: null }
      : null;
  const facts = { ...NEUTRAL, kind: "refund", description, key, metadata, credits } as const;
  const cause = { source, project: target.project, refundOf: target.seq };
  const moves = movesOf(books, { opens, restored, paid }, now);
  return { draft: { ...facts, ...cause, occurredAt: now, ...moves }, opens };
}

function decideAdjust(books: Books, command: AdjustCommand, now: Instant): Decision {
  const { credits, source, description, key, metadata } = command;
  if (credits === 0n) return "invalid_amount";
  const facts = { ...NEUTRAL, kind: "adjustment", source, description, key, metadata, credits } as const;
  if (credits < 0n) {
    const moves = movesOf(books, { debit: -credits }, now);
    return { draft: { ...facts, occurredAt: now, ...moves }, opens: null };
  }
  const terms = { kind: "adjustment", title: null, description, source, credits } as const;
  const opens = { ...terms, priority: 100, effectiveAt: now, expiresAt: null };
  return { draft: { ...facts, occurredAt: now, ...movesOf(books, { opens }, now) }, opens };
}

function decideWriteoff(books: Books, limit: Credits, command: WriteoffCommand, now: Instant): Decision {
  const { source, description, key, metadata } = command;
  if (command.credits <= 0n) return "invalid_amount";
  if (command.credits > availableOf(books, now) + limit) return "insufficient_credits";
  const facts = { ...NEUTRAL, kind: "writeoff", source, description, key, metadata } as const;
  const moves = movesOf(books, { debit: command.credits }, now);
  return { draft: { ...facts, credits: amount(-command.credits), occurredAt: now, ...moves }, opens: null };
}

type Charge = Pick<UsageCommand, "credits" | "originalCredits" | "description" | "key" | "metadata">;
type Cause = Pick<UsageCommand, "kind" | "source" | "project">;

function charge(books: Books, what: Charge, why: Cause, occurredAt: Instant, now: Instant): Posting {
  const { credits, originalCredits, description, key, metadata } = what;
  const { kind, source, project } = why;
  const hadDiscount = originalCredits !== null && originalCredits !== credits;
  const facts = { ...NEUTRAL, kind, source, project, description, key, metadata, occurredAt };
  const amounts = {
    credits: amount(-credits),
    originalCredits: hadDiscount ? amount(-originalCredits) : null,
  };
  return { draft: { ...facts, ...amounts, ...movesOf(books, { debit: credits }, now) }, opens: null };
}

function isValidCharge({ credits, originalCredits }: Pick<Charge, "credits" | "originalCredits">): boolean {
  if (credits < 0n) return false;
  if (credits === 0n) return originalCredits !== null && originalCredits > 0n;
  return originalCredits === null || originalCredits >= credits;
}

/** A part of a debit: taken out of a grant, or, with `grant` null, gone into debt. */
interface Part {
  readonly grant: number | null;
  readonly credits: bigint;
}

/** Which parts of a debit a refund returns, after `returned` credits of it were given back already. */
function partsReturned(target: PredictedEntry, returned: bigint, wanted: bigint): Part[] {
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

/** What moves with an entry, besides its own amount. */
interface Movement {
  readonly opens?: Terms | null;
  /** Negative draws that give credits back to grants. */
  readonly restored?: readonly Draw[];
  /** Debt that is paid by credits which never reach a grant. */
  readonly paid?: bigint;
  readonly debit?: bigint;
}

/** The draws of an entry and the change of debt: grants get back, debt is paid, and then the debit is drawn. */
function movesOf(books: Books, movement: Movement, now: Instant): Pick<Draft, "draws" | "debt"> {
  const { opens = null, restored = [], paid = 0n, debit = 0n } = movement;
  const opened =
    opens === null
      ? []
      : [{ ...opens, seq: books.entries.length + 1, recordedAt: now, remaining: opens.credits }];
  const usable = [...grantsOf(books), ...opened].filter((grant) => isEffective(grant, now));
  const after = (draws: readonly Draw[]) => inDrawOrder(usable.map((grant) => afterDraws(grant, draws)));
  const payments = take(debtOf(books) - paid, after(restored));
  const drawn = take(debit, after([...restored, ...payments]));
  return {
    draws: [...restored, ...payments, ...drawn],
    debt: amount(debit - drawnBy(drawn) - drawnBy(payments) - paid),
  };
}
