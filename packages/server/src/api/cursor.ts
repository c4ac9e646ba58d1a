import { hash } from "node:crypto";
import { z } from "zod";
import * as field from "../core/fields.js";
import type { RowTotals } from "../core/state.js";
import type { AsOf } from "../queries/activity.js";
import { toInvalid } from "./inputs.js";
import { LIMIT_DEFAULT, type PartQuery } from "./requests.js";

/** The list that a cursor belongs to: its name, its account and its filters. */
export type Scope = readonly (string | number | null)[];

/** The number of characters of a scope's digest. It only has to distinguish lists, so it is short. */
const DIGEST_LENGTH = 12;

/** Encodes the place where a list goes on as an opaque string. It fits no other list, account or filter. */
export function encodeCursor(scope: Scope, place: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify([toDigest(scope), ...place])).toString("base64url");
}

/**
 * Decodes the place of a cursor.
 *
 * @param schema the schema of a place
 * @throws InvalidRequestError when it is not a cursor of this list with these filters
 */
function decodeCursor<Place extends z.ZodType>(cursor: string, scope: Scope, schema: Place): z.output<Place> {
  const [digest, ...rest] = parseArray(Buffer.from(cursor, "base64url").toString());
  const place = schema.safeParse(rest);
  if (digest === toDigest(scope) && place.success) return place.data;
  throw toInvalid([
    {
      path: "cursor",
      message:
        "is not a cursor of this list with these filters. Send the nextCursor of its response, or none to start again",
    },
  ]);
}

function toDigest(scope: Scope): string {
  return hash("sha256", JSON.stringify(scope), "base64url").slice(0, DIGEST_LENGTH);
}

/** Parses a JSON array. Any other string is an empty one. */
function parseArray(json: string): unknown[] {
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

/** The place of an entry or a grant in its list: its seq. */
export const SEQ_PLACE = z.tuple([field.seq]);

/** Returns the part of a list to read: the place of its first item, which is null at the start, and its size. */
export function toPart<Place extends z.ZodType>(
  { cursor, limit }: PartQuery,
  scope: Scope,
  schema: Place,
): { readonly place: z.output<Place> | null; readonly limit: number } {
  return {
    place: cursor === null ? null : decodeCursor(cursor, scope, schema),
    limit: limit ?? LIMIT_DEFAULT,
  };
}

/** Returns the cursor of the item after a part. Lists are read with one item more than the part has. */
export function toNextCursor<Item>(
  items: readonly Item[],
  limit: number,
  scope: Scope,
  toPlace: (item: Item) => readonly (string | number)[],
): string | null {
  const next = items[limit];
  return next === undefined ? null : encodeCursor(scope, toPlace(next));
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
