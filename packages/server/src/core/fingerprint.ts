import { sha256 } from "./chain.js";
import type { Command } from "./command.js";
import type { Hold } from "./entry.js";
import type { Dimension, Metadata, Source } from "./facts.js";
import { sortedJson } from "./json.js";
import { JsonArray } from "./json-array.js";
import type { FirstResponse } from "./state.js";

/** The version of new fingerprints, as their first byte in hex. Those of version 1 are 16 bytes without it. */
const VERSION = "02";

const DIGEST_DIGITS = 32;

/**
 * Returns the fingerprint of a command in hex: a version byte and 16 bytes of SHA-256 over the salt, a line feed and a
 * JSON array. It has the operation, the account, the hold, and the name and value of each other field that is not null.
 * Defaults are not filled in, and a default that is given counts as left out. A later version with more fields or other
 * defaults so takes a faithful retry for what it is. The salt keeps free text from being guessed after it was erased.
 */
export function toFingerprint({ operation, account, hold, input }: Command, salt: string | null): string {
  const fields = input as Readonly<Record<string, unknown>>;
  payload
    .beginAfter(salt ?? "")
    .string(operation.name)
    .string(account);
  // The id of a new hold differs per try.
  payload.string(operation.name === "hold" ? null : hold);
  for (const name of toPayloadNames(operation.schema)) {
    const value = fields[name];
    if (value !== null && value !== undefined) write(payload.string(name), name, value);
  }
  return VERSION + sha256(payload.end()).slice(0, DIGEST_DIGITS);
}

/** The writer, which each call uses again. */
const payload = new JsonArray();

/** The fields that address a command. The others are its payload. */
const ADDRESS: ReadonlySet<string> = new Set(["id", "account"]);

const PAYLOAD_NAMES = new WeakMap<object, readonly string[]>();

/** Returns the names of a schema's payload, sorted. */
function toPayloadNames(schema: Command["operation"]["schema"]): readonly string[] {
  let names = PAYLOAD_NAMES.get(schema);
  if (names === undefined) {
    names = Object.keys(schema.shape)
      .filter((name) => !ADDRESS.has(name))
      .sort();
    PAYLOAD_NAMES.set(schema, names);
  }
  return names;
}

/** Appends a field. */
function write(to: JsonArray, name: string, value: unknown): void {
  if (typeof value === "string") to.string(value);
  else if (typeof value === "bigint") to.amount(value);
  else if (typeof value === "number") to.number(value);
  else if (typeof value === "boolean") to.json(`${value}`);
  else if (Array.isArray(value)) {
    to.open();
    for (const item of value) to.string(item as string);
    to.close();
  } else if (name === "source") {
    const { type, id, label } = value as Source;
    to.open().string(type).string(id).string(label).close();
  } else if (RECORDS.has(name)) to.json(sortedJson(value as Metadata));
  else {
    const { id, label } = value as Dimension;
    if (label === null) to.string(id);
    else to.open().string(id).string(label).close();
  }
}

/** The fields whose names are the integrator's. */
const RECORDS: ReadonlySet<string> = new Set(["metadata", "privateMetadata", "quantities"]);

/** Returns the fingerprint of the command that left a hold as it is. */
function toLatest({ fingerprint, extension, releaseFingerprint }: Hold): string {
  return releaseFingerprint ?? extension?.fingerprint ?? fingerprint;
}

/** True if a command asks for what the first command under its key asked for. */
export function isRepeat(command: Command, { entry, hold }: FirstResponse): boolean {
  const fingerprint = entry?.fingerprint ?? (hold === null ? null : toLatest(hold));
  if (fingerprint == null) throw new Error("A first response has no fingerprint.");
  const salt = (entry ?? hold)?.salt ?? null;
  if (fingerprint.length > DIGEST_DIGITS) {
    // Without its salt, which was erased with the free text, there is nothing to compare.
    return salt === null || toFingerprint(command, salt) === fingerprint;
  }
  const payload = command.operation.toVersion1(command);
  if (payload === null) return false;
  const json = JSON.stringify([command.operation.name.toLowerCase(), command.account, ...payload]);
  return sha256(json).slice(0, DIGEST_DIGITS) === fingerprint;
}
