import { hash } from "node:crypto";
import type { Entry } from "./entry.js";
import { quote, quoteOrNull, sortedJson } from "./json.js";

/** The hash before an account's first entry. */
export const GENESIS = "0".repeat(64);

/** The version of the canonical form in which new entries are hashed. */
export const CANONICAL_VERSION = 2;

/** The part of an entry that its hash covers. The position only states where the page shows it. */
export type Hashed = Omit<Entry, "hash" | "position">;

/** Returns SHA-256 of bytes, or of a string in UTF-8, in hex. */
export function sha256(data: string | Uint8Array): string {
  return hash("sha256", data, "hex");
}

/**
 * Returns the hash of an entry in hex: SHA-256 over the previous entry's hash in hex, a line feed and the canonical form
 * of the entry's version. It is text throughout, so anybody can check it with command-line tools.
 */
export function hashEntry(previous: string, entry: Hashed): string {
  return sha256(`${previous}\n${canonicalEntry(entry)}`);
}

/** Returns the canonical form of an entry: JSON without spaces, as `JSON.stringify` writes it. */
export function canonicalEntry(entry: Hashed): string {
  return entry.version === 1 ? JSON.stringify(toVersion1(entry)) : toVersion2(entry);
}

/**
 * Version 2 is an array: what every entry has in a fixed order, then the name and value of each other field that is not
 * null. A field added later so leaves the hashes of earlier entries as they are. Amounts are in micro-credits, times in
 * microseconds since 1970. Free text enters through `digest`. The string is put together by hand, because each entry costs
 * it and `JSON.stringify` takes three times as long.
 */
function toVersion2(entry: Hashed): string {
  const { facts, opens } = entry;
  let form = `[${entry.version},${quote(entry.account)},${entry.seq},${quote(entry.kind)},"${entry.type}"`;
  form += `,"${entry.credits}","${entry.balance}",${entry.occurredAt},${entry.recordedAt}`;
  form += `,${quoteOrNull(entry.key)},${quoteOrNull(entry.fingerprint)}`;
  form += `,[${entry.draws.map(({ grant, credits }) => `[${grant},"${credits}"]`).join(",")}]`;
  if (entry.originalCredits !== null) form += `,"originalCredits","${entry.originalCredits}"`;
  if (entry.debt !== 0n) form += `,"debt","${entry.debt}"`;
  if (entry.refundOf !== null) form += `,"refundOf",${entry.refundOf}`;
  if (opens !== null)
    form += `,"opens",["${opens.credits}",${opens.priority},${opens.effectiveAt},${opens.expiresAt}]`;
  if (facts.source !== null)
    form += `,"source",[${quote(facts.source.type)},${quoteOrNull(facts.source.id)}]`;
  if (facts.project !== null) form += `,"project",${quote(facts.project.id)}`;
  if (facts.task !== null) form += `,"task",${quote(facts.task.id)}`;
  if (facts.price !== null) form += `,"price",${quote(facts.price)}`;
  if (facts.quantities !== null) form += `,"quantities",${sortedJson(facts.quantities)}`;
  if (facts.estimated !== null) form += `,"estimated",${facts.estimated}`;
  if (entry.digest !== null) form += `,"digest","${entry.digest}"`;
  return `${form}]`;
}

/**
 * Returns the digest of an entry's free text in hex, or null when it has none: SHA-256 over the salt in hex, a line feed
 * and a JSON array with the name and value of each text. With text and salt erased, the digest still proves the chain, and
 * the salt keeps the text from being guessed. The integrator's cost is in it for the same reason: readers see the hash.
 */
export function digestText(salt: string, { title, facts }: Pick<Entry, "title" | "facts">): string | null {
  const { description, source, member, cost, metadata, privateMetadata } = facts;
  let texts = "";
  if (title !== null) texts += `,"title",${quote(title)}`;
  if (description !== null) texts += `,"description",${quote(description)}`;
  if (source !== null) texts += `,"sourceLabel",${quote(source.label)}`;
  if (member !== null) texts += `,"member",${quote(member.id)}`;
  if (cost !== null) texts += `,"cost","${cost}"`;
  if (metadata !== null) texts += `,"metadata",${sortedJson(metadata)}`;
  if (privateMetadata !== null) texts += `,"privateMetadata",${sortedJson(privateMetadata)}`;
  return texts === "" ? null : sha256(`${salt}\n[${texts.slice(1)}]`);
}

/** Version 1 is an array of the facts there were then, in a fixed order, with the free text in clear. */
function toVersion1(entry: Hashed) {
  const { facts } = entry;
  return [
    entry.version,
    entry.account,
    entry.seq,
    entry.kind,
    entry.title,
    `${entry.credits}`,
    entry.originalCredits === null ? null : `${entry.originalCredits}`,
    `${entry.balance}`,
    facts.description,
    toSourceArray(facts.source),
    facts.project?.id ?? null,
    entry.occurredAt,
    entry.recordedAt,
    entry.key,
    entry.fingerprint,
    entry.draws.map(({ grant, credits }) => [grant, `${credits}`]),
    `${entry.debt}`,
    entry.refundOf,
    sortedJson(facts.metadata ?? {}),
  ];
}

/** Returns a source as an array of type, id and label, or null. */
export function toSourceArray(source: Entry["facts"]["source"]): readonly (string | null)[] | null {
  return source === null ? null : [source.type, source.id, source.label];
}
