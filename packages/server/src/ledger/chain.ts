import { createHash } from "node:crypto";
import { canonicalJson } from "./command.js";
import type { Entry } from "./entry.js";

/** What stands before an account's first entry. */
export const GENESIS: Uint8Array = new Uint8Array(32);

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
    entry.source === null ? null : [entry.source.type, entry.source.id, entry.source.label],
    entry.project,
    entry.occurredAt,
    entry.recordedAt,
    entry.key,
    entry.fingerprint === null ? null : Buffer.from(entry.fingerprint).toString("hex"),
    entry.draws.map((draw) => [draw.grant, draw.credits.toString()]),
    entry.debt.toString(),
    entry.refundOf,
    canonicalJson(entry.metadata),
  ]);
}

/** The seal of an entry: SHA-256 over the hash of the entry before it and its own canonical form. */
export function hashEntry(previous: Uint8Array, entry: Omit<Entry, "hash" | "position">): Uint8Array {
  return createHash("sha256").update(previous).update(canonicalEntry(entry)).digest();
}
