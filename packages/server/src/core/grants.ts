import { least, type Micros, micros, ZERO } from "./amount.js";
import type { Draw, ExpiryChange, Grant } from "./entry.js";
import { formatInstant, type Instant } from "./instant.js";
import { refuse } from "./refusal.js";
import type { AccountState, Draft, LiveGrant, ScopedCredits } from "./state.js";

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
export function toPending({ grants }: Pick<AccountState, "grants">, now: Instant): Micros {
  let pending = ZERO;
  for (const grant of grants) if (isPending(grant, now)) pending = micros(pending + grant.remaining);
  return pending;
}

/**
 * Returns what commands may still take: the balance less holds, less grants that are not effective yet, and less those
 * that are for other kinds of usage only.
 *
 * @param usage the kind of usage; null for a correction, which may draw on any grant
 */
export function toAvailable(draft: Draft, usage: string | null): Micros {
  draft.pending ??= toPending(draft, draft.now);
  const available = micros(draft.balance - draft.held - draft.pending);
  if (usage === null) return available;
  draft.scoped ??= toScoped(draft);
  const { all, byKind } = draft.scoped;
  return all === ZERO ? available : micros(available - all + (byKind.get(usage) ?? ZERO));
}

function toScoped({ grants, now }: Draft): ScopedCredits {
  const scoped: ScopedCredits = { all: ZERO, byKind: new Map() };
  for (const grant of grants) countScoped(scoped, grant, toFree(grant), now);
  return scoped;
}

/** Counts a change of what is free of a grant. */
function countScoped(scoped: ScopedCredits | null, grant: LiveGrant, change: Micros, now: Instant): void {
  if (scoped === null || grant.only === null || !isEffective(grant, now)) return;
  scoped.all = micros(scoped.all + change);
  for (const kind of grant.only) scoped.byKind.set(kind, micros((scoped.byKind.get(kind) ?? ZERO) + change));
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
  draft.grants.splice(toPlace(draft.grants, grant), 0, grant);
  draft.bySeq?.set(grant.seq, grant);
  draft.firstFree = 0;
  draft.pending = null;
  draft.changes.grants.push({ grant, before: null });
  countScoped(draft.scoped, grant, grant.remaining, draft.now);
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
      `The grant ${seq} has ended at ${formatInstant(grant.expiresAt)}. Add credits with another grant.`,
    );
  }
  return grant;
}

/** The number of grants among which a search is as quick as an index. */
const FEW = 16;

/** Returns the grant of a `seq`. */
export function findGrant(draft: Draft, seq: number): LiveGrant | undefined {
  if (draft.grants.length <= FEW) return draft.grants.find((grant) => grant.seq === seq);
  draft.bySeq ??= new Map(draft.grants.map((grant) => [grant.seq, grant]));
  return draft.bySeq.get(seq);
}

/** Returns the index at which a grant keeps grants in draw order, by binary search. */
function toPlace(grants: readonly Grant[], grant: Grant): number {
  let from = 0;
  let to = grants.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (compareGrants(grants[middle] as Grant, grant) < 0) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Returns the index of the first grant with something free, so that commands do not walk past all others each. */
function toFirstFree(draft: Draft): number {
  const { grants } = draft;
  while (draft.firstFree < grants.length && !hasFree(grants[draft.firstFree] as LiveGrant))
    draft.firstFree += 1;
  return draft.firstFree;
}

/** Sets what remains of a grant. */
function setRemaining(draft: Draft, grant: LiveGrant, remaining: Micros): void {
  draft.changes.grants.push({ grant, before: grant.remaining });
  if (remaining > grant.remaining) draft.firstFree = 0;
  countScoped(draft.scoped, grant, micros(remaining - grant.remaining), draft.now);
  grant.remaining = remaining;
}

/**
 * Takes up to `wanted` credits from the grants that may be drawn on, in draw order. What holds have set aside stays.
 *
 * @returns the draws; their sum is less than `wanted` when the grants did not suffice
 */
export function drawFrom(draft: Draft, wanted: Micros, may: (grant: Grant) => boolean): Draw[] {
  let draws: Draw[] = [];
  let open = wanted;
  for (let index = toFirstFree(draft); index < draft.grants.length && open !== ZERO; index++) {
    const grant = draft.grants[index] as LiveGrant;
    if (!hasFree(grant) || !may(grant)) continue;
    const taken = least(toFree(grant), open);
    setRemaining(draft, grant, micros(grant.remaining - taken));
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
  if (credits < ZERO) draft.firstFree = 0;
  countScoped(draft.scoped, grant, micros(-credits), draft.now);
  grant.reserved = micros(grant.reserved + credits);
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
  draft.grants.splice(toPlace(draft.grants, grant), 0, grant);
  draft.firstFree = 0;
  draft.pending = null;
  draft.scoped = null;
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
export function payDebt(draft: Draft, may: (grant: Grant) => boolean): Draw[] {
  if (draft.debt === ZERO) return [];
  const draws = drawFrom(draft, draft.debt, may);
  draft.debt = micros(draft.debt - sumDraws(draws));
  return draws;
}

/** Returns the sum of draws. */
export function sumDraws(draws: readonly Draw[]): Micros {
  return micros(draws.reduce((sum, draw) => sum + draw.credits, 0n));
}
