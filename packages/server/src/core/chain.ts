import { hash } from "node:crypto";
import type { Entry, Opening } from "./entry.js";
import type { Facts } from "./facts.js";
import { sortedJson } from "./json.js";
import { JsonArray } from "./json-array.js";

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
  if (entry.version === 1) return sha256(`${previous}\n${canonicalEntry(entry)}`);
  return sha256(writeVersion2(array.beginAfter(previous), entry).end());
}

/** Returns the canonical form of an entry: JSON without spaces, as `JSON.stringify` writes it. */
export function canonicalEntry(entry: Hashed): string {
  if (entry.version === 1) return JSON.stringify(toVersion1(entry));
  return writeVersion2(array.begin(), entry).toString();
}

/** The writer, which each call uses again. */
const array = new JsonArray();

/**
 * Version 2 is an array: what every entry has in a fixed order, then the name and value of each other field that is not
 * null. A field added later so leaves the hashes of earlier entries as they are. Amounts are in micro-credits, times in
 * microseconds since 1970. Free text enters through `digest`.
 */
function writeVersion2(to: JsonArray, entry: Hashed): JsonArray {
  const { facts, opens } = entry;
  to.number(entry.version).string(entry.account).number(entry.seq).string(entry.kind).string(entry.type);
  to.amount(entry.credits).amount(entry.balance).number(entry.occurredAt).number(entry.recordedAt);
  to.string(entry.key).string(entry.fingerprint).open();
  for (const { grant, credits } of entry.draws) to.open().number(grant).amount(credits).close();
  to.close();
  if (facts.originalCredits !== null) to.string("originalCredits").amount(-facts.originalCredits);
  if (entry.debt !== 0n) to.string("debt").amount(entry.debt);
  if (entry.refundOf !== null) to.string("refundOf").number(entry.refundOf);
  if (entry.grant !== null) to.string("grant").number(entry.grant);
  if (entry.expiry !== null)
    to.string("expiry").open().number(entry.expiry.before).number(entry.expiry.after).close();
  if (opens !== null) writeOpening(to.string("opens"), opens);
  if (facts.source !== null)
    to.string("source").open().string(facts.source.type).string(facts.source.id).close();
  if (facts.project !== null) to.string("project").string(facts.project.id);
  if (facts.task !== null) to.string("task").string(facts.task.id);
  if (facts.price !== null) to.string("price").string(facts.price);
  if (facts.quantities !== null) to.string("quantities").json(sortedJson(facts.quantities));
  if (facts.estimated !== null) to.string("estimated").json(`${facts.estimated}`);
  if (entry.digest !== null) to.string("digest").string(entry.digest);
  return to;
}

function writeOpening(to: JsonArray, { credits, priority, effectiveAt, expiresAt, only }: Opening): void {
  to.open().amount(credits).number(priority).number(effectiveAt).number(expiresAt);
  if (only !== null) {
    to.open();
    for (const kind of only) to.string(kind);
    to.close();
  }
  to.close();
}

/**
 * Returns the digest of an entry's free text in hex, or null when it has none: SHA-256 over the salt in hex, a line feed
 * and a JSON array with the name and value of each text. With text and salt erased, the digest still proves the chain, and
 * the salt keeps the text from being guessed. The integrator's cost is in it for the same reason: users see the hash.
 */
export function digestText(salt: string, { title, facts }: Pick<Entry, "title" | "facts">): string | null {
  const { description, source, member, cost, metadata, privateMetadata } = facts;
  const to = array.beginAfter(salt);
  if (title !== null) to.string("title").string(title);
  if (description !== null) to.string("description").string(description);
  if (source !== null) to.string("sourceLabel").string(source.label);
  if (member !== null) to.string("member").string(member.id);
  if (cost !== null) to.string("cost").amount(cost);
  if (metadata !== null) to.string("metadata").json(sortedJson(metadata));
  if (privateMetadata !== null) to.string("privateMetadata").json(sortedJson(privateMetadata));
  return to.isEmpty ? null : sha256(to.end());
}

/** Returns the digest of a hold's free text in hex. A hold without free text has a digest too. */
export function digestHold(salt: string, facts: Facts): string {
  return digestText(salt, { title: null, facts }) ?? sha256(`${salt}\n[]`);
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
    facts.originalCredits === null ? null : `${-facts.originalCredits}`,
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
