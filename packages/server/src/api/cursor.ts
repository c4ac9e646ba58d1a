import type { RowTotals } from "../core/state.js";
import type { AsOf } from "../queries/activity.js";
import { toInvalid } from "./inputs.js";

/** Encodes the place where a list goes on as an opaque string. */
export function encodeCursor(seq: number): string {
  return Buffer.from(`s${seq}`).toString("base64url");
}

/**
 * Decodes a cursor of a list.
 *
 * @throws InvalidRequestError when it is not one
 */
export function decodeCursor(cursor: string): number {
  const match = /^s(\d{1,16})$/.exec(Buffer.from(cursor, "base64url").toString());
  if (match === null) {
    throw toInvalid([
      { path: "cursor", message: "is not a cursor of this list. Send the nextCursor of a response, or none" },
    ]);
  }
  return Number(match[1]);
}

/** Encodes the moment that a page shows as an opaque string. */
export function encodeAsOf(asOf: AsOf): string {
  const { added, used, adjustments } = asOf.totals;
  return Buffer.from(["1", added, used, adjustments, asOf.seq, asOf.windowPosition].join(".")).toString(
    "base64url",
  );
}

/**
 * Decodes the `asOf` of a first page.
 *
 * @throws InvalidRequestError when it is not one
 */
export function decodeAsOf(token: string): AsOf {
  const match = /^1\.(\d{1,15})\.(\d{1,15})\.(\d{1,15})\.(\d{1,15})\.(\d{1,15})$/.exec(
    Buffer.from(token, "base64url").toString(),
  );
  if (match === null) throw toUnknownMoment();
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

/** Makes the error of an `asOf` that the account's activity never gave. */
export function toUnknownMoment(): Error {
  return toInvalid([
    { path: "asOf", message: "is not a moment of this account. Leave it out to start at the newest" },
  ]);
}
