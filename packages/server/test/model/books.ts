import { type Micros, micros } from "../../src/core/amount.js";
import type { Draw, Entry, Grant, Hold } from "../../src/core/entry.js";
import type { Label } from "../../src/core/facts.js";
import type { Instant } from "../../src/core/instant.js";

/**
 * An entry without what can't be predicted: its salt, its digests and its place in the hash chain. The grant that it
 * opens is a block.
 */
export type PredictedEntry = Omit<Entry, "opens" | "expiry" | "salt" | "digest" | "hash" | "fingerprint">;

/** A hold without its salt, its digests and the command that extended it. */
export type PredictedHold = Omit<
  Hold,
  "salt" | "digest" | "fingerprint" | "extension" | "releaseFingerprint"
>;

/** A grant as it was opened, with its latest expiry. What remains of it is computed from the books each time. */
export type Block = Omit<Grant, "remaining">;

/** All that happened on one account, in the order it was accepted. Everything else is computed from these arrays. */
export interface Books {
  readonly entries: readonly PredictedEntry[];
  readonly blocks: readonly Block[];
  readonly holds: readonly PredictedHold[];
  readonly labels: readonly Label[];
}

/** Returns the sum of amounts. */
export function sum(amounts: readonly bigint[]): Micros {
  return micros(amounts.reduce((total, each) => total + each, 0n));
}

/** Returns what the entries moved, all together. */
export function toBalance(books: Books): Micros {
  return sum(books.entries.map((entry) => entry.credits));
}

/** Returns what debits took that no grant covered, less what was paid of it. */
export function toDebt(books: Books): Micros {
  return sum(books.entries.map((entry) => entry.debt));
}

/** Returns every grant with what remains of it: its opening amount less all that was ever drawn from it. */
export function toGrants(books: Books): Grant[] {
  const draws = books.entries.flatMap((entry) => entry.draws);
  return books.blocks.map((block) => afterDraws({ ...block, remaining: block.credits }, draws));
}

/** Returns a grant after further draws. */
export function afterDraws(grant: Grant, draws: readonly Draw[]): Grant {
  const drawn = sum(draws.filter((draw) => draw.grant === grant.seq).map((draw) => draw.credits));
  return { ...grant, remaining: micros(grant.remaining - drawn) };
}

/** Returns what open holds set aside. */
export function toHeld(books: Books): Micros {
  return sum(books.holds.filter((hold) => hold.status === "open").map((hold) => hold.credits));
}

/** Returns what was added but can't be spent yet. */
export function toPending(books: Books, now: Instant): Micros {
  return sum(
    toGrants(books)
      .filter((grant) => grant.effectiveAt > now)
      .map((grant) => grant.remaining),
  );
}

/**
 * Returns what may be spent now, before any overdraft.
 *
 * @param usage the kind of usage, or null for a correction
 */
export function toAvailable(books: Books, now: Instant, usage: string | null): Micros {
  const others = toFree(books, toGrants(books)).filter(
    (grant) => isEffective(grant, now) && !isFor(grant, usage),
  );
  const forOthers = sum(others.map((grant) => grant.remaining));
  return micros(toBalance(books) - toHeld(books) - toPending(books, now) - forOthers);
}

/** True if a kind of usage, or a correction (null), may draw on a grant. */
export function isFor(grant: Block, usage: string | null): boolean {
  return usage === null || (grant.only ?? [usage]).includes(usage);
}

/** True if a grant's end has come. Expiry is an instant: at that very instant the grant is gone. */
export function hasExpired(grant: Block, at: Instant): boolean {
  return grant.expiresAt !== null && grant.expiresAt <= at;
}

/** True if a grant can be drawn from. */
export function isEffective(grant: Block, now: Instant): boolean {
  return grant.effectiveAt <= now && !hasExpired(grant, now);
}

/** Returns grants in the order in which they are spent. */
export function inDrawOrder(grants: readonly Grant[]): Grant[] {
  const rank = (grant: Grant): number[] => [
    grant.priority,
    grant.only === null ? 1 : 0,
    grant.expiresAt ?? Number.POSITIVE_INFINITY,
    grant.kind === "purchase" ? 1 : 0,
    grant.effectiveAt,
    grant.seq,
  ];
  return grants.toSorted((a, b) => {
    const pairs = rank(a).map((left, place) => [left, rank(b)[place] ?? 0] as const);
    const [left, right] = pairs.find(([x, y]) => x !== y) ?? [0, 0];
    return left < right ? -1 : left > right ? 1 : 0;
  });
}

/** Returns grants with only that remaining of them which no open hold has set aside. */
export function toFree(books: Books, grants: readonly Grant[]): Grant[] {
  const reserved = books.holds.filter((hold) => hold.status === "open").flatMap((hold) => hold.reserved);
  return grants.map((grant) => afterDraws(grant, reserved));
}

/** Takes up to an amount out of grants, one after the other. */
export function take(wanted: bigint, grants: readonly Grant[]): Draw[] {
  const draws: Draw[] = [];
  for (const grant of grants) {
    const missing = wanted - sumDraws(draws);
    const part = missing < grant.remaining ? missing : grant.remaining;
    if (part > 0n) draws.push({ grant: grant.seq, credits: micros(part) });
  }
  return draws;
}

/** Returns the sum of draws. */
export function sumDraws(draws: readonly Draw[]): Micros {
  return sum(draws.map((draw) => draw.credits));
}

/** Returns the hold of an id. */
export function findHold(books: Books, id: string): PredictedHold | undefined {
  return books.holds.find((hold) => hold.id === id);
}
