import { amount, type Credits } from "../../src/ledger/credits.js";
import type { Draw, Entry, Grant, Hold } from "../../src/ledger/entry.js";
import type { Instant } from "../../src/ledger/instant.js";

/** An entry without what only the implementation can know: its digest and its place in the hash chain. */
export type PredictedEntry = Omit<Entry, "hash" | "fingerprint">;

/** A hold without its digests. */
export type PredictedHold = Omit<Hold, "fingerprint" | "releaseFingerprint">;

/** A grant as it was opened; what remains of it is asked of the books each time. */
export type Block = Omit<Grant, "remaining">;

/** All that happened on one account, in the order it was accepted. Everything else is computed from these lists. */
export interface Books {
  readonly entries: readonly PredictedEntry[];
  readonly blocks: readonly Block[];
  readonly holds: readonly PredictedHold[];
}

/** The sum of some amounts. */
export function sum(amounts: readonly bigint[]): Credits {
  return amount(amounts.reduce((total, each) => total + each, 0n));
}

/** What the entries moved, all together. */
export function balanceOf(books: Books): Credits {
  return sum(books.entries.map((entry) => entry.credits));
}

/** What debits took that no grant covered, less what was paid of it. */
export function debtOf(books: Books): Credits {
  return sum(books.entries.map((entry) => entry.debt));
}

/** Every grant with what remains of it: what it was opened with, less all that was ever drawn from it. */
export function grantsOf(books: Books): Grant[] {
  const draws = books.entries.flatMap((entry) => entry.draws);
  return books.blocks.map((block) => afterDraws({ ...block, remaining: block.credits }, draws));
}

/** A grant after some further draws. */
export function afterDraws(grant: Grant, draws: readonly Draw[]): Grant {
  const drawn = sum(draws.filter((draw) => draw.grant === grant.seq).map((draw) => draw.credits));
  return { ...grant, remaining: amount(grant.remaining - drawn) };
}

/** What open holds set aside. */
export function heldOf(books: Books): Credits {
  return sum(books.holds.filter((hold) => hold.status === "open").map((hold) => hold.credits));
}

/** What was added but can't be spent yet. */
export function pendingOf(books: Books, now: Instant): Credits {
  return sum(
    grantsOf(books)
      .filter((grant) => grant.effectiveAt > now)
      .map((grant) => grant.remaining),
  );
}

/** What may be spent now, before any overdraft. */
export function availableOf(books: Books, now: Instant): Credits {
  return amount(balanceOf(books) - heldOf(books) - pendingOf(books, now));
}

/** Whether a grant's end has come. Expiry is an instant: at that very instant the grant is gone. */
export function hasExpired(grant: Block, at: Instant): boolean {
  return grant.expiresAt !== null && grant.expiresAt <= at;
}

/** Whether a grant can be drawn from. */
export function isEffective(grant: Block, now: Instant): boolean {
  return grant.effectiveAt <= now && !hasExpired(grant, now);
}

/** The grants in the order they are spent. */
export function inDrawOrder(grants: readonly Grant[]): Grant[] {
  const rank = (grant: Grant): number[] => [
    grant.priority,
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

/** Takes up to an amount out of grants, one after the other; what they can't give is simply not taken. */
export function take(wanted: bigint, grants: readonly Grant[]): Draw[] {
  const draws: Draw[] = [];
  for (const grant of grants) {
    const missing = wanted - drawnBy(draws);
    const part = missing < grant.remaining ? missing : grant.remaining;
    if (part > 0n) draws.push({ grant: grant.seq, credits: amount(part) });
  }
  return draws;
}

/** The sum of some draws. */
export function drawnBy(draws: readonly Draw[]): Credits {
  return sum(draws.map((draw) => draw.credits));
}

/** The hold of an id. */
export function holdNamed(books: Books, name: string): PredictedHold | undefined {
  return books.holds.find((hold) => hold.hold === name);
}
