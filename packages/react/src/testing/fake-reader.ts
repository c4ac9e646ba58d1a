import type {
  ActivityPage,
  ActivityQuery,
  ActivityRow,
  Amount,
  Entry,
  EntryList,
  ListQuery,
} from "@credit-activity/client";
import type { ActivityReader } from "../use-activity/activity-store.js";

/** A request of the page. It has an immediate response unless the reader holds its responses. */
export interface FakeCall<Query> {
  readonly account: string;
  readonly query: Query;
  readonly signal: AbortSignal | undefined;
  /** Responds with the state of the ledger at the time of the request. */
  respond(): void;
  fail(code: string, status?: number): void;
}

/** A reader of a ledger made of rows. Tests control the time and order of its responses. */
export interface FakeReader extends ActivityReader {
  rows: ActivityRow[];
  balance: Amount;
  /** The part of the balance that is not effective yet. */
  pending: Amount;
  hold: boolean;
  /** The code that fails every request, or null. */
  failWith: string | null;
  entries: Map<number, Entry[]>;
  readonly pageCalls: FakeCall<ActivityQuery>[];
  readonly entryCalls: (FakeCall<ListQuery> & { readonly position: number })[];
}

/** Makes a reader of these rows, newest first. */
export function fakeReader(rows: ActivityRow[]): FakeReader {
  const reader: FakeReader = {
    rows,
    balance: rows[0]?.balance ?? "0",
    pending: "0",
    hold: false,
    failWith: null,
    entries: new Map(),
    pageCalls: [],
    entryCalls: [],
    activity(account, query = {}, options) {
      const { call, promise } = receive(reader, account, query, options?.signal, pageOf(reader, query));
      reader.pageCalls.push(call);
      return promise;
    },
    activityEntries(account, position, query = {}, options) {
      const list = entriesOf(reader, position, query);
      const { call, promise } = receive(reader, account, query, options?.signal, list);
      reader.entryCalls.push({ ...call, position });
      return promise;
    },
  };
  return reader;
}

function pageOf(reader: FakeReader, query: ActivityQuery): ActivityPage {
  const { filter = "all", page = 1, perPage = 8, asOf } = query;
  const [count = reader.rows.length, balance = reader.balance] = asOf?.split(":") ?? [];
  const pinned = reader.rows.slice(reader.rows.length - Number(count));
  const rows = pinned.filter((row) => filter === "all" || row.category === filter);
  const start = (page - 1) * perPage;
  const shown = rows.slice(start, start + perPage);
  return {
    rows: shown,
    from: shown.length === 0 ? 0 : start + 1,
    to: shown.length === 0 ? 0 : start + shown.length,
    total: rows.length,
    page,
    pages: Math.max(1, Math.ceil(rows.length / perPage)),
    asOf: `${count}:${balance}`,
    balance: balance as Amount,
    pending: reader.pending,
  };
}

function entriesOf(reader: FakeReader, position: number, query: ListQuery): EntryList {
  const all = reader.entries.get(position) ?? [];
  const start = Number(query.cursor ?? 0);
  const end = start + (query.limit ?? 100);
  return { entries: all.slice(start, end), nextCursor: end < all.length ? String(end) : null };
}

function receive<Query, Result>(
  reader: FakeReader,
  account: string,
  query: Query,
  signal: AbortSignal | undefined,
  result: Result,
) {
  const { promise, resolve, reject } = withResolvers<Result>();
  const call: FakeCall<Query> = {
    account,
    query,
    signal,
    respond: () => resolve(result),
    fail: (code, status = 503) => reject(Object.assign(new Error(code), { code, status })),
  };
  // An aborted request can still respond, because the page must ignore such responses.
  if (!reader.hold) {
    if (reader.failWith === null) call.respond();
    else call.fail(reader.failWith);
  }
  return { call, promise };
}

function withResolvers<Value>() {
  let resolve: (value: Value) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<Value>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
