import {
  type ActivityFilter,
  type ActivityPage,
  type Amount,
  type Ledger,
  subtractAmounts,
} from "@credit-activity/client";
import { createRowEntries, type RowEntriesStore } from "./row-entries.js";

/** The part of the ledger that the page reads. */
export type ActivityReader = Pick<Ledger, "activity" | "activityEntries">;

/** The failure of the first load, of a change of page or filter, or of a refresh. */
export interface Failure {
  readonly what: "load" | "change" | "refresh";
  readonly error: unknown;
}

/** A change for the live region. The id makes it announce equal words again. */
export type Announcement =
  | {
      readonly id: number;
      readonly what: "page";
      readonly filter: ActivityFilter;
      readonly page: ActivityPage;
    }
  | { readonly id: number; readonly what: "failure"; readonly failure: Failure }
  | { readonly id: number; readonly what: "entries"; readonly shown: number; readonly total: number }
  | { readonly id: number; readonly what: "entries-failure"; readonly error: unknown }
  | { readonly id: number; readonly what: "nothing" };

/** The state of the page. */
export interface ActivitySnapshot {
  /** The filter and page that the user selected. */
  readonly filter: ActivityFilter;
  readonly page: number;
  readonly pages: number;
  /** The rows on the screen, possibly of the previous page or filter. It is null until the first load. */
  readonly shown: { readonly filter: ActivityFilter; readonly page: ActivityPage } | null;
  /** The balance without grants that are not effective yet. It is null until the first load. */
  readonly balance: Amount | null;
  /** True if the user waits for a request. */
  readonly busy: boolean;
  readonly failure: Failure | null;
  readonly announcement: Announcement;
}

/** Loads and caches the activity of one account. */
export interface ActivityStore {
  subscribe(listener: () => void): () => void;
  getSnapshot(): ActivitySnapshot;
  readonly rowEntries: RowEntriesStore;
  start(): void;
  stop(): void;
  selectFilter(filter: ActivityFilter): void;
  selectPage(page: number): void;
  retry(): void;
  /** Reloads the page on the screen. */
  refresh(): void;
  /** Reloads page 1 if it is on the screen and nothing else loads. A failure is ignored. */
  poll(): void;
}

/** The cached pages of one filter at one moment. */
interface View {
  readonly asOf: string;
  readonly pageCount: number;
  readonly pages: Map<number, ActivityPage>;
}

interface Task {
  readonly controller: AbortController;
  readonly byUser: boolean;
}

interface LoadOptions {
  /** True if the user requested it. The table is then busy, and the result is announced. */
  readonly byUser: boolean;
  /** True if the page is read as of now, not as of the cached view. */
  readonly fresh: boolean;
  readonly onFailure: "show" | "ignore";
}

/** Creates the store of one account. One page loads at a time, and the next one aborts it. */
export function createActivityStore(reader: ActivityReader, account: string, perPage: number): ActivityStore {
  const listeners = new Set<() => void>();
  const views = new Map<ActivityFilter, View>();
  let task: Task | null = null;
  let announcements = 0;
  let snapshot: ActivitySnapshot = {
    filter: "all",
    page: 1,
    pages: 1,
    shown: null,
    balance: null,
    busy: true,
    failure: null,
    announcement: { id: 0, what: "nothing" },
  };

  const update = (change: Partial<ActivitySnapshot>) => {
    const names = Object.keys(change) as (keyof ActivitySnapshot)[];
    // An unchanged snapshot is not rendered again, so a poll without news leaves the page alone.
    if (names.every((name) => change[name] === snapshot[name])) return;
    snapshot = { ...snapshot, ...change };
    for (const listener of listeners) listener();
  };
  const announce = (change: DistributiveOmit<Announcement, "id">) => ({
    announcement: { id: ++announcements, ...change },
  });
  const rowEntries = createRowEntries(reader, account, (change) => update(announce(change)));

  const abort = () => {
    task?.controller.abort();
    task = null;
  };

  const show = (filter: ActivityFilter, page: ActivityPage, byUser: boolean) => {
    const shown =
      snapshot.shown?.page === page && snapshot.shown.filter === filter ? snapshot.shown : { filter, page };
    const pages = views.get(filter)?.pageCount ?? page.pages;
    const announced = byUser ? announce({ what: "page", filter, page }) : {};
    update({ filter, page: page.page, pages, shown, busy: false, failure: null, ...announced });
  };

  const load = async (filter: ActivityFilter, page: number, options: LoadOptions): Promise<void> => {
    abort();
    const { byUser, fresh } = options;
    const first = snapshot.shown === null;
    const current: Task = { controller: new AbortController(), byUser };
    task = current;
    // Screen readers announce a string again only if it was removed in between.
    const cleared = byUser && snapshot.announcement.what !== "nothing" ? announce({ what: "nothing" }) : {};
    const pages = views.get(filter)?.pageCount ?? 1;
    update({ filter, page, pages, busy: byUser || first, ...cleared });

    const asOf = fresh ? undefined : views.get(filter)?.asOf;
    try {
      const { signal } = current.controller;
      const query = { filter, page, perPage, ...(asOf === undefined ? {} : { asOf }) };
      const loaded = await reader.activity(account, query, { signal });
      if (task !== current) return;
      task = null;
      cache(filter, page, loaded, asOf, options);
    } catch (error) {
      if (task !== current) return;
      task = null;
      fail(error, options, first);
    }
  };

  const cache = (
    filter: ActivityFilter,
    page: number,
    loaded: ActivityPage,
    asOf: string | undefined,
    options: LoadOptions,
  ): void => {
    const view = views.get(filter);
    if (asOf !== undefined && view?.asOf === asOf) {
      view.pages.set(page, loaded);
      show(filter, loaded, options.byUser);
      return;
    }
    const cached = view?.pages.get(page);
    // An equal page keeps the cache and the screen, because nothing has happened since.
    if (cached !== undefined && sameContent(cached, loaded)) {
      update({ balance: toEffective(loaded) });
      show(filter, cached, options.byUser);
      return;
    }
    views.set(filter, { asOf: loaded.asOf, pageCount: loaded.pages, pages: new Map([[page, loaded]]) });
    update({ balance: toEffective(loaded) });
    if (loaded.rows.length === 0 && loaded.pages < page) {
      void load(filter, loaded.pages, { ...options, fresh: false });
      return;
    }
    show(filter, loaded, options.byUser);
  };

  const fail = (error: unknown, options: LoadOptions, first: boolean): void => {
    if (options.onFailure === "ignore") {
      update({ busy: false });
      return;
    }
    const { shown, filter, page } = snapshot;
    const isShown = shown?.filter === filter && shown.page.page === page;
    const failure: Failure = { what: first ? "load" : isShown ? "refresh" : "change", error };
    // The server refuses the asOf of the view, so the retry starts a new view.
    if (toStatus(error) === 400) views.delete(filter);
    update({ busy: false, failure, ...announce({ what: "failure", failure }) });
  };

  const go = (filter: ActivityFilter, page: number): void => {
    const cached = views.get(filter)?.pages.get(page);
    if (cached === undefined) {
      update({ failure: null });
      void load(filter, page, { byUser: true, fresh: false, onFailure: "show" });
      return;
    }
    abort();
    show(filter, cached, true);
  };

  return {
    rowEntries,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    getSnapshot: () => snapshot,
    start() {
      const { shown, filter, page, failure } = snapshot;
      if (failure !== null || task !== null) return;
      if (shown === null) void load(filter, page, { byUser: false, fresh: true, onFailure: "show" });
      else if (shown.filter !== filter || shown.page.page !== page) go(filter, page);
    },
    stop() {
      abort();
      rowEntries.stop();
    },
    selectFilter(filter) {
      const isCached = views.get(filter)?.pages.has(1) ?? false;
      go(filter, 1);
      if (isCached) void load(filter, 1, { byUser: false, fresh: true, onFailure: "show" });
    },
    selectPage(page) {
      if (page < 1 || page > snapshot.pages) return;
      if (page === snapshot.page && snapshot.failure === null) return;
      go(snapshot.filter, page);
    },
    retry() {
      const { failure, filter, page } = snapshot;
      if (failure === null || task !== null) return;
      void load(filter, page, { byUser: true, fresh: failure.what === "refresh", onFailure: "show" });
    },
    refresh() {
      const { filter, page } = snapshot;
      void load(filter, page, { byUser: task?.byUser ?? false, fresh: true, onFailure: "show" });
    },
    poll() {
      const { filter, page, shown, failure } = snapshot;
      if (task !== null || failure !== null || page !== 1 || shown === null) return;
      void load(filter, 1, { byUser: false, fresh: true, onFailure: "ignore" });
    },
  };
}

type DistributiveOmit<Type, Key extends PropertyKey> = Type extends unknown ? Omit<Type, Key> : never;

/** Returns the balance of a page without grants that are not effective yet. */
function toEffective({ balance, pending }: ActivityPage): Amount {
  return subtractAmounts(balance, pending);
}

/** True if two pages differ in their `asOf` at most. */
function sameContent(one: ActivityPage, other: ActivityPage): boolean {
  return JSON.stringify({ ...one, asOf: "" }) === JSON.stringify({ ...other, asOf: "" });
}

function toStatus(error: unknown): unknown {
  return typeof error === "object" && error !== null && "status" in error ? error.status : null;
}
