import { hashEntry } from "./chain.js";
import { amount, type Credits, fits } from "./credits.js";
import { addGrant, drawFrom, isEffective, payDebt, sumOf } from "./draw.js";
import type { Draw, Entry, Grant, Metadata, Source } from "./entry.js";
import { group } from "./group.js";
import type { Instant } from "./instant.js";
import type { BlockKind, Kind } from "./kinds.js";
import { refuse } from "./refusal.js";
import type { Draft } from "./state.js";

/** What a rule says of the entry it posts; `post` adds the rest. */
export interface Posting {
  readonly kind: Kind;
  readonly key: string | null;
  readonly fingerprint: string | null;
  readonly title?: string | null;
  readonly originalCredits?: Credits | null;
  readonly description?: string | null;
  readonly source?: Source | null;
  readonly project?: string | null;
  readonly occurredAt?: Instant;
  readonly refundOf?: number;
  readonly metadata?: Metadata;
}

/** An entry while it is made. */
type Unsealed = Entry & { hash: string; position: number };

const NO_METADATA: Metadata = Object.freeze({});

/**
 * Appends an entry: the only place where one comes into being. It gives the entry its seq, balance, debt, row and hash.
 *
 * @param debtBefore the debt before the rule began to draw, so that the entry can say what it changed
 * @throws Refused when a balance would not fit its column
 */
export function post(
  draft: Draft,
  posting: Posting,
  credits: Credits,
  draws: readonly Draw[],
  debtBefore: Credits,
): Entry {
  const balance = amount(draft.balance + credits);
  if (!fits(balance) || !fits(draft.debt)) {
    refuse(
      "amount_out_of_range",
      "The balance would leave the range the ledger can hold. Use smaller amounts.",
    );
  }
  const entry: Unsealed = {
    account: draft.account,
    seq: draft.seq + 1,
    kind: posting.kind,
    title: posting.title ?? null,
    credits,
    originalCredits: posting.originalCredits ?? null,
    balance,
    description: posting.description ?? null,
    source: posting.source ?? null,
    project: posting.project ?? null,
    occurredAt: posting.occurredAt ?? draft.now,
    recordedAt: draft.now,
    key: posting.key,
    fingerprint: posting.fingerprint,
    draws,
    debt: amount(draft.debt - debtBefore),
    refundOf: posting.refundOf ?? null,
    metadata: posting.metadata ?? NO_METADATA,
    hash: "",
    position: 0,
  };
  entry.hash = hashEntry(draft.hash, entry);
  entry.position = group(draft, entry);
  draft.seq = entry.seq;
  draft.balance = balance;
  draft.hash = entry.hash;
  draft.changes.entries.push(entry);
  return entry;
}

/** Posts what takes credits: pays old debt first, draws the amount, and what no grant covers becomes debt. */
export function postDebit(draft: Draft, taken: Credits, posting: Posting): Entry {
  const debtBefore = draft.debt;
  const isSpendable = (grant: Grant) => isEffective(grant, draft.now);
  const repaid = payDebt(draft, isSpendable);
  const drawn = drawFrom(draft, taken, isSpendable);
  draft.debt = amount(draft.debt + taken - sumOf(drawn));
  const draws = repaid.length === 0 ? drawn : [...repaid, ...drawn];
  return post(draft, posting, amount(-taken), draws, debtBefore);
}

/** What is said of an entry that can open a grant. */
type BlockPosting = Posting & { readonly kind: BlockKind };

/** How a block of credits is to be spent. */
export interface BlockTerms {
  readonly priority: number;
  readonly effectiveAt: Instant;
  readonly expiresAt: Instant | null;
}

/** The priority of a grant for which none was said. */
export const DEFAULT_PRIORITY = 100;

/**
 * Posts what adds credits. What is not already spoken for (`restored` to grants, or gone into `repaid` debt) opens a
 * grant, and debt that is still outstanding is paid from the grants that are effective.
 */
export function postCredit(
  draft: Draft,
  posting: BlockPosting,
  terms: BlockTerms,
  credits: Credits,
  opened: Credits,
  draws: readonly Draw[],
  debtBefore: Credits,
): Entry {
  if (opened > 0n) addGrant(draft, grantOf(draft, posting, terms, opened));
  const repaid = payDebt(draft, (grant) => isEffective(grant, draft.now));
  return post(draft, posting, credits, [...draws, ...repaid], debtBefore);
}

function grantOf(draft: Draft, posting: BlockPosting, terms: BlockTerms, opened: Credits): Grant {
  return {
    seq: draft.seq + 1,
    kind: posting.kind,
    title: posting.title ?? null,
    description: posting.description ?? null,
    source: posting.source ?? null,
    credits: opened,
    remaining: opened,
    ...terms,
    recordedAt: draft.now,
  };
}
