import { hash } from "node:crypto";
import type { KeyedCommand } from "./command.js";
import type { Metadata, Source } from "./entry.js";

/** SHA-256 of a text in UTF-8, in hex. */
export function sha256(text: string): string {
  return hash("sha256", text, "hex");
}

/** Metadata as a text that is the same for the same facts: JSON with sorted keys. */
export function canonicalMetadata(metadata: Metadata): string {
  const keys = Object.keys(metadata);
  if (keys.length < 2) return keys.length === 0 ? "{}" : JSON.stringify(metadata);
  return JSON.stringify(Object.fromEntries(keys.sort().map((key) => [key, metadata[key]])));
}

/** Texts that JSON writes as they are, within quotes: printable ASCII without quotes and backslashes. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** A text or null as JSON. Most texts are plain, for which this is several times as fast as `JSON.stringify`. */
export function quoted(text: string | null): string {
  if (text === null) return "null";
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** An amount, or null, as it stands in what is hashed: its digits as a text. */
export function quotedDigits(amount: bigint | null): string {
  return amount === null ? "null" : `"${amount}"`;
}

/** A source as it stands in what is hashed: an array of its type, id and label, or null. */
export function canonicalSource(source: Source | null): string {
  if (source === null) return "null";
  return `[${quoted(source.type)},${quoted(source.id)},${quoted(source.label)}]`;
}

/**
 * A digest of all that a command asks for, 16 bytes of SHA-256 in hex: two commands under one key are the same when it
 * is. What is digested is a JSON array, and kept for ever, so its order must not change.
 */
export function fingerprintOf(command: KeyedCommand): string {
  return sha256(`["${command.op}",${quoted(command.account)},${payloadOf(command)}]`).slice(0, 32);
}

function payloadOf(command: KeyedCommand): string {
  switch (command.op) {
    case "usage":
    case "spend":
      return `"${command.kind}",${charged(command)},${canonicalSource(command.source)},${quoted(command.project)},${command.op === "usage" ? command.occurredAt : null},${described(command)}`;
    case "grant":
      return `"${command.kind}",${quoted(command.title)},"${command.credits}",${canonicalSource(command.source)},${command.priority},${command.effectiveAt},${command.expiresAt},${described(command)}`;
    case "hold":
      return `"${command.kind}","${command.credits}",${canonicalSource(command.source)},${quoted(command.project)},${quoted(command.description)},${command.expiresInSeconds}`;
    case "settle":
      return `${quoted(command.hold)},${charged(command)},${described(command)}`;
    case "release":
      return quoted(command.hold);
    case "refund":
      return `${command.entry},${quotedDigits(command.credits)},${canonicalSource(command.source)},${described(command)}`;
    case "adjust":
    case "writeoff":
      return `"${command.credits}",${canonicalSource(command.source)},${described(command)}`;
  }
}

function charged({ credits, originalCredits }: { credits: bigint; originalCredits: bigint | null }): string {
  return `"${credits}",${quotedDigits(originalCredits)}`;
}

/** The metadata is a text within the array, as in what is sealed. */
function described(command: { readonly description: string | null; readonly metadata: Metadata }): string {
  return `${quoted(command.description)},${quoted(canonicalMetadata(command.metadata))}`;
}
