import { fits, type Micros, micros } from "./amount.js";
import { CANONICAL_VERSION, digestText, hashEntry } from "./chain.js";
import type { Command } from "./command.js";
import type { Draw, Entry, ExpiryChange, Grant, Opening, Terms } from "./entry.js";
import type { Facts } from "./facts.js";
import { PRIORITY_DEFAULT } from "./fields.js";
import { toFingerprint } from "./fingerprint.js";
import { addGrant, canPayDebt, drawFrom, isEffective, isFor, NO_DRAWS, payDebt, sumDraws } from "./grants.js";
import type { Instant } from "./instant.js";
import type { KindType } from "./kinds.js";
import { refuse } from "./refusal.js";
import type { Draft } from "./state.js";
import { group } from "./windows.js";

/** The part of an entry that its operation states. `post` adds the rest. */
export interface Posting {
  /** Null for what the ledger posts by itself. */
  readonly command: Command | null;
  readonly kind: string;
  readonly type: KindType;
  readonly facts: Facts;
  readonly title?: string | null;
  readonly occurredAt?: Instant;
  readonly refundOf?: number;
  readonly grant?: number;
  readonly expiry?: ExpiryChange;
}

/** An entry while it is made. */
type Unhashed = { -readonly [K in keyof Entry]: Entry[K] };

/**
 * Appends an entry. No other function makes one. It gives the entry its seq, balance, debt, row and hash.
 *
 * @param debtBefore the debt before the operation began to draw
 * @throws Refused when a balance would not fit its column
 */
function post(
  draft: Draft,
  posting: Posting,
  credits: Micros,
  draws: readonly Draw[],
  debtBefore: Micros,
  opens: Opening | null,
): Entry {
  const balance = micros(draft.balance + credits);
  if (!fits(balance) || !fits(draft.debt)) {
    refuse("amount_out_of_range", "The balance would leave the range of the ledger. Use smaller amounts.");
  }
  const { command } = posting;
  const salt = draft.salt();
  const entry: Unhashed = {
    version: CANONICAL_VERSION,
    account: draft.account,
    seq: draft.seq + 1,
    kind: posting.kind,
    type: posting.type,
    title: posting.title ?? null,
    credits,
    balance,
    facts: posting.facts,
    occurredAt: posting.occurredAt ?? draft.now,
    recordedAt: draft.now,
    key: command?.key ?? null,
    fingerprint: command === null ? null : toFingerprint(command, salt),
    draws,
    debt: micros(draft.debt - debtBefore),
    refundOf: posting.refundOf ?? null,
    grant: posting.grant ?? null,
    expiry: posting.expiry ?? null,
    opens,
    salt,
    digest: null,
    hash: "",
    position: 0,
  };
  entry.digest = digestText(salt, entry);
  entry.hash = hashEntry(draft.hash, entry);
  entry.position = group(draft, entry);
  draft.seq = entry.seq;
  draft.balance = balance;
  draft.hash = entry.hash;
  draft.recordedAt = entry.recordedAt;
  draft.changes.entries.push(entry);
  return entry;
}

/**
 * Posts what takes credits: pays old debt first, draws the amount, and makes debt of what no grant covers.
 *
 * @param reserved the draws that have taken a part of the amount from what a hold had set aside
 */
export function postDebit(
  draft: Draft,
  taken: Micros,
  posting: Posting,
  reserved: readonly Draw[] = NO_DRAWS,
): Entry {
  const debtBefore = draft.debt;
  const usage = posting.type === "usage" ? posting.kind : null;
  const isSpendable = (grant: Grant) => isEffective(grant, draft.now) && isFor(grant, usage);
  const repaid = payDebt(draft, (grant) => canPayDebt(grant, draft.now));
  const open = reserved.length === 0 ? taken : micros(taken - sumDraws(reserved));
  const drawn = drawFrom(draft, open, isSpendable);
  const covered = sumDraws(drawn);
  if (covered !== open) draft.debt = micros(draft.debt + open - covered);
  // Refunds walk the draws from the last, so those that paid debt come first.
  const draws = repaid.length + reserved.length === 0 ? drawn : [...repaid, ...reserved, ...drawn];
  return post(draft, posting, micros(-taken), draws, debtBefore, null);
}

/** Posts draws that were made before: what an expiry or a void takes, or none. */
export function postDraws(
  draft: Draft,
  taken: Micros,
  draws: readonly Draw[],
  debtBefore: Micros,
  posting: Posting,
): Entry {
  return post(draft, posting, micros(-taken), draws, debtBefore, null);
}

/** Credits that come in. */
export interface Credit {
  readonly credits: Micros;
  /** The part that opens a grant; the rest was restored to grants or has paid debt. */
  readonly opened: Micros;
  readonly terms: Terms;
  readonly draws: readonly Draw[];
  readonly debtBefore: Micros;
}

/** Posts what adds credits. Debt that is still outstanding is paid from the grants that are effective. */
export function postCredit(
  draft: Draft,
  posting: Posting,
  { credits, opened, terms, draws, debtBefore }: Credit,
): Entry {
  const opens: Opening | null = opened > 0n ? { credits: opened, ...terms } : null;
  if (opens !== null) addGrant(draft, toGrant(draft, posting, opens));
  const repaid = payDebt(draft, (grant) => canPayDebt(grant, draft.now));
  return post(draft, posting, credits, [...draws, ...repaid], debtBefore, opens);
}

/** Returns the terms of credits that nobody gave terms for. */
export function defaultTerms(draft: Draft): Terms {
  return { priority: PRIORITY_DEFAULT, effectiveAt: draft.now, expiresAt: null, only: null };
}

function toGrant(draft: Draft, posting: Posting, opens: Opening): Grant {
  return {
    seq: draft.seq + 1,
    kind: posting.kind,
    title: posting.title ?? null,
    description: posting.facts.description,
    source: posting.facts.source,
    credits: opens.credits,
    remaining: opens.credits,
    priority: opens.priority,
    effectiveAt: opens.effectiveAt,
    expiresAt: opens.expiresAt,
    only: opens.only,
    recordedAt: draft.now,
  };
}
