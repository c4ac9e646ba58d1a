import { least, micros, ZERO } from "./amount.js";
import type { Draw, Grant, Hold } from "./entry.js";
import { findGrant, placeGrant, toFree } from "./grants.js";
import type { AccountState, LiveGrant } from "./state.js";
import { addHold, addRemaining, forgetTimed } from "./sums.js";

/*
 * Brings the state of an account to what another server has made of it, from the records that it has changed. It costs what
 * has changed, however many grants and holds there are.
 */

type Books = Pick<AccountState, "grants" | "holds" | "sums">;

/**
 * Replaces grants and holds by what they are now, and drops those that have nothing remaining or are closed.
 *
 * @param grants the grants that have changed, as they are now
 * @param holds the holds that have changed, as they are now
 */
export function catchUp(books: Books, grants: readonly Grant[], holds: readonly Hold[]): void {
  forgetTimed(books.sums);
  for (const { id } of holds) {
    const before = books.holds.get(id);
    if (before === undefined) continue;
    books.holds.delete(id);
    addHold(books.sums, before, -1n);
    for (const draw of before.reserved) setAside(books, draw, -1n);
  }
  for (const grant of grants) replaceGrant(books, grant);
  for (const hold of holds) if (hold.status === "open") takeIn(books, hold);
}

/**
 * Adds an open hold, and notes what it has set aside on the grants. A server of an earlier version did not keep it for the
 * hold, so it may be less than when the hold was opened.
 */
export function takeIn(books: Books, hold: Hold): void {
  const reserved: Draw[] = [];
  for (const { grant: seq, credits } of hold.reserved) {
    const grant = findGrant(books, seq);
    const kept = grant === undefined ? ZERO : least(credits, toFree(grant));
    if (kept === ZERO) continue;
    const draw = { grant: seq, credits: kept };
    reserved.push(draw);
    setAside(books, draw, 1n);
  }
  const taken = { ...hold, reserved };
  books.holds.set(hold.id, taken);
  addHold(books.sums, taken, 1n);
}

/** Notes on a grant that a hold has set credits aside, or no longer does. */
function setAside(books: Books, { grant: seq, credits }: Draw, sign: 1n | -1n): void {
  const grant = findGrant(books, seq);
  if (grant === undefined) return;
  grant.reserved = micros(grant.reserved + sign * credits);
  books.sums.reserved = micros(books.sums.reserved + sign * credits);
}

function replaceGrant(books: Books, now: Grant): void {
  const { grants, sums } = books;
  const before = findGrant(books, now.seq);
  addRemaining(sums, now.kind, micros(now.remaining - (before?.remaining ?? ZERO)));
  if (now.remaining === ZERO) sums.hasEmpty = true;
  if (before === undefined) {
    const live: LiveGrant = { ...now, reserved: ZERO };
    placeGrant(grants, live);
    sums.bySeq?.set(live.seq, live);
    return;
  }
  before.remaining = now.remaining;
  if (before.expiresAt === now.expiresAt) return;
  grants.splice(grants.indexOf(before), 1);
  before.expiresAt = now.expiresAt;
  placeGrant(grants, before);
}
