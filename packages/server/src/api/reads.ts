import { type Ledger, toError } from "@credit-activity/client";
import type { Entry } from "../core/entry.js";
import * as field from "../core/fields.js";
import { toUnknownAccount } from "../core/refusal.js";
import { type Account, readAccount } from "../queries/account.js";
import { listRowEntries, readActivity } from "../queries/activity.js";
import { listEntries, listGrants } from "../queries/lists.js";
import { checkOptions, type MethodOptions, settled } from "./calls.js";
import { decodeAsOf, decodeCursor, encodeAsOf, encodeCursor, toUnknownMoment } from "./cursor.js";
import { toRefused } from "./errors.js";
import { check, checkValue } from "./inputs.js";
import * as request from "./requests.js";

/** The methods that read. */
export type ReadMethods = Pick<Ledger, "getAccount" | "activity" | "activityEntries" | "entries" | "grants">;

type ReadOptions = Pick<MethodOptions, "database" | "labels" | "presenter" | "now">;

/** Makes the methods that read. */
export function createReadMethods({ database, labels, presenter, now }: ReadOptions): ReadMethods {
  const requireAccount = (id: string) => requireKnown(database, id, now);

  async function toEntryList(account: string, entries: readonly Entry[], limit: number) {
    const shown = entries.slice(0, limit);
    const facts = shown.map((entry) => entry.facts);
    const toLabel = await labels.read(account, facts);
    const presented = shown.map((entry) => presenter.entry(entry, toLabel));
    return { entries: presented, nextCursor: toNextCursor(entries, limit) };
  }

  async function readPage(id: string, query: PageQuery) {
    const { filter, page, perPage, asOf } = query;
    const offset = (page - 1) * perPage;
    const found = await readActivity(database, id, { filter, offset, limit: perPage, asOf });
    if (found === null) throw toRefused(toUnknownAccount(id));
    if (found.isUnknown) throw toUnknownMoment();
    const total = found.asOf.totals[filter];
    const shown = found.rows.length;
    const toLabel = await labels.read(id, found.rows);
    return {
      rows: found.rows.map((row) => presenter.row(row, toLabel)),
      from: shown === 0 ? 0 : offset + 1,
      to: shown === 0 ? 0 : offset + shown,
      total,
      page,
      pages: Math.max(1, Math.ceil(total / perPage)),
      asOf: encodeAsOf(found.asOf),
      balance: presenter.amount(found.balance),
    };
  }

  async function readRowEntries(id: string, position: number, { cursor, limit }: Part) {
    const entries = await listRowEntries(database, id, position, cursor ?? 0, limit + 1);
    if (entries.length === 0 && cursor === null) {
      await requireAccount(id);
      throw toError({
        code: "row_not_found",
        detail: `The activity has no row at position ${position}. Use the position of a row.`,
      });
    }
    return toEntryList(id, entries, limit);
  }

  async function readEntries(id: string, order: "asc" | "desc", { cursor, limit }: Part) {
    const from = cursor ?? (order === "asc" ? 0 : Number.MAX_SAFE_INTEGER);
    const entries = await listEntries(database, id, order, from, limit + 1);
    if (entries.length === 0) await requireAccount(id);
    return toEntryList(id, entries, limit);
  }

  async function readGrants(id: string, { cursor, limit }: Part) {
    const grants = await listGrants(database, id, cursor ?? Number.MAX_SAFE_INTEGER, limit + 1);
    if (grants.length === 0) await requireAccount(id);
    const presented = grants.slice(0, limit).map(presenter.grant);
    return { grants: presented, nextCursor: toNextCursor(grants, limit) };
  }

  return {
    async getAccount(account, options) {
      const signal = checkOptions(options);
      const id = toAccountId(account);
      return presenter.account(await settled(requireAccount(id), signal));
    },

    async activity(account, query = {}, options) {
      const signal = checkOptions(options);
      const id = toAccountId(account);
      return settled(readPage(id, toPageQuery(query)), signal);
    },

    async activityEntries(account, position, query = {}, options) {
      const signal = checkOptions(options);
      const id = toAccountId(account);
      const at = checkValue(field.seq, "position", position);
      return settled(readRowEntries(id, at, toPart(check(request.listQuery, query))), signal);
    },

    async entries(account, query = {}, options) {
      const signal = checkOptions(options);
      const id = toAccountId(account);
      const checked = check(request.entriesQuery, query);
      return settled(readEntries(id, checked.order ?? "desc", toPart(checked)), signal);
    },

    async grants(account, query = {}, options) {
      const signal = checkOptions(options);
      const id = toAccountId(account);
      return settled(readGrants(id, toPart(check(request.listQuery, query))), signal);
    },
  };
}

/** Returns the id of an account, or throws an error that names its fault. */
export function toAccountId(account: unknown): string {
  return checkValue(field.accountId, "account", account);
}

/** Reads an account, or throws an error if it does not exist. */
export async function requireKnown(
  database: MethodOptions["database"],
  id: string,
  now: MethodOptions["now"],
): Promise<Account> {
  const found = await readAccount(database, id, now());
  if (found === null) throw toRefused(toUnknownAccount(id));
  return found;
}

type PageQuery = ReturnType<typeof toPageQuery>;

function toPageQuery(query: unknown) {
  const { filter, page, perPage, asOf } = check(request.activityQuery, query);
  return {
    filter: filter ?? "all",
    page: page ?? 1,
    perPage: perPage ?? request.PER_PAGE_DEFAULT,
    asOf: asOf === null ? null : decodeAsOf(asOf),
  };
}

/** The part of a list to read. */
interface Part {
  /** The seq of its first item. It is null at the start of the list. */
  readonly cursor: number | null;
  readonly limit: number;
}

function toPart({ cursor, limit }: { readonly cursor: string | null; readonly limit: number | null }): Part {
  return {
    cursor: cursor === null ? null : decodeCursor(cursor),
    limit: limit ?? request.LIMIT_DEFAULT,
  };
}

/** Returns the cursor of the item after a part. Lists are read with one item more than the part has. */
function toNextCursor(items: readonly { readonly seq: number }[], limit: number): string | null {
  const next = items[limit];
  return next === undefined ? null : encodeCursor(next.seq);
}
