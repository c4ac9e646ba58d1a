import type { ActivityFilter, ActivityPage, Amount, CreditsClient } from "@credit-activity/client";
import { createRowEntries, type RowEntriesStore } from "./row-entries.js";

/** The part of the client the page uses: it only reads. */
export type ActivityReader = Pick<CreditsClient, "activity" | "activityEntries">;

/** Something that did not work: nothing loaded yet, other rows asked for in vain, or a refresh in vain. */
export interface Failure {
  readonly what: "load" | "change" | "refresh";
  readonly error: unknown;
}

/** Something to tell a reader who asked for it. Each has its own id, so that the same words are told again. */
export type News =
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

/** What the page shows. */
export interface ActivitySnapshot {
  /** What the reader asked for. */
  readonly filter: ActivityFilter;
  readonly page: number;
  readonly pages: number;
  /** The rows on the screen, which may still be those from before; null until the first have come. */
  readonly shown: { readonly filter: ActivityFilter; readonly page: ActivityPage } | null;
  readonly balance: Amount | null;
  /** Whether something the reader waits for is under way. */
  readonly busy: boolean;
  readonly failure: Failure | null;
  readonly news: News;
}

/** Holds what was loaded of one account and loads what is asked for. */
export interface ActivityStore {
  subscribe(listener: () => void): () => void;
  getSnapshot(): ActivitySnapshot;
  readonly rowEntries: RowEntriesStore;
  start(): void;
  stop(): void;
  selectFilter(filter: ActivityFilter): void;
  selectPage(page: number): void;
  retry(): void;
  /** Loads the page on the screen anew, as the host asks for it. */
  refresh(): void;
  /** Loads page 1 anew if the reader looks at it and waits for nothing else; a failure stays unseen. */
  poll(): void;
}

/** The pages of one filter as of one moment. */
interface View {
  readonly asOf: string;
  readonly pageCount: number;
  readonly pages: Map<number, ActivityPage>;
}

interface Task {
  readonly controller: AbortController;
  readonly asked: boolean;
}

interface Load {
  /** Whether the reader asked for it: then the table is busy meanwhile, and the outcome is told. */
  readonly asked: boolean;
  /** Whether to look at the ledger as it is now, not as it was when this view began. */
  readonly fresh: boolean;
  readonly onFailure: "tell" | "ignore";
}

/** Makes the store of one account. At most one page is under way at a time: asking for another aborts it. */
export function createActivityStore(reader: ActivityReader, account: string, perPage: number): ActivityStore {
  const listeners = new Set<() => void>();
  const views = new Map<ActivityFilter, View>();
  let task: Task | null = null;
  let newsCount = 0;
  let snapshot: ActivitySnapshot = {
    filter: "all",
    page: 1,
    pages: 1,
    shown: null,
    balance: null,
    busy: true,
    failure: null,
    news: { id: 0, what: "nothing" },
  };

  const update = (change: Partial<ActivitySnapshot>) => {
    const names = Object.keys(change) as (keyof ActivitySnapshot)[];
    // What looks the same is not rendered again, so that looking for news in vain leaves no trace.
    if (names.every((name) => change[name] === snapshot[name])) return;
    snapshot = { ...snapshot, ...change };
    for (const listener of listeners) listener();
  };
  const tell = (news: DistributiveOmit<News, "id">): News => ({ id: ++newsCount, ...news });
  const rowEntries = createRowEntries(reader, account, (news) => update({ news: tell(news) }));

  const abort = () => {
    task?.controller.abort();
    task = null;
  };

  const show = (filter: ActivityFilter, page: ActivityPage, asked: boolean) => {
    const shown =
      snapshot.shown?.page === page && snapshot.shown.filter === filter ? snapshot.shown : { filter, page };
    const pages = views.get(filter)?.pageCount ?? page.pages;
    const told = asked ? { news: tell({ what: "page", filter, page }) } : {};
    update({ filter, page: page.page, pages, shown, busy: false, failure: null, ...told });
  };

  const load = async (filter: ActivityFilter, page: number, how: Load): Promise<void> => {
    abort();
    const first = snapshot.shown === null;
    const current: Task = { controller: new AbortController(), asked: how.asked };
    task = current;
    // What is told again must first be gone, or nobody hears it.
    const quieted = how.asked && snapshot.news.what !== "nothing" ? { news: tell({ what: "nothing" }) } : {};
    const pages = views.get(filter)?.pageCount ?? 1;
    update({ filter, page, pages, busy: how.asked || first, ...quieted });

    const asOf = how.fresh ? undefined : views.get(filter)?.asOf;
    try {
      const { signal } = current.controller;
      const query = { filter, page, per_page: perPage, ...(asOf === undefined ? {} : { as_of: asOf }) };
      const answer = await reader.activity(account, query, { signal });
      if (task !== current) return;
      task = null;
      take(filter, page, answer, asOf, how);
    } catch (error) {
      if (task !== current) return;
      task = null;
      fail(error, how, first);
    }
  };

  const take = (
    filter: ActivityFilter,
    page: number,
    answer: ActivityPage,
    asOf: string | undefined,
    how: Load,
  ): void => {
    const view = views.get(filter);
    if (asOf !== undefined && view?.asOf === asOf) {
      view.pages.set(page, answer);
      show(filter, answer, how.asked);
      return;
    }
    const known = view?.pages.get(page);
    // Nothing has happened since: what is loaded stays good, and the screen is left alone.
    if (known !== undefined && sameContent(known, answer)) {
      if (answer.balance !== snapshot.balance) update({ balance: answer.balance });
      show(filter, known, how.asked);
      return;
    }
    views.set(filter, { asOf: answer.as_of, pageCount: answer.pages, pages: new Map([[page, answer]]) });
    update({ balance: answer.balance });
    if (answer.rows.length === 0 && answer.pages < page) {
      void load(filter, answer.pages, { ...how, fresh: false });
      return;
    }
    show(filter, answer, how.asked);
  };

  const fail = (error: unknown, how: Load, first: boolean): void => {
    if (how.onFailure === "ignore") {
      update({ busy: false });
      return;
    }
    const { shown, filter, page } = snapshot;
    const there = shown?.filter === filter && shown.page.page === page;
    const failure: Failure = { what: first ? "load" : there ? "refresh" : "change", error };
    // The server no longer knows the moment this view is pinned to, so that a retry must begin anew.
    if (statusOf(error) === 400) views.delete(filter);
    update({ busy: false, failure, news: tell({ what: "failure", failure }) });
  };

  const go = (filter: ActivityFilter, page: number): void => {
    const known = views.get(filter)?.pages.get(page);
    if (known === undefined) {
      update({ failure: null });
      void load(filter, page, { asked: true, fresh: false, onFailure: "tell" });
      return;
    }
    abort();
    show(filter, known, true);
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
      if (shown === null) void load(filter, page, { asked: false, fresh: true, onFailure: "tell" });
      else if (shown.filter !== filter || shown.page.page !== page) go(filter, page);
    },
    stop() {
      abort();
      rowEntries.stop();
    },
    selectFilter(filter) {
      const known = views.get(filter)?.pages.has(1) ?? false;
      go(filter, 1);
      if (known) void load(filter, 1, { asked: false, fresh: true, onFailure: "tell" });
    },
    selectPage(page) {
      if (page < 1 || page > snapshot.pages) return;
      if (page === snapshot.page && snapshot.failure === null) return;
      go(snapshot.filter, page);
    },
    retry() {
      const { failure, filter, page } = snapshot;
      if (failure === null || task !== null) return;
      void load(filter, page, { asked: true, fresh: failure.what === "refresh", onFailure: "tell" });
    },
    refresh() {
      const { filter, page } = snapshot;
      void load(filter, page, { asked: task?.asked ?? false, fresh: true, onFailure: "tell" });
    },
    poll() {
      const { filter, page, shown, failure } = snapshot;
      if (task !== null || failure !== null || page !== 1 || shown === null) return;
      void load(filter, 1, { asked: false, fresh: true, onFailure: "ignore" });
    },
  };
}

type DistributiveOmit<Type, Key extends PropertyKey> = Type extends unknown ? Omit<Type, Key> : never;

/** Two answers that differ in nothing but how they name the moment. */
function sameContent(one: ActivityPage, other: ActivityPage): boolean {
  return JSON.stringify({ ...one, as_of: "" }) === JSON.stringify({ ...other, as_of: "" });
}

function statusOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "status" in error ? error.status : null;
}
