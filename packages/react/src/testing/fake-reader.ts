import type {
  ActivityPage,
  ActivityQuery,
  ActivityRow,
  Amount,
  CursorQuery,
  Entry,
  EntryList,
} from "@credit-activity/client";
import type { ActivityReader } from "../use-activity/activity-store.js";

/** A request as the page made it, answered at once unless the reader holds its answers. */
export interface FakeCall<Query> {
  readonly account: string;
  readonly query: Query;
  readonly signal: AbortSignal | undefined;
  /** Answers with what the ledger held when the request came. */
  answer(): void;
  fail(code: string, status?: number): void;
}

/** A reader of a small ledger in memory, whose answers can be held back and ordered at will. */
export interface FakeReader extends ActivityReader {
  rows: ActivityRow[];
  balance: Amount;
  hold: boolean;
  /** Fails every request while set. */
  failWith: string | null;
  entries: Map<number, Entry[]>;
  readonly pageCalls: FakeCall<ActivityQuery>[];
  readonly entryCalls: (FakeCall<CursorQuery> & { readonly position: number })[];
}

/** Makes a reader of these rows, newest first. */
export function fakeReader(rows: ActivityRow[]): FakeReader {
  const reader: FakeReader = {
    rows,
    balance: rows[0]?.balance ?? "0",
    hold: false,
    failWith: null,
    entries: new Map(),
    pageCalls: [],
    entryCalls: [],
    activity(account, query = {}, options) {
      const { call, promise } = hear(reader, account, query, options?.signal, pageOf(reader, query));
      reader.pageCalls.push(call);
      return promise;
    },
    activityEntries(account, position, query = {}, options) {
      const list = entriesOf(reader, position, query);
      const { call, promise } = hear(reader, account, query, options?.signal, list);
      reader.entryCalls.push({ ...call, position });
      return promise;
    },
  };
  return reader;
}

function pageOf(reader: FakeReader, query: ActivityQuery): ActivityPage {
  const { filter = "all", page = 1, per_page = 8, as_of } = query;
  const [count = reader.rows.length, balance = reader.balance] = as_of?.split(":") ?? [];
  const pinned = reader.rows.slice(reader.rows.length - Number(count));
  const rows = pinned.filter((row) => filter === "all" || row.category === filter);
  const start = (page - 1) * per_page;
  const shown = rows.slice(start, start + per_page);
  return {
    rows: shown,
    from: shown.length === 0 ? 0 : start + 1,
    to: shown.length === 0 ? 0 : start + shown.length,
    total: rows.length,
    page,
    pages: Math.max(1, Math.ceil(rows.length / per_page)),
    as_of: `${count}:${balance}`,
    balance: balance as Amount,
  };
}

function entriesOf(reader: FakeReader, position: number, query: CursorQuery): EntryList {
  const all = reader.entries.get(position) ?? [];
  const start = Number(query.cursor ?? 0);
  const end = start + (query.limit ?? 100);
  return { entries: all.slice(start, end), next_cursor: end < all.length ? String(end) : null };
}

function hear<Query, Answer>(
  reader: FakeReader,
  account: string,
  query: Query,
  signal: AbortSignal | undefined,
  answer: Answer,
) {
  const { promise, resolve, reject } = withResolvers<Answer>();
  const call: FakeCall<Query> = {
    account,
    query,
    signal,
    answer: () => resolve(answer),
    fail: (code, status = 503) => reject(Object.assign(new Error(code), { code, status })),
  };
  // An abort is not obeyed here: a page must ignore what it no longer wants, even when it arrives.
  if (!reader.hold) {
    if (reader.failWith === null) call.answer();
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
