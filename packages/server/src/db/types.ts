import { MICROS_PER_SECOND } from "../core/instant.js";
import { UnreadableError } from "./errors.js";

/** Object ids of Postgres types (`SELECT oid FROM pg_type`). */
export const OIDS = {
  boolean: 16,
  bytea: 17,
  bigint: 20,
  smallint: 21,
  integer: 23,
  text: 25,
  oid: 26,
  json: 114,
  real: 700,
  double: 701,
  timestamptz: 1184,
  jsonb: 3802,
} as const;

/** Object ids of the types of arrays, by the type of their elements. */
export const ARRAY_OIDS = {
  boolean: 1000,
  bytea: 1001,
  bigint: 1016,
  text: 1009,
  timestamptz: 1185,
} as const;

/** Parsers of the text format, by type, for the types that the drivers parse otherwise. */
export const PARSERS: Readonly<Record<number, (string: string) => unknown>> = {
  [OIDS.bytea]: parseBytes,
  [OIDS.bigint]: BigInt,
  [ARRAY_OIDS.bigint]: parseBigints,
  [OIDS.timestamptz]: parseTimestamp,
};

/**
 * Parsers of the text format for all types of the ledger that are not strings. Those of the driver `pg` are global, and an
 * application may have replaced them.
 */
export const ALL_PARSERS: Readonly<Record<number, (string: string) => unknown>> = {
  ...PARSERS,
  [OIDS.boolean]: (string) => string === "t",
  [OIDS.smallint]: Number,
  [OIDS.integer]: Number,
  [OIDS.oid]: Number,
  [OIDS.real]: Number,
  [OIDS.double]: Number,
  [OIDS.json]: (string) => JSON.parse(string),
  [OIDS.jsonb]: (string) => JSON.parse(string),
  [ARRAY_OIDS.text]: parseTexts,
};

const TIMESTAMPTZ = /^[1-9]\d{3}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?[+-]\d\d(?::\d\d){0,2}$/;

/** The index of the sign of the offset where a time has no fraction. */
const AFTER_SECONDS = 19;

/**
 * Parses a timestamptz such as `2026-11-22 10:05:00.123456+00` to microseconds since 1970. Its digits are read where they
 * stand, because groups of the regular expression take six times as long.
 */
export function parseTimestamp(string: string): number {
  if (!TIMESTAMPTZ.test(string)) {
    throw new UnreadableError(
      `The time "${string}" is not a time in ISO style. Correct the value, or let the connection set DateStyle to ISO.`,
    );
  }
  const two = (at: number) => digitAt(string, at) * 10 + digitAt(string, at + 1);
  const seconds = Date.UTC(two(0) * 100 + two(2), two(5) - 1, two(8), two(11), two(14), two(17)) / 1000;
  let fraction = 0;
  let end = AFTER_SECONDS;
  if (string[end] === ".") {
    end += 1;
    for (let unit = MICROS_PER_SECOND / 10; string[end] !== "+" && string[end] !== "-"; unit /= 10) {
      fraction += digitAt(string, end) * unit;
      end += 1;
    }
  }
  let offset = two(end + 1) * 3600;
  if (string.length > end + 3) offset += two(end + 4) * 60;
  if (string.length > end + 6) offset += two(end + 7);
  return (seconds - (string[end] === "-" ? -offset : offset)) * MICROS_PER_SECOND + fraction;
}

const digitAt = (string: string, at: number) => string.charCodeAt(at) - 48;

/** Parses a bigint array without nulls, such as `{1,-2}`. */
function parseBigints(string: string): bigint[] {
  return string === "{}" ? [] : string.slice(1, -1).split(",").map(BigInt);
}

/** Parses an array of strings of one dimension, such as `{a,"b, c",NULL}`. */
function parseTexts(string: string): (string | null)[] {
  return [...string.slice(1, -1).matchAll(ELEMENT)].map(([element, quoted]) => {
    if (quoted !== undefined) return quoted.replace(/\\(.)/gs, "$1");
    return element === "NULL" ? null : element;
  });
}

/** Matches an element of an array of strings. What is between quotes has backslashes before quotes and backslashes. */
const ELEMENT = /"((?:[^"\\]|\\.)*)"|[^",]+/gs;

/** Parses a bytea such as `\x00ff` to hex. */
function parseBytes(string: string): string {
  if (!string.startsWith("\\x"))
    throw new UnreadableError(
      "A value of the type bytea is not in hex. Let the connection set bytea_output to hex.",
    );
  return string.slice(2);
}
