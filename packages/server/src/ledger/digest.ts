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
  if (keys.length === 0) return "{}";
  return JSON.stringify(Object.fromEntries(keys.sort().map((key) => [key, metadata[key]])));
}

/** A source as it stands in what is hashed. */
export function canonicalSource(source: Source | null): readonly (string | null)[] | null {
  return source === null ? null : [source.type, source.id, source.label];
}

const digits = (amount: bigint | null) => (amount === null ? null : amount.toString());

/**
 * A digest of all that a command asks for, 16 bytes of SHA-256 in hex: two commands under one key are the same when it
 * is. It is kept for ever, so the order of what is digested must not change.
 */
export function fingerprintOf(command: KeyedCommand): string {
  return sha256(JSON.stringify([command.op, command.account, ...payloadOf(command)])).slice(0, 32);
}

function payloadOf(command: KeyedCommand): readonly unknown[] {
  switch (command.op) {
    case "usage":
    case "spend":
      return [
        command.kind,
        digits(command.credits),
        digits(command.originalCredits),
        canonicalSource(command.source),
        command.project,
        command.op === "usage" ? command.occurredAt : null,
        ...described(command),
      ];
    case "grant":
      return [
        command.kind,
        command.title,
        digits(command.credits),
        canonicalSource(command.source),
        command.priority,
        command.effectiveAt,
        command.expiresAt,
        ...described(command),
      ];
    case "hold":
      return [
        command.kind,
        digits(command.credits),
        canonicalSource(command.source),
        command.project,
        command.description,
        command.expiresInSeconds,
      ];
    case "settle":
      return [command.hold, digits(command.credits), digits(command.originalCredits), ...described(command)];
    case "release":
      return [command.hold];
    case "refund":
      return [command.entry, digits(command.credits), canonicalSource(command.source), ...described(command)];
    case "adjust":
    case "writeoff":
      return [digits(command.credits), canonicalSource(command.source), ...described(command)];
  }
}

function described(command: { readonly description: string | null; readonly metadata: Metadata }) {
  return [command.description, canonicalMetadata(command.metadata)];
}
