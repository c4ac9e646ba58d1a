import { LRUCache } from "lru-cache";

/** The schema of a ledger that is not told otherwise. Statements are written with it. */
export const SCHEMA_DEFAULT = "credits";

/** Matches the schema where a statement names it. */
const WRITTEN = /\bcredits(?=\.|'::regnamespace)/g;

/** The number of statements that are kept with their schema. The ledger has fewer. */
const KEPT_MAX = 2_000;

/** Names the schema of a ledger in a statement that is written with the default one. */
export type Naming = (sql: string) => string;

/** Makes the naming of a schema. All statements of a connection pass it, so no search path is needed to find the ledger. */
export function createNaming(schema: string): Naming {
  if (schema === SCHEMA_DEFAULT) return (sql) => sql;
  const kept = new LRUCache<string, string>({ max: KEPT_MAX });
  return (sql) => {
    let named = kept.get(sql);
    if (named === undefined) {
      named = sql.replace(WRITTEN, schema);
      kept.set(sql, named);
    }
    return named;
  };
}
