import { ServerError } from "./errors.js";
import type { CallOptions, Ledger } from "./ledger.js";
import type {
  Account,
  AccountsQuery,
  EntriesQuery,
  Entry,
  Grant,
  Hold,
  HoldsQuery,
  ListQuery,
} from "./types.js";

/** Iterates over the entries of an account, newest first by default. `limit` is the size of a request. */
export function eachEntry(
  ledger: Pick<Ledger, "entries">,
  account: string,
  query?: EntriesQuery,
  options?: CallOptions,
): AsyncGenerator<Entry, void, undefined> {
  return each(
    query,
    (part) => ledger.entries(account, part, options),
    (list) => list.entries,
  );
}

/** Iterates over the entries of an activity row, oldest first. `limit` is the size of a request. */
export function eachRowEntry(
  ledger: Pick<Ledger, "activityEntries">,
  account: string,
  position: number,
  query?: ListQuery,
  options?: CallOptions,
): AsyncGenerator<Entry, void, undefined> {
  return each(
    query,
    (part) => ledger.activityEntries(account, position, part, options),
    (list) => list.entries,
  );
}

/** Iterates over the accounts in the order of their ids. `limit` is the size of a request. */
export function eachAccount(
  ledger: Pick<Ledger, "accounts">,
  query?: AccountsQuery,
  options?: CallOptions,
): AsyncGenerator<Account, void, undefined> {
  return each(
    query,
    (part) => ledger.accounts(part, options),
    (list) => list.accounts,
  );
}

/** Iterates over the holds of an account, newest first. `limit` is the size of a request. */
export function eachHold(
  ledger: Pick<Ledger, "holds">,
  account: string,
  query?: HoldsQuery,
  options?: CallOptions,
): AsyncGenerator<Hold, void, undefined> {
  return each(
    query,
    (part) => ledger.holds(account, part, options),
    (list) => list.holds,
  );
}

/** Iterates over the grants of an account, newest first. `limit` is the size of a request. */
export function eachGrant(
  ledger: Pick<Ledger, "grants">,
  account: string,
  query?: ListQuery,
  options?: CallOptions,
): AsyncGenerator<Grant, void, undefined> {
  return each(
    query,
    (part) => ledger.grants(account, part, options),
    (list) => list.grants,
  );
}

async function* each<Query extends ListQuery, List extends { readonly nextCursor: string | null }, Item>(
  query: Query | undefined,
  read: (query: Query | undefined) => Promise<List>,
  itemsOf: (list: List) => readonly Item[],
): AsyncGenerator<Item, void, undefined> {
  let part = query;
  for (;;) {
    const list = await read(part);
    yield* itemsOf(list);
    const { nextCursor } = list;
    if (nextCursor === null) return;
    if (nextCursor === part?.cursor) {
      throw new ServerError(
        "The list is endless: its next cursor is the one that was sent. Look at the server's log.",
        { code: "unexpected_response", facts: {}, status: 200, problem: null },
      );
    }
    part = { ...(query as Query), cursor: nextCursor };
  }
}
