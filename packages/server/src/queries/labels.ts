import { LRUCache } from "lru-cache";
import { DIMENSIONS, type DimensionName, type Facts } from "../core/facts.js";
import type { Reader } from "../db/port.js";

/** The number of labels that are cached, and the time for which they are. */
const CACHED_MAX = 50_000;
const CACHED_MS = 5_000;

const READ = `
  SELECT asked.number, l.label
  FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS asked (account, dimension, id, number)
  JOIN credits.labels l ON l.account = asked.account AND l.dimension = asked.dimension AND l.id = asked.id`;

/** The dimensions of an entry, row or hold. */
export type Dimensioned = Pick<Facts, DimensionName>;

/** Returns the label of an id: the latest given one, or the id. */
export type ToLabel = (dimension: DimensionName, id: string) => string;

/** The labels of what has no dimension. */
export const BY_ID: ToLabel = (_, id) => id;

/** Finds the labels of projects, members and tasks. */
export interface Labels {
  /** Reads the labels of dimensions of an account. All reads of one turn of the event loop share a query. */
  read(account: string, of: readonly Dimensioned[]): Promise<ToLabel>;
  /** Notes the labels that were just written with a command, if any. */
  note(account: string, of: Partial<Dimensioned>): void;
  /** Evicts the labels of an account, which were erased. */
  evict(account: string): void;
}

/** A label to read. */
interface Asked {
  readonly account: string;
  readonly dimension: DimensionName;
  readonly id: string;
}

/**
 * Makes the lookup of labels. The labels that other servers write may come five seconds late.
 *
 * @param max the number of labels that are cached
 */
export function createLabels(reader: Reader, max = CACHED_MAX): Labels {
  const cache = new LRUCache<string, string>({ max, ttl: CACHED_MS });
  /** The query to come, and what it asks for so far. */
  let next: { readonly asked: Map<string, Asked>; readonly loaded: Promise<Map<string, string>> } | null =
    null;

  async function load(asked: ReadonlyMap<string, Asked>): Promise<Map<string, string>> {
    const all = [...asked.values()];
    const found = await reader.query<{ number: bigint; label: string }>(READ, [
      all.map(({ account }) => account),
      all.map(({ dimension }) => dimension),
      all.map(({ id }) => id),
    ]);
    const labels = new Map([...asked].map(([name, { id }]) => [name, id]));
    const names = [...asked.keys()];
    for (const { number, label } of found) labels.set(names[Number(number) - 1] as string, label);
    // A label that was noted meanwhile is later than the one that was read.
    for (const [name, label] of labels) if (!cache.has(name)) cache.set(name, label);
    return labels;
  }

  function loadTogether(missing: ReadonlyMap<string, Asked>): Promise<Map<string, string>> {
    if (next === null) {
      const asked = new Map<string, Asked>();
      const loaded = Promise.resolve().then(() => {
        next = null;
        return load(asked);
      });
      next = { asked, loaded };
    }
    for (const [name, one] of missing) next.asked.set(name, one);
    return next.loaded;
  }

  return {
    async read(account, of) {
      const labels = new Map<string, string>();
      const missing = new Map<string, Asked>();
      for (const facts of of) {
        for (const dimension of DIMENSIONS) {
          const id = facts[dimension]?.id;
          if (id === undefined) continue;
          const name = toName(account, dimension, id);
          if (labels.has(name)) continue;
          const label = cache.get(name);
          if (label === undefined) missing.set(name, { account, dimension, id });
          else labels.set(name, label);
        }
      }
      const loaded = missing.size === 0 ? labels : await loadTogether(missing);
      return (dimension, id) => {
        const name = toName(account, dimension, id);
        return labels.get(name) ?? loaded.get(name) ?? id;
      };
    },
    evict(account) {
      for (const name of cache.keys()) if (name.startsWith(`${account}\n`)) cache.delete(name);
    },
    note(account, of) {
      for (const dimension of DIMENSIONS) {
        const given = of[dimension];
        if (given?.label != null) cache.set(toName(account, dimension, given.id), given.label);
      }
    },
  };
}

/** True if something has a project, member or task. */
export function hasDimension({ project, member, task }: Dimensioned): boolean {
  return project !== null || member !== null || task !== null;
}

const toName = (account: string, dimension: string, id: string) => `${account}\n${dimension}\n${id}`;
