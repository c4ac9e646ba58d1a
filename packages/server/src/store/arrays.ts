import { formatInstant, type Instant } from "../ledger/instant.js";

/** The object ids of the types that lists are made of (`SELECT oid FROM pg_type`). */
const OIDS = { text: 25, bigint: 20, boolean: 16, bytea: 17, timestamptz: 1184 } as const;

/** From 1970, where instants begin, to 2000, where PostgreSQL's do, in microseconds. */
const EPOCH_MICROS = 946_684_800_000_000;

/** The header of an array of one dimension: dimensions, whether there are nulls, type, length, index of the first. */
const HEADER_BYTES = 20;

/**
 * A list as a parameter of a statement, in either of the forms Postgres takes. The binary one, with its length before
 * each value, costs a third of the text on both sides, mainly because nothing has to be quoted.
 */
export type List = TextList | NumberList | BytesList | BooleanList | InstantList;

interface Of<Type extends keyof typeof OIDS, Value> {
  readonly list: Type;
  readonly values: readonly (Value | null)[];
}
type TextList = Of<"text", string>;
type NumberList = Of<"bigint", bigint | number>;
/** Bytes in hex. */
type BytesList = Of<"bytea", string>;
type BooleanList = Of<"boolean", boolean>;
type InstantList = Of<"timestamptz", Instant>;

/** Whether a parameter is such a list. */
export function isList(param: unknown): param is List {
  return typeof param === "object" && param !== null && "list" in param;
}

/** A list in Postgres's text form. */
export function listText(list: List): string {
  return `{${list.values.map((value) => (value === null ? "NULL" : elementText(list.list, value))).join(",")}}`;
}

function elementText(type: List["list"], value: string | bigint | number | boolean): string {
  switch (type) {
    case "text":
      return `"${(value as string).replace(/["\\]/g, "\\$&")}"`;
    case "bytea":
      return `"\\\\x${value}"`;
    case "timestamptz":
      return `"${formatInstant(value as Instant)}"`;
    default:
      return value.toString();
  }
}

/** A list in Postgres's binary form (`array_recv` in its source). */
export function listBinary(list: List): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + sizeOf(list));
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  const length = list.values.length;
  view.setInt32(0, length === 0 ? 0 : 1);
  view.setInt32(4, 1);
  view.setInt32(8, OIDS[list.list]);
  if (length === 0) return buffer.subarray(0, 12);
  view.setInt32(12, length);
  view.setInt32(16, 1);
  let at = HEADER_BYTES;
  for (const value of list.values) {
    const bytes = value === null ? -1 : writeElement(list.list, value, buffer, view, at + 4);
    view.setInt32(at, bytes);
    at += 4 + Math.max(bytes, 0);
  }
  return buffer.subarray(0, at);
}

/** How many bytes the elements of a list take at most. */
function sizeOf({ list, values }: List): number {
  if (list !== "text") return values.length * (list === "bytea" ? 36 : 12);
  let size = 0;
  for (const value of values) size += 4 + (value === null ? 0 : value.length * 3);
  return size;
}

/** Writes a value and answers how many bytes it took. */
function writeElement(
  type: List["list"],
  value: string | bigint | number | boolean,
  buffer: Buffer,
  view: DataView,
  at: number,
): number {
  switch (type) {
    case "text":
      return buffer.write(value as string, at, "utf8");
    case "bytea":
      return buffer.write(value as string, at, "hex");
    case "boolean":
      view.setInt8(at, Number(value));
      return 1;
    case "timestamptz":
      view.setBigInt64(at, BigInt((value as number) - EPOCH_MICROS));
      return 8;
    case "bigint":
      // This one throws where a value does not fit; the view would cut it off.
      buffer.writeBigInt64BE(typeof value === "bigint" ? value : BigInt(value), at);
      return 8;
  }
}
