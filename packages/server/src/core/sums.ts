import { type Micros, micros, ZERO } from "./amount.js";
import type { Grant, Hold } from "./entry.js";
import type { Instant } from "./instant.js";
import type { AccountState, LiveGrant } from "./state.js";

/*
 * The sums over the grants and holds of an account. A command costs what it changes, however many grants and holds there
 * are. So sums over many are kept up to date, and sums over few are made when they are needed.
 */

/** The sums of an account. Those that depend on the time hold until something comes due. */
export interface Sums {
  /** The remaining credits of grants, by kind. Null while they are not kept. */
  byKind: Map<string, Micros> | null;
  /** The part of all grants that is set aside. */
  reserved: Micros;
  /** The credits of the open holds. */
  held: Micros;
  /** The part of the open holds that they have set aside of grants. */
  setAside: Micros;
  /** True if a grant may be used up. */
  hasEmpty: boolean;
  /** The remaining credits of grants that are not effective yet. Null while they are not summed up. */
  pending: Micros | null;
  /** The free credits of effective grants that only some kinds of usage may draw on. Null while they are not summed up. */
  scoped: ScopedCredits | null;
  /** The next instant at which time alone changes the account; null for never. Undefined while it is not looked for. */
  dueAt: Instant | null | undefined;
  /** The holds and grants that have expired and are not posted, the last to expire first. Null while they are not listed. */
  backlog: Due[] | null;
  /** The index before which no grant has anything that no hold has set aside. */
  firstFree: number;
  /** The grants by `seq`. Null while they are not indexed. */
  bySeq: Map<number, LiveGrant> | null;
}

/** A hold or a grant that has expired, and the time. */
export type Due =
  | { readonly at: Instant; readonly grant: LiveGrant; readonly hold: null }
  | { readonly at: Instant; readonly grant: null; readonly hold: Hold };

/** The free credits of effective grants that only some kinds of usage may draw on. */
export interface ScopedCredits {
  all: Micros;
  /** The part that a kind of usage may draw on. */
  readonly byKind: Map<string, Micros>;
}

/** Sums up grants and open holds. */
export function toSums(grants: readonly LiveGrant[], holds: Iterable<Hold>): Sums {
  const sums: Sums = {
    byKind: null,
    reserved: ZERO,
    held: ZERO,
    setAside: ZERO,
    hasEmpty: false,
    pending: null,
    scoped: null,
    dueAt: undefined,
    backlog: null,
    firstFree: 0,
    bySeq: null,
  };
  for (const grant of grants) {
    sums.reserved = micros(sums.reserved + grant.reserved);
    if (grant.remaining === ZERO) sums.hasEmpty = true;
  }
  for (const hold of holds) addHold(sums, hold, 1n);
  return sums;
}

/** True if time alone may have changed an account by an instant. */
export function isDue({ dueAt }: Sums, now: Instant): boolean {
  return dueAt === undefined || (dueAt !== null && dueAt <= now);
}

/** Drops the sums that depend on the time, or on more than a change can state. */
export function forgetTimed(sums: Sums): void {
  sums.pending = null;
  sums.scoped = null;
  sums.dueAt = undefined;
  sums.backlog = null;
  sums.firstFree = 0;
}

/** The most grants that are walked each time. Of more, sums and an index are kept. */
export const FEW = 16;

/** Returns the remaining credits of grants, by kind. Those of few grants are summed up each time. */
export function toByKind({
  grants,
  sums,
}: Pick<AccountState, "grants" | "sums">): ReadonlyMap<string, Micros> {
  if (sums.byKind !== null) return sums.byKind;
  const byKind = new Map<string, Micros>();
  for (const { kind, remaining } of grants) addOfKind(byKind, kind, remaining);
  if (grants.length > FEW) sums.byKind = byKind;
  return byKind;
}

/** Returns the remaining credits of all grants. */
export function toRemaining({ grants, sums }: Pick<AccountState, "grants" | "sums">): Micros {
  let remaining = ZERO;
  if (grants.length <= FEW) for (const grant of grants) remaining = micros(remaining + grant.remaining);
  else for (const ofKind of toByKind({ grants, sums }).values()) remaining = micros(remaining + ofKind);
  return remaining;
}

/** Counts a change of what remains of the grants of a kind. */
export function addRemaining({ byKind }: Sums, kind: string, change: Micros): void {
  if (byKind !== null) addOfKind(byKind, kind, change);
}

function addOfKind(byKind: Map<string, Micros>, kind: string, change: Micros): void {
  const ofKind = micros((byKind.get(kind) ?? ZERO) + change);
  if (ofKind === ZERO) byKind.delete(kind);
  else byKind.set(kind, ofKind);
}

/**
 * Counts a hold that was opened or closed.
 *
 * @param sign 1 for a hold that was opened, -1 for one that was closed
 */
export function addHold(sums: Sums, { credits, reserved }: Hold, sign: 1n | -1n): void {
  sums.held = micros(sums.held + sign * credits);
  for (const draw of reserved) sums.setAside = micros(sums.setAside + sign * draw.credits);
}

/** Notes an instant at which time alone changes the account from now on. */
export function addDue(sums: Sums, at: Instant | null): void {
  const { dueAt } = sums;
  if (dueAt === undefined || at === null) return;
  if (dueAt === null || at < dueAt) sums.dueAt = at;
}

/** Notes that nothing comes due at an instant any more. */
export function dropDue(sums: Sums, at: Instant | null): void {
  if (at !== null && at === sums.dueAt) sums.dueAt = undefined;
}

/** Counts a change of what is free of an effective grant that is for some kinds of usage only. */
export function addScoped(scoped: ScopedCredits, { only }: Grant, change: Micros): void {
  if (only === null) return;
  scoped.all = micros(scoped.all + change);
  for (const kind of only) scoped.byKind.set(kind, micros((scoped.byKind.get(kind) ?? ZERO) + change));
}
