import { type Micros, micros } from "../core/amount.js";
import type { Entry, Hold } from "../core/entry.js";
import type { Instant } from "../core/instant.js";
import { type FirstResponse, NO_PAST, type Past } from "../core/state.js";
import { type EntryColumns, fromEntryColumns } from "../db/tables/entries.js";
import { fromHoldColumns, type HoldColumns } from "../db/tables/holds.js";

/** A hold that was found by a key, with the command that extended it, if that was the key's. */
export type KeyedHoldColumns = HoldColumns & {
  extend_key: string | null;
  extend_fingerprint: string | null;
  extended_until: Instant | null;
};

/** Returns the first responses of the entries and holds that were found by keys, by key. */
export function toFirstResponses(
  entries: readonly EntryColumns[],
  holds: readonly KeyedHoldColumns[],
): Map<string, FirstResponse> {
  const responses = new Map<string, FirstResponse>();
  for (const columns of entries) {
    const entry = fromEntryColumns(columns);
    if (entry.key !== null) responses.set(entry.key, { entry, hold: null });
  }
  for (const columns of holds) {
    const hold = fromHoldColumns(columns);
    const { extend_key: key, extend_fingerprint: fingerprint, extended_until: expiresAt } = columns;
    if (key === null || fingerprint === null || expiresAt === null)
      for (const [own, response] of toResponses(hold)) responses.set(own, response);
    else
      responses.set(key, {
        entry: null,
        hold: { ...hold, ...OPEN, expiresAt, extension: { key, fingerprint } },
      });
  }
  return responses;
}

/** Returns the past of commands from what was found of it. */
export function toPast(
  responses: Map<string, FirstResponse>,
  namedHolds: readonly HoldColumns[],
  refundedEntries: readonly (EntryColumns & { refunded: bigint })[],
): Past {
  if (responses.size + namedHolds.length + refundedEntries.length === 0) return NO_PAST;
  const entries = new Map<number, Entry>();
  const refunded = new Map<number, Micros>();
  for (const columns of refundedEntries) {
    const entry = fromEntryColumns(columns);
    entries.set(entry.seq, entry);
    refunded.set(entry.seq, micros(columns.refunded));
  }
  const holds = new Map(namedHolds.map((columns) => [columns.hold, fromHoldColumns(columns)]));
  return { responses, holds, entries, refunded };
}

/** The fields of an open hold that its end sets. */
const OPEN = { status: "open", settledSeq: null, releaseKey: null, releaseFingerprint: null } as const;

/** Returns the first responses of a hold's keys: open for the key that opened it, released for the one that released it. */
function toResponses(hold: Hold): [string, FirstResponse][] {
  const opened = {
    ...hold,
    ...OPEN,
    expiresAt: hold.openedUntil ?? hold.expiresAt,
    openedUntil: null,
    extensions: 0,
  };
  const responses: [string, FirstResponse][] = [[hold.key, { entry: null, hold: opened }]];
  if (hold.releaseKey !== null) responses.push([hold.releaseKey, { entry: null, hold }]);
  return responses;
}
