import { LRUCache } from "lru-cache";

/** The number of statements that are cached. The ledger has fewer. */
const CACHED_MAX = 2_000;

/** Returns a conversion of statements that caches its results. */
export function cacheConversion(convert: (sql: string) => string): (sql: string) => string {
  const cache = new LRUCache<string, string>({ max: CACHED_MAX, memoMethod: convert });
  return (sql) => cache.memo(sql);
}
