import { cacheConversion } from "./conversion.js";

/** The schema of a ledger without the option `schema`. Statements are written with it. */
export const SCHEMA_DEFAULT = "credits";

/** Matches the schema where a statement names it. */
const WRITTEN = /\bcredits(?=\.|'::regnamespace)/g;

/** Names the schema of a ledger in a statement that is written with the default one. */
export type Naming = (sql: string) => string;

/** Makes the naming of a schema. All statements of a connection pass it, so no search path is needed to find the ledger. */
export function createNaming(schema: string): Naming {
  if (schema === SCHEMA_DEFAULT) return (sql) => sql;
  return cacheConversion((sql) => sql.replace(WRITTEN, schema));
}
