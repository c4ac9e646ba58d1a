import { type Ledger, toError } from "@credit-activity/client";
import type { Entry } from "../core/entry.js";
import * as field from "../core/fields.js";
import { listRowEntries } from "../queries/activity.js";
import {
  type EntryFilter,
  listEntries,
  listFilteredEntries,
  readEntry,
  readEntryByKey,
} from "../queries/lists.js";
import { checkOptions, type MethodOptions, settled } from "./calls.js";
import { encodeCursor, type Scope, SEQ_PLACE, toNextCursor, toPart } from "./cursor.js";
import { type Part, readPart, toFactRecords } from "./fitting.js";
import { check, checkValue, toInvalid } from "./inputs.js";
import { readSpan, requireKnown, toAccountId, toUnknownEntry } from "./known.js";
import * as request from "./requests.js";

/** The methods that read entries. */
export type EntryMethods = Pick<Ledger, "entries" | "getEntry" | "activityEntries">;

type EntryOptions = Pick<MethodOptions, "database" | "labels" | "presenter" | "now">;

/**
 * The entries that one request reads at most to find those that a filter lets pass. A part may then have few or none, and
 * still a cursor.
 */
const SCANNED_MAX = 10_000;

type EntriesQuery = ReturnType<typeof toEntriesQuery>;

/** Makes the methods that read entries. */
export function createEntryMethods({ database, labels, presenter, now }: EntryOptions): EntryMethods {
  async function present(account: string, entries: readonly Entry[]) {
    const facts = entries.map((entry) => entry.facts);
    const toLabel = await labels.read(account, facts);
    return entries.map((entry) => presenter.entry(entry, toLabel));
  }

  async function presentPart(account: string, { items, count }: Part<Entry>, scope: Scope) {
    return {
      entries: await present(account, items.slice(0, count)),
      nextCursor: toNextCursor(items, count, scope, toPlace),
    };
  }

  async function readRowEntries(id: string, position: number, query: request.PartQuery) {
    const scope: Scope = ["activityEntries", id, position];
    const asked = toPart(query, scope, SEQ_PLACE);
    const part = await readPart(asked, {
      read: (from, limit) => listRowEntries(database, id, position, from?.[0] ?? 0, limit),
      toPlace,
      toRecords: toFactRecords,
    });
    if (part.items.length === 0 && asked.place === null) {
      await requireKnown(database, id, now);
      throw toError({
        code: "row_not_found",
        detail: `The activity has no row at position ${position}. Use the position of a row.`,
      });
    }
    return presentPart(id, part, scope);
  }

  async function readAll(id: string, { order, ...query }: EntriesQuery, scope: Scope) {
    const start = order === "asc" ? 0 : Number.MAX_SAFE_INTEGER;
    const part = await readPart(toPart(query, scope, SEQ_PLACE), {
      read: (from, limit) => listEntries(database, id, order, from?.[0] ?? start, limit),
      toPlace,
      toRecords: toFactRecords,
    });
    if (part.items.length === 0) await requireKnown(database, id, now);
    return presentPart(id, part, scope);
  }

  /** Reads the entries of a span that a filter lets pass, from those that one request may read. */
  async function readFiltered(id: string, query: EntriesQuery, scope: Scope) {
    const { order, filter } = query;
    const isUp = order === "asc";
    const asked = toPart(query, scope, SEQ_PLACE);
    const { low, high } = await readSpan(database, id, query);
    const at = asked.place?.[0] ?? (isUp ? low + 1 : high);
    const seqs = isUp
      ? { first: Math.max(at, low + 1), last: Math.min(high, at + SCANNED_MAX - 1) }
      : { first: Math.max(low + 1, at - SCANNED_MAX + 1), last: Math.min(at, high) };
    const part = await readPart(asked, {
      read: (from, limit) => {
        const seq = from?.[0] ?? at;
        const rest = isUp
          ? { ...seqs, first: Math.max(seqs.first, seq) }
          : { ...seqs, last: Math.min(seqs.last, seq) };
        return listFilteredEntries(database, id, order, rest, filter, limit);
      },
      toPlace,
      toRecords: toFactRecords,
    });
    const list = await presentPart(id, part, scope);
    if (list.nextCursor !== null) return list;
    const isAtEnd = isUp ? seqs.last >= high : seqs.first <= low + 1;
    return isAtEnd
      ? list
      : { ...list, nextCursor: encodeCursor(scope, [isUp ? seqs.last + 1 : seqs.first - 1]) };
  }

  async function readByKey(id: string, key: string) {
    const entry = await readEntryByKey(database, id, key);
    if (entry === null) await requireKnown(database, id, now);
    return { entries: await present(id, entry === null ? [] : [entry]), nextCursor: null };
  }

  async function list(id: string, query: EntriesQuery) {
    const { order, key, from, to, filter } = query;
    if (key !== null) return readByKey(id, key);
    const scope: Scope = ["entries", id, order, from, to, ...Object.values(filter)];
    return isAny(filter) && from === null && to === null
      ? readAll(id, query, scope)
      : readFiltered(id, query, scope);
  }

  async function read(id: string, seq: number) {
    const entry = await readEntry(database, id, seq);
    if (entry === null) {
      await requireKnown(database, id, now);
      throw toUnknownEntry(seq);
    }
    const [presented] = await present(id, [entry]);
    return presented as NonNullable<typeof presented>;
  }

  return {
    async activityEntries(account, position, query = {}, options) {
      const signal = checkOptions(options);
      const id = toAccountId(account);
      const at = checkValue(field.seq, "position", position);
      return settled(readRowEntries(id, at, check(request.listQuery, query)), signal);
    },

    async entries(account, query = {}, options) {
      const signal = checkOptions(options);
      const id = toAccountId(account);
      return settled(list(id, toEntriesQuery(query)), signal);
    },

    async getEntry(account, seq, options) {
      const signal = checkOptions(options);
      const id = toAccountId(account);
      return settled(read(id, checkValue(field.seq, "seq", seq)), signal);
    },
  };
}

function toPlace({ seq }: Entry): [number] {
  return [seq];
}

function toEntriesQuery(query: unknown) {
  const { order, key, cursor, limit, from, to, ...filter } = check(request.entriesQuery, query);
  const isAlone = isAny(filter) && from === null && to === null && cursor === null;
  if (key !== null && !isAlone) {
    throw toInvalid([{ path: "key", message: "is given with another filter or a cursor. Give it alone" }]);
  }
  return { order: order ?? ("desc" as const), key, cursor, limit, from, to, filter };
}

/** True if a filter lets all entries pass. */
function isAny(filter: EntryFilter): boolean {
  return Object.values(filter).every((value) => value === null);
}
