import { micros, ZERO } from "../amount.js";
import type { Grant, Hold } from "../entry.js";
import { toFacts } from "../facts.js";
import { drain, isPending, payDebt, toFree } from "../grants.js";
import { closeHold } from "../holds.js";
import type { Instant } from "../instant.js";
import { postDraws } from "../post.js";
import type { AccountState, Draft, LiveGrant } from "../state.js";

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
    if (toFree(grant) > 0n) consider(grant.expiresAt);
    if (isPending(grant, now)) consider(grant.effectiveAt);
  }
  for (const hold of holds) if (hold.status === "open") consider(hold.expiresAt);
  return next;
}

/**
 * Posts what has come due, in the order of time: expired holds are closed, and expired grants are taken out, each by an
 * entry dated at the instant of its expiry. Whoever touches the account first does this, so an expired grant can't be
 * spent even if no job has run. What a hold has set aside of a grant expires when the hold ends.
 */
export function postDue(draft: Draft): void {
  let hold = findEnded(draft);
  for (let due = findExpired(draft); due !== null || hold !== null; due = findExpired(draft)) {
    if (due !== null && (hold === null || due.at < hold.expiresAt)) {
      expire(draft, due.grant, due.at);
      continue;
    }
    const ended = hold as Hold;
    closeHold(draft, { ...ended, status: "expired" });
    expireLeft(draft, ended, ended.expiresAt);
    hold = findEnded(draft);
  }
}

/** Takes out what a hold has left of grants that expired before it ended. */
export function expireLeft(draft: Draft, { reserved }: Hold, endedAt: Instant): void {
  for (const { grant: seq } of reserved) {
    const grant = draft.grants.find((other) => other.seq === seq);
    if (grant === undefined || grant.expiresAt === null || grant.expiresAt > endedAt) continue;
    if (toFree(grant) > 0n) expire(draft, grant, endedAt);
  }
}

/** Returns the open hold that expired first. */
function findEnded(draft: Draft): Hold | null {
  let first: Hold | null = null;
  for (const hold of draft.holds) {
    if (hold.status !== "open" || hold.expiresAt > draft.now) continue;
    if (first === null || hold.expiresAt < first.expiresAt) first = hold;
  }
  return first;
}

/** Returns the grant that expired first, of those with something remaining that no hold has set aside. */
function findExpired(draft: Draft): { grant: LiveGrant; at: Instant } | null {
  let first: { grant: LiveGrant; at: Instant } | null = null;
  for (const grant of draft.grants) {
    const at = grant.expiresAt;
    if (at === null || at > draft.now || toFree(grant) === ZERO) continue;
    if (first === null || at < first.at || (at === first.at && grant.seq < first.grant.seq))
      first = { grant, at };
  }
  return first;
}

/**
 * Takes an expired grant out. Debt that was outstanding while the grant was effective has the first claim on it, as if the
 * account had been touched a moment before the expiry. When that takes all, the entry moves nothing but records it.
 */
function expire(draft: Draft, grant: LiveGrant, at: Instant): void {
  const debtBefore = draft.debt;
  const wasSpendable = (other: Grant) =>
    other.effectiveAt < at && (other.expiresAt === null || other.expiresAt >= at);
  const repaid = payDebt(draft, wasSpendable);
  const lost = drain(draft, grant);
  const rest = lost > ZERO ? [{ grant: grant.seq, credits: lost }] : [];
  postDraws(draft, micros(lost), [...repaid, ...rest], debtBefore, {
    command: null,
    kind: "expiry",
    type: "correction",
    facts: toFacts({ description: grant.description ?? grant.title, source: grant.source }),
    occurredAt: at,
  });
}
