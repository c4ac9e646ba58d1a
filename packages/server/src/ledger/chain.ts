import { canonicalMetadata, canonicalSource, quoted, quotedDigits, sha256 } from "./digest.js";
import type { Entry } from "./entry.js";

/** What stands before an account's first entry. */
export const GENESIS = "0".repeat(64);

/** The version of the canonical form; it is part of what is hashed. */
const CANONICAL_VERSION = 1;

/** What is sealed of an entry. Its position is not: that says where the page shows it. */
export type Sealed = Omit<Entry, "hash" | "position">;

/**
 * An entry as the text that is hashed: a JSON array of its facts in a fixed order, amounts in micro-credits, times in
 * microseconds, metadata with sorted keys.
 */
export function canonicalEntry(entry: Sealed): string {
  let draws = "";
  for (const draw of entry.draws) draws += `${draws === "" ? "" : ","}[${draw.grant},"${draw.credits}"]`;
  const moved = `"${entry.credits}",${quotedDigits(entry.originalCredits)},"${entry.balance}"`;
  const caused = `${quoted(entry.description)},${canonicalSource(entry.source)},${quoted(entry.project)}`;
  const asked = `${entry.occurredAt},${entry.recordedAt},${quoted(entry.key)},${quoted(entry.fingerprint)}`;
  const metadata = quoted(canonicalMetadata(entry.metadata));
  return `[${CANONICAL_VERSION},${quoted(entry.account)},${entry.seq},"${entry.kind}",${quoted(entry.title)},${moved},${caused},${asked},[${draws}],"${entry.debt}",${entry.refundOf},${metadata}]`;
}

/**
 * The seal of an entry, in hex: SHA-256 over the hash of the entry before it (in hex), a line feed, and its own canonical
 * form. It is text throughout, so that anybody can check it with a command line's own tools.
 */
export function hashEntry(previous: string, entry: Sealed): string {
  return sha256(`${previous}\n${canonicalEntry(entry)}`);
}
