import type { ActivityRow, Entry } from "@credit-activity/client";
import type { ActivityReader } from "./activity-store.js";

/** The entries behind one row, as far as they are loaded. */
export interface RowEntries {
  readonly entries: readonly Entry[];
  /** Whether the server has more than these. */
  readonly more: boolean;
  /** Whether something the reader waits for is under way. */
  readonly busy: boolean;
  /** Why the last attempt failed, or null. */
  readonly failure: { readonly error: unknown } | null;
}

/** What there is to tell about entries. */
export type EntriesNews =
  | { readonly what: "entries"; readonly shown: number; readonly total: number }
  | { readonly what: "entries-failure"; readonly error: unknown }
  | { readonly what: "nothing" };

/** Holds the entries behind rows, by the rows' positions, which never change. */
export interface RowEntriesStore {
  subscribe(listener: () => void): () => void;
  getSnapshot(): ReadonlyMap<number, RowEntries>;
  /** Loads the first entries of a row that was opened, unless they are there. */
  open(row: ActivityRow): void;
  /** Aborts what is under way for a row that was closed, and forgets its failure. */
  close(position: number): void;
  /** Loads what follows, or tries again what failed. */
  more(row: ActivityRow): void;
  /** Brings an open row that has grown up to date without a word. */
  keepUp(row: ActivityRow): void;
  stop(): void;
}

/** How many entries are loaded at a time. */
export const entriesPerPart = 20;

/** A part of the list with the cursor it was loaded by, so that a part that has grown can be loaded again. */
interface Part {
  readonly cursor: string | undefined;
  readonly entries: readonly Entry[];
  readonly next: string | null;
}

const nothing: RowEntries = { entries: [], more: false, busy: false, failure: null };

/** Makes the store of the entries of one account. */
export function createRowEntries(
  reader: ActivityReader,
  account: string,
  tell: (news: EntriesNews) => void,
): RowEntriesStore {
  const listeners = new Set<() => void>();
  const partsOf = new Map<number, Part[]>();
  const tasks = new Map<number, AbortController>();
  /** How many entries a row said it had when its entries were loaded last. */
  const promised = new Map<number, number>();
  let snapshot: ReadonlyMap<number, RowEntries> = new Map();

  const update = (position: number, change: Partial<RowEntries>) => {
    const before = snapshot.get(position) ?? nothing;
    snapshot = new Map(snapshot).set(position, { ...before, ...change });
    for (const listener of listeners) listener();
  };

  const load = async (row: ActivityRow, index: number, quiet: boolean): Promise<void> => {
    const { position } = row;
    const parts = partsOf.get(position) ?? [];
    partsOf.set(position, parts);
    const cursor = index === 0 ? undefined : (parts[index - 1]?.next ?? undefined);
    const task = new AbortController();
    tasks.set(position, task);
    if (!quiet) {
      tell({ what: "nothing" });
      update(position, { busy: true });
    }
    try {
      const query = { limit: entriesPerPart, ...(cursor === undefined ? {} : { cursor }) };
      const list = await reader.activityEntries(account, position, query, { signal: task.signal });
      if (tasks.get(position) !== task) return;
      tasks.delete(position);
      promised.set(position, row.entries);
      parts[index] = { cursor, entries: list.entries, next: list.next_cursor };
      const entries = parts.flatMap((part) => part.entries);
      update(position, { entries, more: list.next_cursor !== null, busy: false, failure: null });
      if (!quiet)
        tell({ what: "entries", shown: entries.length, total: Math.max(row.entries, entries.length) });
    } catch (error) {
      if (tasks.get(position) !== task) return;
      tasks.delete(position);
      if (quiet) return;
      update(position, { busy: false, failure: { error } });
      tell({ what: "entries-failure", error });
    }
  };

  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    getSnapshot: () => snapshot,
    open(row) {
      const { position } = row;
      if (tasks.has(position) || (partsOf.get(position)?.length ?? 0) > 0) return;
      // A failure waits for the reader to try again.
      if ((snapshot.get(position)?.failure ?? null) !== null) return;
      void load(row, 0, false);
    },
    close(position) {
      tasks.get(position)?.abort();
      tasks.delete(position);
      if (snapshot.has(position)) update(position, { busy: false, failure: null });
    },
    more(row) {
      if (tasks.has(row.position)) return;
      void load(row, partsOf.get(row.position)?.length ?? 0, false);
    },
    keepUp(row) {
      const state = snapshot.get(row.position);
      const parts = partsOf.get(row.position) ?? [];
      if (state === undefined || parts.length === 0 || tasks.has(row.position)) return;
      if (state.more || row.entries <= (promised.get(row.position) ?? 0)) return;
      void load(row, parts.length - 1, true);
    },
    stop() {
      for (const [position, task] of tasks) {
        task.abort();
        tasks.delete(position);
        update(position, { busy: false });
      }
    },
  };
}
