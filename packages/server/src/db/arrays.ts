import { ByteWriter } from "../core/byte-writer.js";
import { isSqlArray, type Parameter, type SqlArray } from "./port.js";
import { OIDS } from "./types.js";

/*
 * Arrays in binary. No other part of PostgreSQL's wire format is written by hand.
 *
 * docs/performance.md compares arrays in binary with other ways to write a batch.
 */

/** Microseconds from 1970, where the ledger's times begin, to 2000, where PostgreSQL's begin. */
const EPOCH_MICROS = 946_684_800_000_000;

const NULL = -1;

/** The memory for the arrays of a statement before it grows. A usual batch takes less. */
const MEMORY_BYTES = 2_000_000;

/** The writer, which each call uses again. */
const writer = new ByteWriter(MEMORY_BYTES);

/**
 * Converts parameters to values that the drivers take. They send a `Buffer` in the binary format.
 *
 * @throws RangeError if a number takes more than 64 bits
 */
export function toValues(params: readonly Parameter[]): unknown[] {
  writer.reset();
  const ends = params.map((param) => {
    if (isSqlArray(param)) writeArray(param);
    return writer.length;
  });
  // One copy for all arrays leaves less to collect than one per array.
  const bytes = Buffer.from(writer.written);
  return params.map((param, index) =>
    isSqlArray(param) ? bytes.subarray(ends[index - 1] ?? 0, ends[index]) : param,
  );
}

/** Writes an array in PostgreSQL's binary format (`array_recv` in its source). An array of nulls becomes an empty one. */
function writeArray({ array, records, value }: SqlArray): void {
  const start = writer.length;
  writeIntegers(1, 1, OIDS[array], records.length, 1);
  const write = WRITERS[array] as (element: unknown) => void;
  let isNull = true;
  // An iterator would cost more than what is done with an element.
  for (let index = 0; index < records.length; index++) {
    const element = value(records[index] as never);
    if (element === null) {
      writer.int32(NULL);
    } else {
      isNull = false;
      write(element);
    }
  }
  if (!isNull) return;
  writer.truncate(start);
  writeIntegers(0, 0, OIDS[array]);
}

/** Writers of the length of an element and the element. */
const WRITERS = {
  bigint(value: bigint | number) {
    writer.int32(8);
    writer.int64(value);
  },
  timestamptz(micros: number) {
    writer.int32(8);
    writer.int64(micros - EPOCH_MICROS);
  },
  text(value: string) {
    const at = writer.length;
    writer.int32(0);
    writer.utf8(value);
    writer.int32At(at, writer.length - at - 4);
  },
  bytea(hex: string) {
    writer.int32(hex.length / 2);
    writer.hex(hex);
  },
  boolean(value: boolean) {
    writer.int32(1);
    writer.byte(Number(value));
  },
};

function writeIntegers(...integers: readonly number[]): void {
  for (const integer of integers) writer.int32(integer);
}
