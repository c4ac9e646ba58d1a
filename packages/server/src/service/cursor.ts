import type { RowTotals } from "../ledger/state.js";
import type { AsOf } from "../store/activity.js";
import { InvalidInputError } from "./inputs.js";

/** Where a list goes on, as an opaque text. */
export function encodeCursor(seq: number): string {
  return Buffer.from(`s${seq}`).toString("base64url");
}

/**
 * Reads a cursor that a list gave.
 *
 * @throws InvalidInputError when it is not one
 */
export function decodeCursor(cursor: string): number {
  const match = /^s(\d{1,16})$/.exec(Buffer.from(cursor, "base64url").toString());
  if (match === null) {
    throw new InvalidInputError([
      { path: "cursor", message: "is not a cursor of this list; send the next_cursor it gave, or none" },
    ]);
  }
  return Number(match[1]);
}

/** The moment a reader looks at, as an opaque text. */
export function encodeAsOf(asOf: AsOf): string {
  const { added, used, adjustments } = asOf.totals;
  return Buffer.from(["1", added, used, adjustments, asOf.seq, asOf.windowPosition].join(".")).toString(
    "base64url",
  );
}

/**
 * Reads the `as_of` of a first page.
 *
 * @throws InvalidInputError when it is not one
 */
export function decodeAsOf(token: string): AsOf {
  const match = /^1\.(\d{1,15})\.(\d{1,15})\.(\d{1,15})\.(\d{1,15})\.(\d{1,15})$/.exec(
    Buffer.from(token, "base64url").toString(),
  );
  if (match === null) throw notOurs();
  const [added, used, adjustments, seq, windowPosition] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const totals: RowTotals = { all: added + used + adjustments, added, used, adjustments };
  return { totals, seq, windowPosition };
}

/** What is said of an `as_of` that this account's activity never gave. */
export function notOurs(): InvalidInputError {
  return new InvalidInputError([
    {
      path: "as_of",
      message: "is not one this account's activity gave; leave it out to start at the newest",
    },
  ]);
}
