import { least, type Micros, micros, ZERO } from "./amount.js";
import type { Draw, ExpiryChange, Grant } from "./entry.js";
import { formatInstant, type Instant } from "./instant.js";
import { refuse } from "./refusal.js";
import type { AccountState, Draft, LiveGrant } from "./state.js";
import { addDue, addRemaining, addScoped, dropDue, FEW, forgetTimed, type ScopedCredits } from "./sums.js";

/**
 * Compares grants in draw order: priority, those for some kinds only, earlier expiry (none last), granted before bought,
 * earlier effective, earlier seq. People should not lose what they paid for.
 */
export function compareGrants(a: Grant, b: Grant): number {
  return (
    a.priority - b.priority ||
    Number(a.only === null) - Number(b.only === null) ||
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

/** True if a grant can be spent at an instant. */
export function isEffective(grant: Grant, at: Instant): boolean {
  return !isPending(grant, at) && (grant.expiresAt === null || grant.expiresAt > at);
}

/** True if a kind of usage may draw on a grant. A correction, which has no kind of usage, may draw on any. */
export function isFor({ only }: Grant, usage: string | null): boolean {
  return only === null || usage === null || only.includes(usage);
}

/**
 * True if a grant can pay debt at an instant. A debt is not of a kind, so grants for some kinds only pay none.
 */
export function canPayDebt(grant: Grant, at: Instant): boolean {
  return grant.only === null && isEffective(grant, at);
}

/**
 * True if a grant is not effective yet. A grant that was effective when it was granted is so for every server, also for
 * one whose clock is behind.
 */
export function isPending(grant: Grant, at: Instant): boolean {
  return grant.effectiveAt > at && grant.effectiveAt > grant.recordedAt;
}

/** Returns what remains of grants that are not effective yet. */
export function toPending({ grants, sums }: Pick<AccountState, "grants" | "sums">, now: Instant): Micros {
  if (sums.pending !== null) return sums.pending;
  let pending = ZERO;
  for (const grant of grants) if (isPending(grant, now)) pending = micros(pending + grant.remaining);
  sums.pending = pending;
  return pending;
}

/**
 * Returns what commands may still take: the balance less holds, less grants that are not effective yet, and less those
 * that are for other kinds of usage only.
 *
 * @param usage the kind of usage; null for a correction, which may draw on any grant
 */
export function toAvailable(draft: Draft, usage: string | null): Micros {
  const available = micros(draft.balance - draft.held - toPending(draft, draft.now));
  if (usage === null) return available;
  draft.sums.scoped ??= toScoped(draft);
  const { all, byKind } = draft.sums.scoped;
  return all === ZERO ? available : micros(available - all + (byKind.get(usage) ?? ZERO));
}

function toScoped({ grants, now }: Draft): ScopedCredits {
  const scoped: ScopedCredits = { all: ZERO, byKind: new Map() };
  for (const grant of grants)
    if (grant.only !== null && isEffective(grant, now)) addScoped(scoped, grant, toFree(grant));
  return scoped;
}

/**
 * Counts a change of a grant in the sums of the account.
 *
 * @param remaining the change of what remains of it
 * @param reserved the change of what is set aside of it
 */
function count(draft: Draft, grant: LiveGrant, remaining: Micros, reserved: Micros): void {
  const { sums, now } = draft;
  if (remaining !== ZERO) addRemaining(sums, grant.kind, remaining);
  if (reserved !== ZERO) sums.reserved = micros(sums.reserved + reserved);
  if (!hasFree(grant)) noteUsedUp(draft, grant);
  else if (remaining > reserved) {
    sums.firstFree = 0;
    addDue(sums, grant.expiresAt);
    if (isPending(grant, now)) addDue(sums, grant.effectiveAt);
  }
  if (sums.pending !== null && isPending(grant, now)) sums.pending = null;
  if (grant.only !== null && sums.scoped !== null && isEffective(grant, now))
    addScoped(sums.scoped, grant, micros(remaining - reserved));
}

/** Notes in the sums of the account that nothing of a grant is free any more. */
function noteUsedUp({ sums }: Draft, grant: LiveGrant): void {
  if (grant.remaining === ZERO) sums.hasEmpty = true;
  dropDue(sums, grant.expiresAt);
  dropDue(sums, grant.effectiveAt);
}

/** Returns the part of a grant that no hold has set aside. */
export function toFree({ remaining, reserved }: LiveGrant): Micros {
  return micros(remaining - reserved);
}

/** True if a part of a grant is left that no hold has set aside. */
export function hasFree({ remaining, reserved }: LiveGrant): boolean {
  return remaining !== reserved;
}

/** Puts a new grant into its place in draw order. */
export function addGrant(draft: Draft, opened: Grant): void {
  const grant: LiveGrant = { ...opened, reserved: ZERO };
  placeGrant(draft.grants, grant);
  draft.sums.bySeq?.set(grant.seq, grant);
  draft.changes.grants.push({ grant, before: null });
  count(draft, grant, grant.remaining, ZERO);
}

/** Returns the grant that a command names, or refuses the command when it has ended. */
export function requireLive(draft: Draft, seq: number): LiveGrant {
  const grant = findGrant(draft, seq);
  if (grant === undefined) {
    refuse("grant_not_found", `The grant ${seq} does not exist on the account. Give the seq of a grant.`);
  }
  if (grant.expiresAt !== null && grant.expiresAt <= draft.now) {
    refuse(
      "grant_ended",
      `The grant ${seq} ended at ${formatInstant(grant.expiresAt)}. Name a grant that has not ended.`,
    );
  }
  return grant;
}

/** Returns the grant of a `seq`. */
export function findGrant(
  { grants, sums }: Pick<AccountState, "grants" | "sums">,
  seq: number,
): LiveGrant | undefined {
  if (grants.length <= FEW) return grants.find((grant) => grant.seq === seq);
  sums.bySeq ??= new Map(grants.map((grant) => [grant.seq, grant]));
  return sums.bySeq.get(seq);
}

/** Inserts a grant where it keeps grants in draw order, which binary search finds. */
export function placeGrant(grants: LiveGrant[], grant: LiveGrant): void {
  let from = 0;
  let to = grants.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (compareGrants(grants[middle] as Grant, grant) < 0) from = middle + 1;
    else to = middle;
  }
  grants.splice(from, 0, grant);
}

/** Returns the index of the first grant with something free, so that commands do not walk past all others each. */
function toFirstFree(draft: Draft): number {
  const { grants, sums } = draft;
  while (sums.firstFree < grants.length && !hasFree(grants[sums.firstFree] as LiveGrant)) sums.firstFree += 1;
  return sums.firstFree;
}

/** Sets what remains of a grant. */
function setRemaining(draft: Draft, grant: LiveGrant, remaining: Micros): void {
  const before = grant.remaining;
  draft.changes.grants.push({ grant, before });
  grant.remaining = remaining;
  count(draft, grant, micros(remaining - before), ZERO);
}

/** Takes credits of a grant that is effective. This is quicker than `setRemaining`, and most commands do it. */
function take(draft: Draft, grant: LiveGrant, credits: Micros): void {
  const { sums } = draft;
  draft.changes.grants.push({ grant, before: grant.remaining });
  grant.remaining = micros(grant.remaining - credits);
  if (!hasFree(grant)) noteUsedUp(draft, grant);
  addRemaining(sums, grant.kind, micros(-credits));
  if (grant.only !== null && sums.scoped !== null) addScoped(sums.scoped, grant, micros(-credits));
}

/**
 * Takes up to `wanted` credits from the grants that may be drawn on, in draw order. What holds have set aside stays.
 *
 * @param may true if a grant may be drawn on. It is false for grants that are not effective yet.
 * @returns the draws; their sum is less than `wanted` when the grants did not suffice
 */
export function drawFrom(draft: Draft, wanted: Micros, may: (grant: Grant) => boolean): Draw[] {
  let draws: Draw[] = [];
  let open = wanted;
  for (let index = toFirstFree(draft); index < draft.grants.length && open !== ZERO; index++) {
    const grant = draft.grants[index] as LiveGrant;
    if (!hasFree(grant) || !may(grant)) continue;
    const taken = least(toFree(grant), open);
    take(draft, grant, taken);
    const draw = { grant: grant.seq, credits: taken };
    // Most entries have one draw, and an array that is pushed to has room for 17.
    if (draws.length === 0) draws = [draw];
    else draws.push(draw);
    open = micros(open - taken);
  }
  return draws;
}

/** Takes all of one grant that no hold has set aside. */
export function drain(draft: Draft, grant: LiveGrant): Micros {
  const free = toFree(grant);
  if (free > 0n) setRemaining(draft, grant, grant.reserved);
  return free;
}

/** Sets aside up to `wanted` credits of the grants that a kind of usage can spend, in draw order. */
export function reserve(draft: Draft, wanted: Micros, usage: string): Draw[] {
  const reserved: Draw[] = [];
  let open = wanted;
  for (let index = toFirstFree(draft); index < draft.grants.length && open !== ZERO; index++) {
    const grant = draft.grants[index] as LiveGrant;
    if (!hasFree(grant) || !isEffective(grant, draft.now) || !isFor(grant, usage)) continue;
    const taken = least(toFree(grant), open);
    setReserved(draft, grant, taken);
    reserved.push({ grant: grant.seq, credits: taken });
    open = micros(open - taken);
  }
  return reserved;
}

/**
 * Gives back what was set aside of grants, and takes up to `wanted` credits of it.
 *
 * @returns the draws
 */
export function unreserve(draft: Draft, reserved: readonly Draw[], wanted: Micros): Draw[] {
  const draws: Draw[] = [];
  let open = wanted;
  for (const { grant: seq, credits } of reserved) {
    const grant = findGrant(draft, seq) as LiveGrant;
    setReserved(draft, grant, micros(-credits));
    const taken = least(credits, open);
    if (taken === ZERO) continue;
    setRemaining(draft, grant, micros(grant.remaining - taken));
    draws.push({ grant: seq, credits: taken });
    open = micros(open - taken);
  }
  return draws;
}

function setReserved(draft: Draft, grant: LiveGrant, credits: Micros): void {
  draft.changes.reservations.push({ grant, credits });
  grant.reserved = micros(grant.reserved + credits);
  count(draft, grant, ZERO, credits);
}

/**
 * Moves the expiry of a grant, which changes its place in draw order. Nothing may refuse the command afterwards.
 *
 * @param seq the `seq` of the entry that does so
 */
export function moveExpiry(draft: Draft, seq: number, grant: LiveGrant, after: Instant | null): ExpiryChange {
  const change = { before: grant.expiresAt, after };
  draft.grants.splice(draft.grants.indexOf(grant), 1);
  grant.expiresAt = after;
  placeGrant(draft.grants, grant);
  forgetTimed(draft.sums);
  draft.changes.grants.push({ grant, before: grant.remaining });
  draft.changes.expiries.push({ seq, grant: grant.seq, ...change });
  return change;
}

/** Gives credits back to a grant. */
export function restore(draft: Draft, seq: number, credits: Micros): Draw {
  const grant = findGrant(draft, seq) as LiveGrant;
  setRemaining(draft, grant, micros(grant.remaining + credits));
  return { grant: seq, credits: micros(-credits) };
}

/** Pays outstanding debt from the grants that may be drawn on, and returns those draws. */
export function payDebt(draft: Draft, may: (grant: Grant) => boolean): readonly Draw[] {
  if (draft.debt === ZERO) return NO_DRAWS;
  const draws = drawFrom(draft, draft.debt, may);
  draft.debt = micros(draft.debt - sumDraws(draws));
  return draws;
}

/** The draws of what draws on nothing. */
export const NO_DRAWS: readonly Draw[] = [];

/** Returns the sum of draws. */
export function sumDraws(draws: readonly Draw[]): Micros {
  if (draws.length === 1) return (draws[0] as Draw).credits;
  return micros(draws.reduce((sum, draw) => sum + draw.credits, 0n));
}
