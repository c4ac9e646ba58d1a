import { canonicalMetadata, canonicalSource, sha256 } from "./digest.js";
import type { Entry } from "./entry.js";

/** What stands before an account's first entry. */
export const GENESIS = "0".repeat(64);

/** The version of the canonical form; it is part of what is hashed. */
const CANONICAL_VERSION = 1;

/**
 * An entry as the text that is hashed: a JSON array of its facts in a fixed order, amounts in micro-credits, times in
 * microseconds, metadata with sorted keys. `position` is left out: it says where the page shows the entry.
 */
export function canonicalEntry(entry: Omit<Entry, "hash" | "position">): string {
  return JSON.stringify([
    CANONICAL_VERSION,
    entry.account,
    entry.seq,
    entry.kind,
    entry.title,
    entry.credits.toString(),
    entry.originalCredits === null ? null : entry.originalCredits.toString(),
    entry.balance.toString(),
    entry.description,
    canonicalSource(entry.source),
    entry.project,
    entry.occurredAt,
    entry.recordedAt,
    entry.key,
    entry.fingerprint,
    entry.draws.map((draw) => [draw.grant, draw.credits.toString()]),
    entry.debt.toString(),
    entry.refundOf,
    canonicalMetadata(entry.metadata),
  ]);
}

/**
 * The seal of an entry, in hex: SHA-256 over the hash of the entry before it (in hex), a line feed, and its own canonical
 * form. It is text throughout, so that anybody can check it with a command line's own tools.
 */
export function hashEntry(previous: string, entry: Omit<Entry, "hash" | "position">): string {
  return sha256(`${previous}\n${canonicalEntry(entry)}`);
}
