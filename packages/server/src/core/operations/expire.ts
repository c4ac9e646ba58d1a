import { micros, ZERO } from "../amount.js";
import type { Grant } from "../entry.js";
import { toFacts } from "../facts.js";
import { drain, isPending, payDebt } from "../grants.js";
import { closeHold } from "../holds.js";
import type { Instant } from "../instant.js";
import { postDraws } from "../post.js";
import type { AccountState, Draft } from "../state.js";

/**
 * Returns the next instant at which time alone changes an account, or null: a hold or a grant expires, or a grant becomes
 * effective.
 */
export function toNextDue({ grants, holds }: AccountState, now: Instant): Instant | null {
  let next: Instant | null = null;
  const consider = (at: Instant | null) => {
    if (at !== null && (next === null || at < next)) next = at;
  };
  for (const grant of grants) {
    if (grant.remaining === ZERO) continue;
    consider(grant.expiresAt);
    if (isPending(grant, now)) consider(grant.effectiveAt);
  }
  for (const hold of holds) if (hold.status === "open") consider(hold.expiresAt);
  return next;
}

/**
 * Posts what has come due: expired holds are closed, and expired grants are taken out, each by an entry dated at the
 * instant of its expiry. Whoever touches the account first does this, so an expired grant can't be spent even if no job
 * has run.
 */
export function postDue(draft: Draft): void {
  for (const hold of draft.holds) {
    if (hold.status === "open" && hold.expiresAt <= draft.now)
      closeHold(draft, { ...hold, status: "expired" });
  }
  for (let due = findExpired(draft); due !== null; due = findExpired(draft)) expire(draft, due.grant, due.at);
}

/** Returns the grant that expired first, of those with something remaining. */
function findExpired(draft: Draft): { grant: Grant; at: Instant } | null {
  let first: { grant: Grant; at: Instant } | null = null;
  for (const grant of draft.grants) {
    const at = grant.expiresAt;
    if (at === null || at > draft.now || grant.remaining === ZERO) continue;
    if (first === null || at < first.at || (at === first.at && grant.seq < first.grant.seq))
      first = { grant, at };
  }
  return first;
}

/**
 * Takes an expired grant out. Debt that was outstanding while the grant was effective has the first claim on it, as if the
 * account had been touched a moment before the expiry. When that takes all, the entry moves nothing but records it.
 */
function expire(draft: Draft, grant: Grant, at: Instant): void {
  const debtBefore = draft.debt;
  const wasSpendable = (other: Grant) =>
    other.effectiveAt < at && (other.expiresAt === null || other.expiresAt >= at);
  const repaid = payDebt(draft, wasSpendable);
  const lost = drain(draft, grant.seq);
  const rest = lost > ZERO ? [{ grant: grant.seq, credits: lost }] : [];
  postDraws(draft, micros(lost), [...repaid, ...rest], debtBefore, {
    command: null,
    kind: "expiry",
    type: "correction",
    facts: toFacts({ description: grant.description ?? grant.title, source: grant.source }),
    occurredAt: at,
  });
}
