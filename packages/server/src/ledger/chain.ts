import { canonicalMetadata, sha256, writeSource } from "./digest.js";
import type { Entry } from "./entry.js";
import { JsonArray } from "./json-array.js";

/** What stands before an account's first entry. */
export const GENESIS = "0".repeat(64);

/** The version of the canonical form; it is part of what is hashed. */
const CANONICAL_VERSION = 1;

/** What is sealed of an entry. Its position is not: that says where the page shows it. */
export type Sealed = Omit<Entry, "hash" | "position">;

const sealing = new JsonArray();

/**
 * The seal of an entry, in hex: SHA-256 over the hash of the entry before it (in hex), a line feed, and its own canonical
 * form. It is text throughout, so that anybody can check it with a command line's own tools.
 */
export function hashEntry(previous: string, entry: Sealed): string {
  return sha256(writeSealed(sealing.beginUnder(previous), entry));
}

/**
 * An entry as the text that is hashed: a JSON array of its facts in a fixed order, amounts in micro-credits, times in
 * microseconds, metadata with sorted keys.
 */
export function canonicalEntry(entry: Sealed): string {
  return writeSealed(sealing.begin(), entry).toString();
}

function writeSealed(to: JsonArray, entry: Sealed): Buffer {
  to.number(CANONICAL_VERSION).text(entry.account).number(entry.seq).text(entry.kind).text(entry.title);
  to.digits(entry.credits).digits(entry.originalCredits).digits(entry.balance);
  writeSource(to.text(entry.description), entry.source).text(entry.project);
  to.number(entry.occurredAt).number(entry.recordedAt).text(entry.key).text(entry.fingerprint).open();
  for (const draw of entry.draws) to.open().number(draw.grant).digits(draw.credits).close();
  to.close().digits(entry.debt).number(entry.refundOf).text(canonicalMetadata(entry.metadata));
  return to.end();
}
