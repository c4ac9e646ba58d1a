import { amount, type Credits, ZERO } from "./credits.js";
import { drain, payDebt, sumOf } from "./draw.js";
import type { Grant, Hold } from "./entry.js";
import type { Instant } from "./instant.js";
import { titleOf } from "./kinds.js";
import { post } from "./post.js";
import type { AccountState, Draft } from "./state.js";

/** The next instant at which something comes due on an account (a hold or a grant expires), or null. */
export function nextDue(state: Pick<AccountState, "grants" | "holds">): Instant | null {
  const instants = [
    ...state.grants.filter((grant) => grant.remaining > 0n).map((grant) => grant.expiresAt),
    ...state.holds.filter((hold) => hold.status === "open").map((hold) => hold.expiresAt),
  ].filter((instant) => instant !== null);
  return instants.length === 0 ? null : (instants.reduce((a, b) => Math.min(a, b) as Instant) as Instant);
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
  const expired = draft.grants
    .filter((grant) => grant.remaining > 0n && grant.expiresAt !== null && grant.expiresAt <= draft.now)
    .sort((a, b) => (a.expiresAt as Instant) - (b.expiresAt as Instant) || a.seq - b.seq);
  for (const grant of expired) expire(draft, grant, grant.expiresAt as Instant);
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
      credits: amount(-lost),
      draws: [...repaid, ...rest],
      key: null,
      fingerprint: null,
      description: grant.description ?? grant.title ?? titleOf(grant.kind),
      source: grant.source,
      occurredAt: at,
    },
    debtBefore,
  );
}

/** Replaces an open hold by the same hold settled, released or expired; its credits are no longer held. */
export function closeHold(draft: Draft, closed: Hold): void {
  draft.holds = draft.holds.map((hold) => (hold.hold === closed.hold ? closed : hold));
  draft.held = amount(draft.held - closed.credits);
  draft.changes.holds.set(closed.hold, closed);
}

/** What of a state's credits is due at an instant but not posted yet: no longer available, whatever the balance says. */
export function expiredBy(grants: readonly Grant[], now: Instant): Credits {
  const due = grants.filter((grant) => grant.expiresAt !== null && grant.expiresAt <= now);
  return sumOf(due.map((grant) => ({ grant: grant.seq, credits: grant.remaining })));
}
