import { hash } from "node:crypto";
import type { KeyedCommand } from "./command.js";
import type { Metadata, Source } from "./entry.js";
import { JsonArray } from "./json-array.js";

/** SHA-256 of bytes, or of a text in UTF-8, in hex. */
export function sha256(of: string | Uint8Array): string {
  return hash("sha256", of, "hex");
}

/** Metadata as a text that is the same for the same facts: JSON with sorted keys. */
export function canonicalMetadata(metadata: Metadata): string {
  const keys = Object.keys(metadata);
  if (keys.length < 2) return keys.length === 0 ? "{}" : JSON.stringify(metadata);
  return JSON.stringify(Object.fromEntries(keys.sort().map((key) => [key, metadata[key]])));
}

/** Writes a source as it stands in what is hashed: an array of its type, id and label, or null. */
export function writeSource(to: JsonArray, source: Source | null): JsonArray {
  if (source === null) return to.text(null);
  return to.open().text(source.type).text(source.id).text(source.label).close();
}

const payload = new JsonArray();

/**
 * A digest of all that a command asks for, 16 bytes of SHA-256 in hex: two commands under one key are the same when it
 * is. What is digested is a JSON array, and kept for ever, so its order must not change.
 */
export function fingerprintOf(command: KeyedCommand): string {
  payload.begin().text(command.op).text(command.account);
  writePayload(payload, command);
  return sha256(payload.end()).slice(0, 32);
}

function writePayload(to: JsonArray, command: KeyedCommand): void {
  switch (command.op) {
    case "usage":
    case "spend":
      to.text(command.kind).digits(command.credits).digits(command.originalCredits);
      writeSource(to, command.source).text(command.project);
      to.number(command.op === "usage" ? command.occurredAt : null);
      writeDescribed(to, command);
      return;
    case "grant":
      to.text(command.kind).text(command.title).digits(command.credits);
      writeSource(to, command.source).number(command.priority);
      to.number(command.effectiveAt).number(command.expiresAt);
      writeDescribed(to, command);
      return;
    case "hold":
      to.text(command.kind).digits(command.credits);
      writeSource(to, command.source).text(command.project).text(command.description);
      to.number(command.expiresInSeconds);
      return;
    case "settle":
      to.text(command.hold).digits(command.credits).digits(command.originalCredits);
      writeDescribed(to, command);
      return;
    case "release":
      to.text(command.hold);
      return;
    case "refund":
      to.number(command.entry).digits(command.credits);
      writeSource(to, command.source);
      writeDescribed(to, command);
      return;
    case "adjust":
    case "writeoff":
      to.digits(command.credits);
      writeSource(to, command.source);
      writeDescribed(to, command);
      return;
  }
}

/** The metadata is a text within the array, as in what is sealed. */
function writeDescribed(
  to: JsonArray,
  command: { readonly description: string | null; readonly metadata: Metadata },
): void {
  to.text(command.description).text(canonicalMetadata(command.metadata));
}
