import { sha256 } from "./chain.js";
import type { Command } from "./command.js";
import type { Dimension, Source } from "./facts.js";
import { quote, quoteOrNull, sortedJson } from "./json.js";
import type { FirstResponse } from "./state.js";

/** The version of new fingerprints, as their first byte in hex. Those of version 1 are 16 bytes without it. */
const VERSION = "02";

const DIGEST_DIGITS = 32;

/**
 * Returns the fingerprint of a command in hex: a version byte and 16 bytes of SHA-256 over the salt, a line feed and a
 * JSON array. It has the operation, the account, the hold, and the name and value of each field that is not null.
 * Defaults are not filled in, and a default that is given counts as left out. A later version with more fields or other
 * defaults so takes a faithful retry for what it is. The salt keeps free text from being guessed after it was erased.
 */
export function toFingerprint({ operation, account, hold, input }: Command, salt: string | null): string {
  const fields = input as Readonly<Record<string, unknown>>;
  // The id of a new hold differs per try.
  const named = operation.name === "hold" ? null : hold;
  let payload = `["${operation.name}",${quote(account)},${quoteOrNull(named)}`;
  for (const name of toSortedNames(operation.schema)) {
    const value = fields[name];
    if (value !== null && value !== undefined) payload += `,"${name}",${toJson(name, value)}`;
  }
  return VERSION + sha256(`${salt ?? ""}\n${payload}]`).slice(0, DIGEST_DIGITS);
}

const SORTED_NAMES = new WeakMap<object, readonly string[]>();

/** Returns the names of a schema's fields, sorted. */
function toSortedNames(schema: Command["operation"]["schema"]): readonly string[] {
  let names = SORTED_NAMES.get(schema);
  if (names === undefined) {
    names = Object.keys(schema.shape).sort();
    SORTED_NAMES.set(schema, names);
  }
  return names;
}

/** Returns the JSON of a field. */
function toJson(name: string, value: unknown): string {
  if (typeof value === "string") return quote(value);
  if (typeof value === "bigint") return `"${value}"`;
  if (typeof value !== "object") return `${value}`;
  if (name === "source") {
    const { type, id, label } = value as Source;
    return `[${quote(type)},${quoteOrNull(id)},${quote(label)}]`;
  }
  if (RECORDS.has(name)) return sortedJson(value as Record<string, string>);
  const { id, label } = value as Dimension;
  return label === null ? quote(id) : JSON.stringify([id, label]);
}

/** The fields whose names are the integrator's. */
const RECORDS: ReadonlySet<string> = new Set(["metadata", "privateMetadata", "quantities"]);

/** True if a command asks for what the first command under its key asked for. */
export function isRepeat(command: Command, { fingerprint, salt }: FirstResponse): boolean {
  if (fingerprint.length > DIGEST_DIGITS) return toFingerprint(command, salt) === fingerprint;
  const payload = command.operation.toVersion1(command);
  if (payload === null) return false;
  const json = JSON.stringify([command.operation.name.toLowerCase(), command.account, ...payload]);
  return sha256(json).slice(0, DIGEST_DIGITS) === fingerprint;
}
