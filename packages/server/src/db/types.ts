/** Object ids of Postgres types (`SELECT oid FROM pg_type`). */
export const OIDS = {
  boolean: 16,
  bytea: 17,
  bigint: 20,
  text: 25,
  bigintArray: 1016,
  timestamptz: 1184,
} as const;

/** Parsers of the text format, by type, for the types that the drivers parse otherwise. */
export const PARSERS: Readonly<Record<number, (string: string) => unknown>> = {
  [OIDS.bytea]: parseBytes,
  [OIDS.bigint]: BigInt,
  [OIDS.bigintArray]: parseBigints,
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

/** Formats microseconds since 1970 as a timestamptz. */
export function formatTimestamp(micros: number): string {
  const fraction = ((micros % MICROS_PER_SECOND) + MICROS_PER_SECOND) % MICROS_PER_SECOND;
  const second = new Date((micros - fraction) / 1000).toISOString().slice(0, 19);
  return `${second}.${fraction.toString().padStart(6, "0")}Z`;
}

/** Parses a bigint array without nulls, such as `{1,-2}`. */
export function parseBigints(string: string): bigint[] {
  return string === "{}" ? [] : string.slice(1, -1).split(",").map(BigInt);
}

/** Parses a bytea such as `\x00ff` to hex. */
export function parseBytes(string: string): string {
  return string.slice(2);
}
