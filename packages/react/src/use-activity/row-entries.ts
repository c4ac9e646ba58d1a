import type { ActivityRow, Entry } from "@credit-activity/client";
import type { ActivityReader } from "./activity-store.js";

/** The loaded entries of one row. */
export interface RowEntries {
  readonly entries: readonly Entry[];
  /** True if the row has entries that are not loaded. */
  readonly more: boolean;
  /** True if the user waits for a request. */
  readonly busy: boolean;
  /** The failure of the last request, or null. */
  readonly failure: { readonly error: unknown } | null;
}

/** A change of entries for the live region. */
export type EntriesAnnouncement =
  | { readonly what: "entries"; readonly shown: number; readonly total: number }
  | { readonly what: "entries-failure"; readonly error: unknown }
  | { readonly what: "nothing" };

/** Loads and caches the entries of rows, by the rows' positions, which never change. */
export interface RowEntriesStore {
  subscribe(listener: () => void): () => void;
  getSnapshot(): ReadonlyMap<number, RowEntries>;
  /** Loads the first entries of a row, unless they are cached. */
  open(row: ActivityRow): void;
  /** Aborts the request of a row, and clears its failure. */
  close(position: number): void;
  /** Loads the next entries, or retries a failed request. */
  more(row: ActivityRow): void;
  /** Loads the new entries of a row that has grown, without an announcement. */
  update(row: ActivityRow): void;
  stop(): void;
}

/** The number of entries per request. */
export const ENTRIES_PER_PART = 20;

/** One part of a row's entries, with the cursor that loads it again if the row grows. */
interface Part {
  readonly cursor: string | undefined;
  readonly entries: readonly Entry[];
  readonly next: string | null;
}

const NOTHING: RowEntries = { entries: [], more: false, busy: false, failure: null };

/** Creates the store of the entries of one account. */
export function createRowEntries(
  reader: ActivityReader,
  account: string,
  announce: (change: EntriesAnnouncement) => void,
): RowEntriesStore {
  const listeners = new Set<() => void>();
  const partsByPosition = new Map<number, Part[]>();
  const tasks = new Map<number, AbortController>();
  /** The number of entries of each row at its last request. */
  const countByPosition = new Map<number, number>();
  let snapshot: ReadonlyMap<number, RowEntries> = new Map();

  const set = (position: number, change: Partial<RowEntries>) => {
    const before = snapshot.get(position) ?? NOTHING;
    snapshot = new Map(snapshot).set(position, { ...before, ...change });
    for (const listener of listeners) listener();
  };

  const load = async (row: ActivityRow, index: number, quiet: boolean): Promise<void> => {
    const { position } = row;
    const parts = partsByPosition.get(position) ?? [];
    partsByPosition.set(position, parts);
    const cursor = index === 0 ? undefined : (parts[index - 1]?.next ?? undefined);
    const task = new AbortController();
    tasks.set(position, task);
    if (!quiet) {
      announce({ what: "nothing" });
      set(position, { busy: true });
    }
    try {
      const query = { limit: ENTRIES_PER_PART, ...(cursor === undefined ? {} : { cursor }) };
      const list = await reader.activityEntries(account, position, query, { signal: task.signal });
      if (tasks.get(position) !== task) return;
      tasks.delete(position);
      countByPosition.set(position, row.entries);
      parts[index] = { cursor, entries: list.entries, next: list.nextCursor };
      const entries = parts.flatMap((part) => part.entries);
      set(position, { entries, more: list.nextCursor !== null, busy: false, failure: null });
      if (quiet) return;
      announce({ what: "entries", shown: entries.length, total: Math.max(row.entries, entries.length) });
    } catch (error) {
      if (tasks.get(position) !== task) return;
      tasks.delete(position);
      if (quiet) return;
      set(position, { busy: false, failure: { error } });
      announce({ what: "entries-failure", error });
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
      if (tasks.has(position) || (partsByPosition.get(position)?.length ?? 0) > 0) return;
      // Only the user retries a failed request.
      if ((snapshot.get(position)?.failure ?? null) !== null) return;
      void load(row, 0, false);
    },
    close(position) {
      tasks.get(position)?.abort();
      tasks.delete(position);
      if (snapshot.has(position)) set(position, { busy: false, failure: null });
    },
    more(row) {
      if (tasks.has(row.position)) return;
      void load(row, partsByPosition.get(row.position)?.length ?? 0, false);
    },
    update(row) {
      const state = snapshot.get(row.position);
      const parts = partsByPosition.get(row.position) ?? [];
      if (state === undefined || parts.length === 0 || tasks.has(row.position)) return;
      if (state.more || row.entries <= (countByPosition.get(row.position) ?? 0)) return;
      void load(row, parts.length - 1, true);
    },
    stop() {
      for (const [position, task] of tasks) {
        task.abort();
        tasks.delete(position);
        set(position, { busy: false });
      }
    },
  };
}
