import { amount, type Credits, least, ZERO } from "./credits.js";
import type { Draw, Grant } from "./entry.js";
import type { Instant } from "./instant.js";
import type { AccountState, Draft, LiveGrant } from "./state.js";

/**
 * The order in which grants are spent: priority, then earlier expiry (none last), then granted before bought, then
 * earlier effective, then earlier seq. A person should not lose what they paid for.
 */
export function compareGrants(a: Grant, b: Grant): number {
  return (
    a.priority - b.priority ||
    compareExpiry(a.expiresAt, b.expiresAt) ||
    Number(a.kind === "purchase") - Number(b.kind === "purchase") ||
    a.effectiveAt - b.effectiveAt ||
    a.seq - b.seq
  );
}

function compareExpiry(a: Instant | null, b: Instant | null): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return a - b;
}

/** Whether a grant can be spent at an instant. */
export function isEffective(grant: Grant, at: Instant): boolean {
  return !isPending(grant, at) && (grant.expiresAt === null || grant.expiresAt > at);
}

/**
 * Whether a grant has yet to become effective. One that was effective when it was granted is so for every server, also
 * for one whose clock is behind that of the server that granted it.
 */
export function isPending(grant: Grant, at: Instant): boolean {
  return grant.effectiveAt > at && grant.effectiveAt > grant.recordedAt;
}

/** What commands may still take: the balance less holds and less grants that are not effective yet. */
export function availableOf(state: AccountState, now: Instant): Credits {
  let available = state.balance - state.held;
  for (const grant of state.grants) if (isPending(grant, now)) available -= grant.remaining;
  return amount(available);
}

/** Puts a new grant in its place in the order of spending. */
export function addGrant(draft: Draft, grant: Grant): void {
  const after = draft.grants.findIndex((other) => compareGrants(grant, other) < 0);
  const at = after === -1 ? draft.grants.length : after;
  draft.grants = [...draft.grants.slice(0, at), grant, ...draft.grants.slice(at)];
  draft.changes.grants.push({ grant, before: null });
}

/** Changes what remains of a grant. */
function setRemaining(draft: Draft, grant: LiveGrant, remaining: Credits): void {
  draft.changes.grants.push({ grant, before: grant.remaining });
  grant.remaining = remaining;
}

/**
 * Takes up to `wanted` credits out of the grants that may be drawn on, in the order of spending.
 *
 * @returns the draws, whose sum is less than `wanted` when the grants did not suffice
 */
export function drawFrom(draft: Draft, wanted: Credits, may: (grant: Grant) => boolean): Draw[] {
  const draws: Draw[] = [];
  let open = wanted;
  for (const grant of draft.grants) {
    if (open === ZERO) break;
    if (grant.remaining === ZERO || !may(grant)) continue;
    const taken = least(grant.remaining, open);
    setRemaining(draft, grant, amount(grant.remaining - taken));
    draws.push({ grant: grant.seq, credits: taken });
    open = amount(open - taken);
  }
  return draws;
}

/** Takes all that remains of one grant. */
export function drain(draft: Draft, seq: number): Credits {
  const grant = draft.grants.find((other) => other.seq === seq);
  const remaining = grant?.remaining ?? ZERO;
  if (grant !== undefined && remaining > 0n) setRemaining(draft, grant, ZERO);
  return remaining;
}

/** Gives credits back to a grant. */
export function restore(draft: Draft, seq: number, credits: Credits): Draw {
  const grant = draft.grants.find((other) => other.seq === seq) as LiveGrant;
  setRemaining(draft, grant, amount(grant.remaining + credits));
  return { grant: seq, credits: amount(-credits) };
}

/** Pays outstanding debt out of the grants that may be drawn on, and returns those draws. */
export function payDebt(draft: Draft, may: (grant: Grant) => boolean): Draw[] {
  if (draft.debt === ZERO) return [];
  const draws = drawFrom(draft, draft.debt, may);
  draft.debt = amount(draft.debt - sumOf(draws));
  return draws;
}

/** The sum of draws. */
export function sumOf(draws: readonly Draw[]): Credits {
  return amount(draws.reduce((sum, draw) => sum + draw.credits, 0n));
}
