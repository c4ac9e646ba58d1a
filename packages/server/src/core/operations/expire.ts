import { micros, ZERO } from "../amount.js";
import type { Grant, Hold } from "../entry.js";
import { NO_FACTS, toGrantFacts } from "../facts.js";
import { drain, findGrant, hasFree, isPending, payDebt } from "../grants.js";
import { closeHold } from "../holds.js";
import type { Instant } from "../instant.js";
import { postDraws } from "../post.js";
import { type AccountState, type Draft, type LiveGrant, toTime } from "../state.js";
import { type Due, forgetTimed, isDue } from "../sums.js";

/**
 * Returns the next instant at which time alone changes an account, or null: a hold or a grant expires, or a grant becomes
 * effective.
 */
export function toNextDue({ grants, holds, sums }: AccountState, now: Instant): Instant | null {
  if (sums.dueAt !== undefined) return sums.dueAt;
  let next: Instant | null = null;
  const consider = (at: Instant | null) => {
    if (at !== null && (next === null || at < next)) next = at;
  };
  for (const grant of grants) {
    if (grant.remaining === ZERO) continue;
    if (hasFree(grant)) consider(grant.expiresAt);
    if (isPending(grant, now)) consider(grant.effectiveAt);
  }
  for (const hold of holds.values()) consider(hold.expiresAt);
  sums.dueAt = next;
  return next;
}

/** The most that is posted at once, so that an account with much due leaves other accounts their turn. */
export const DUE_MAX = 500;

/**
 * Posts what has come due, in the order of time: expired holds are closed, and expired grants are taken out, each by an
 * entry dated at the instant of its expiry. Whoever touches the account first does this, so an expired grant can't be
 * spent even if no job has run. What a hold has set aside of a grant expires when the hold ends.
 *
 * @returns false if more is due than is posted at once
 */
export function postDue(draft: Draft): boolean {
  const { sums, now } = draft;
  for (let room = DUE_MAX; isDue(sums, now); ) {
    const earlier = sums.backlog;
    const due = earlier ?? listDue(draft, now);
    forgetTimed(sums);
    while (room > 0 && due.length > 0) if (postOne(draft, due.pop() as Due)) room -= 1;
    const next = due.at(-1);
    if (next !== undefined) {
      sums.backlog = due;
      sums.dueAt = next.at;
      return false;
    }
    // A list that was made before lacks what has come due since.
    if (earlier === null) break;
  }
  // The commands that follow may change what it lists, also where a clock has stepped back and nothing is due.
  sums.backlog = null;
  return true;
}

/** True if more is due on an account than is posted at once. */
export function hasBacklog(state: AccountState, given: Instant): boolean {
  const { sums } = state;
  const now = toTime(state, given);
  if (!isDue(sums, now)) return false;
  sums.backlog ??= listDue(state, now);
  return sums.backlog.length > DUE_MAX;
}

/** Posts what has expired, and returns true, unless holds have set aside all of the grant. */
function postOne(draft: Draft, { at, grant, hold }: Due): boolean {
  if (hold !== null) {
    closeHold(draft, { ...hold, extension: null, status: "expired" });
    expireLeft(draft, hold, at);
    return true;
  }
  if (!hasFree(grant)) return false;
  expire(draft, grant, at);
  return true;
}

/** Takes out what a hold has left of grants that expired before it ended. */
export function expireLeft(draft: Draft, { reserved }: Hold, endedAt: Instant): void {
  for (const { grant: seq } of reserved) {
    const grant = findGrant(draft, seq);
    if (grant === undefined || grant.expiresAt === null || grant.expiresAt > endedAt) continue;
    if (hasFree(grant)) expire(draft, grant, endedAt);
  }
}

/** Returns the holds and grants that have expired, the last to expire first. A hold goes before a grant that expires with it. */
function listDue({ grants, holds }: AccountState, now: Instant): Due[] {
  const due: Due[] = [];
  for (const grant of grants) {
    const at = grant.expiresAt;
    if (at !== null && at <= now && grant.remaining > 0n) due.push({ at, grant, hold: null });
  }
  for (const hold of holds.values()) {
    if (hold.expiresAt <= now) due.push({ at: hold.expiresAt, grant: null, hold });
  }
  return due.sort((a, b) => compareDue(b, a));
}

function compareDue(a: Due, b: Due): number {
  if (a.at !== b.at) return a.at - b.at;
  if (a.hold !== null && b.hold !== null) return a.hold.id < b.hold.id ? -1 : 1;
  if (a.grant !== null && b.grant !== null) return a.grant.seq - b.grant.seq;
  return a.hold !== null ? -1 : 1;
}

/**
 * Takes an expired grant out. Debt that was outstanding while the grant was effective has the first claim on it, as if the
 * account had been touched a moment before the expiry. What a hold has kept is effective until the hold ends. When the
 * debt takes all, the entry moves nothing but records it.
 *
 * The entry takes over the description and the source of the grant, unless the account is closed. It may be anonymized then,
 * and an erasure leaves later entries as they are.
 */
function expire(draft: Draft, grant: LiveGrant, at: Instant): void {
  const debtBefore = draft.debt;
  const couldPay = (other: Grant) =>
    other.only === null &&
    (other === grant || (other.effectiveAt < at && (other.expiresAt === null || other.expiresAt >= at)));
  const repaid = payDebt(draft, couldPay);
  const lost = drain(draft, grant);
  const rest = lost > ZERO ? [{ grant: grant.seq, credits: lost }] : [];
  postDraws(draft, micros(lost), [...repaid, ...rest], debtBefore, {
    command: null,
    kind: "expiry",
    type: "correction",
    facts: draft.closedAt === null ? toGrantFacts(grant) : NO_FACTS,
    occurredAt: at,
  });
}
