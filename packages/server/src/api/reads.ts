import type { Ledger } from "@credit-activity/client";
import { z } from "zod";
import * as field from "../core/fields.js";
import { toUnknownAccount } from "../core/refusal.js";
import { type Account, listAccounts } from "../queries/account.js";
import { readActivity } from "../queries/activity.js";
import { listGrants } from "../queries/lists.js";
import { checkOptions, type MethodOptions, settled } from "./calls.js";
import {
  decodeAsOf,
  encodeAsOf,
  type Scope,
  SEQ_PLACE,
  toNextCursor,
  toPart,
  toUnknownMoment,
} from "./cursor.js";
import { toRefused } from "./errors.js";
import { readPart } from "./fitting.js";
import { check } from "./inputs.js";
import { requireKnown, toAccountId } from "./known.js";
import * as request from "./requests.js";

/** The methods that read accounts, grants and the page. */
export type ReadMethods = Pick<Ledger, "accounts" | "getAccount" | "activity" | "grants">;

type ReadOptions = Pick<MethodOptions, "database" | "labels" | "presenter" | "now">;

/** The place of an account in its list: its id. */
const ACCOUNT_PLACE = z.tuple([field.accountId]);

/** Makes the methods that read accounts, grants and the page. */
export function createReadMethods({ database, labels, presenter, now }: ReadOptions): ReadMethods {
  async function readAccounts(prefix: string, query: request.PartQuery) {
    const scope: Scope = ["accounts", prefix];
    const at = now();
    const toPlace = ({ id }: Account): [string] => [id];
    const { items, count } = await readPart(toPart(query, scope, ACCOUNT_PLACE), {
      read: (from, limit) => listAccounts(database, { prefix, from: from?.[0] ?? null, limit }, at),
      toPlace,
      toRecords: ({ metadata }) => [metadata],
    });
    return {
      accounts: items.slice(0, count).map(presenter.account),
      nextCursor: toNextCursor(items, count, scope, toPlace),
    };
  }

  async function readPage(id: string, query: PageQuery) {
    const { filter, page, perPage, asOf } = query;
    const offset = (page - 1) * perPage;
    const found = await readActivity(database, id, { filter, offset, limit: perPage, asOf }, now());
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
      pending: presenter.amount(found.pending),
    };
  }

  async function readGrants(id: string, query: request.PartQuery) {
    const scope: Scope = ["grants", id];
    const { place, limit } = toPart(query, scope, SEQ_PLACE);
    const grants = await listGrants(database, id, place?.[0] ?? Number.MAX_SAFE_INTEGER, limit + 1);
    if (grants.length === 0) await requireKnown(database, id, now);
    return {
      grants: grants.slice(0, limit).map(presenter.grant),
      nextCursor: toNextCursor(grants, limit, scope, ({ seq }) => [seq]),
    };
  }

  return {
    async accounts(query = {}, options) {
      const signal = checkOptions(options);
      const { prefix, ...part } = check(request.accountsQuery, query);
      return settled(readAccounts(prefix ?? "", part), signal);
    },

    async getAccount(account, options) {
      const signal = checkOptions(options);
      const id = toAccountId(account);
      return presenter.account(await settled(requireKnown(database, id, now), signal));
    },

    async activity(account, query = {}, options) {
      const signal = checkOptions(options);
      const id = toAccountId(account);
      return settled(readPage(id, toPageQuery(query)), signal);
    },

    async grants(account, query = {}, options) {
      const signal = checkOptions(options);
      const id = toAccountId(account);
      return settled(readGrants(id, check(request.listQuery, query)), signal);
    },
  };
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
