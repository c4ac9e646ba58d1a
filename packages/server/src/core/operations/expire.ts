import { micros, ZERO } from "../amount.js";
import type { Grant, Hold } from "../entry.js";
import { toFacts } from "../facts.js";
import { drain, findGrant, hasFree, isPending, payDebt } from "../grants.js";
import { closeHold } from "../holds.js";
import type { Instant } from "../instant.js";
import { postDraws } from "../post.js";
import type { AccountState, Draft, LiveGrant } from "../state.js";
import { forgetTimed, isDue } from "../sums.js";

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

/**
 * Posts what has come due, in the order of time: expired holds are closed, and expired grants are taken out, each by an
 * entry dated at the instant of its expiry. Whoever touches the account first does this, so an expired grant can't be
 * spent even if no job has run. What a hold has set aside of a grant expires when the hold ends.
 */
export function postDue(draft: Draft): void {
  if (!isDue(draft.sums, draft.now)) return;
  forgetTimed(draft.sums);
  const grants = listExpired(draft);
  const holds = listEnded(draft);
  for (let grant = 0, hold = 0; grant < grants.length || hold < holds.length; ) {
    const due = grants[grant];
    const ended = holds[hold];
    if (due !== undefined && (ended === undefined || due.at < ended.expiresAt)) {
      if (hasFree(due.grant)) expire(draft, due.grant, due.at);
      grant += 1;
    } else if (ended !== undefined) {
      closeHold(draft, { ...ended, extension: null, status: "expired" });
      expireLeft(draft, ended, ended.expiresAt);
      hold += 1;
    }
  }
}

/** Takes out what a hold has left of grants that expired before it ended. */
export function expireLeft(draft: Draft, { reserved }: Hold, endedAt: Instant): void {
  for (const { grant: seq } of reserved) {
    const grant = findGrant(draft, seq);
    if (grant === undefined || grant.expiresAt === null || grant.expiresAt > endedAt) continue;
    if (hasFree(grant)) expire(draft, grant, endedAt);
  }
}

/** Returns the open holds that have expired, the first to expire first. */
function listEnded({ holds, now }: Draft): Hold[] {
  const ended: Hold[] = [];
  for (const hold of holds.values()) if (hold.expiresAt <= now) ended.push(hold);
  return ended.sort((a, b) => a.expiresAt - b.expiresAt || (a.id < b.id ? -1 : 1));
}

interface Expired {
  readonly grant: LiveGrant;
  readonly at: Instant;
}

/** Returns the grants that have expired, the first to expire first. */
function listExpired({ grants, now }: Draft): Expired[] {
  const expired: Expired[] = [];
  for (const grant of grants) {
    const at = grant.expiresAt;
    if (at !== null && at <= now && grant.remaining > 0n) expired.push({ grant, at });
  }
  return expired.sort((a, b) => a.at - b.at || a.grant.seq - b.grant.seq);
}

/**
 * Takes an expired grant out. Debt that was outstanding while the grant was effective has the first claim on it, as if the
 * account had been touched a moment before the expiry. What a hold has kept is effective until the hold ends. When the
 * debt takes all, the entry moves nothing but records it.
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
    facts: toFacts({ description: grant.description ?? grant.title, source: grant.source }),
    occurredAt: at,
  });
}
