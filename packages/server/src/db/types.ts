/** Object ids of Postgres types (`SELECT oid FROM pg_type`). */
export const OIDS = {
  boolean: 16,
  bytea: 17,
  bigint: 20,
  text: 25,
  timestamptz: 1184,
} as const;

/** Object ids of the types of arrays, by the type of their elements. */
export const ARRAY_OIDS: Readonly<Record<keyof typeof OIDS, number>> = {
  boolean: 1000,
  bytea: 1001,
  bigint: 1016,
  text: 1009,
  timestamptz: 1185,
};

/** Parsers of the text format, by type, for the types that the drivers parse otherwise. */
export const PARSERS: Readonly<Record<number, (string: string) => unknown>> = {
  [OIDS.bytea]: parseBytes,
  [OIDS.bigint]: BigInt,
  [ARRAY_OIDS.bigint]: parseBigints,
  [OIDS.timestamptz]: parseTimestamp,
};

const MICROS_PER_SECOND = 1_000_000;

const TIMESTAMPTZ = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d+)?([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?$/;

/** Parses a timestamptz such as `2026-11-22 10:05:00.123456+00` to microseconds since 1970. */
export function parseTimestamp(string: string): number {
  const match = TIMESTAMPTZ.exec(string);
  if (match === null) {
    throw new Error(`The time "${string}" is not in ISO style. Let the connection set DateStyle to ISO.`);
  }
  const [, date, time, fraction, sign, hours, minutes, seconds] = match;
  const offset = Number(hours) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
  const local = Date.parse(`${date}T${time}Z`) * 1000 + Math.round(Number(fraction ?? 0) * MICROS_PER_SECOND);
  return local - (sign === "-" ? -offset : offset) * MICROS_PER_SECOND;
}

/** Parses a bigint array without nulls, such as `{1,-2}`. */
export function parseBigints(string: string): bigint[] {
  return string === "{}" ? [] : string.slice(1, -1).split(",").map(BigInt);
}

/** Parses a bytea such as `\x00ff` to hex. */
export function parseBytes(string: string): string {
  return string.slice(2);
}
