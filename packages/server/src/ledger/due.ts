import { amount, ZERO } from "./credits.js";
import { drain, isPending, payDebt } from "./draw.js";
import type { Grant, Hold } from "./entry.js";
import type { Instant } from "./instant.js";
import { titleOf } from "./kinds.js";
import { post } from "./post.js";
import type { AccountState, Draft } from "./state.js";

/**
 * The next instant at which time alone changes an account, or null: a hold or a grant expires, or a grant becomes
 * effective.
 */
export function nextDue({ grants, holds }: AccountState, now: Instant): Instant | null {
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
 * Posts what has come due: holds that expired are given up, and grants that expired are taken out, each by an entry
 * dated at the instant of its expiry. Whoever touches the account first does this, so that an expired grant can't be
 * spent even if no job has run.
 */
export function settleDue(draft: Draft): void {
  for (const hold of draft.holds) {
    if (hold.status === "open" && hold.expiresAt <= draft.now)
      closeHold(draft, { ...hold, status: "expired" });
  }
  for (let due = firstExpired(draft); due !== null; due = firstExpired(draft))
    expire(draft, due.grant, due.at);
}

/** The grant that expired first, of those from which something still has to be taken. */
function firstExpired(draft: Draft): { grant: Grant; at: Instant } | null {
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
 * Takes an expired grant out. Debt that was outstanding while the grant was effective has the first claim on it, as if
 * the account had been touched a moment before the expiry; when that takes all, the entry moves nothing but says so.
 */
function expire(draft: Draft, grant: Grant, at: Instant): void {
  const debtBefore = draft.debt;
  const wasSpendable = (other: Grant) =>
    other.effectiveAt < at && (other.expiresAt === null || other.expiresAt >= at);
  const repaid = payDebt(draft, wasSpendable);
  const lost = drain(draft, grant.seq);
  const rest = lost > ZERO ? [{ grant: grant.seq, credits: lost }] : [];
  post(
    draft,
    {
      kind: "expiry",
      key: null,
      fingerprint: null,
      description: grant.description ?? grant.title ?? titleOf(grant.kind),
      source: grant.source,
      occurredAt: at,
    },
    amount(-lost),
    [...repaid, ...rest],
    debtBefore,
  );
}

/** Replaces an open hold by the same hold settled, released or expired; its credits are no longer held. */
export function closeHold(draft: Draft, closed: Hold): void {
  draft.holds = draft.holds.map((hold) => (hold.hold === closed.hold ? closed : hold));
  draft.held = amount(draft.held - closed.credits);
  draft.changes.holds.push(closed);
}
