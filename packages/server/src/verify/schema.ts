import { createNaming } from "../db/naming.js";
import type { Connection, Reader } from "../db/port.js";
import { SCHEMA } from "../generated/schema.js";
import type { Check, Finding } from "./check.js";

/** Definitions by object, such as `trigger append_only on credits.entries`. */
export type Schema = Readonly<Record<string, string>>;

/**
 * Reads what the schema is made of, in words that all versions of PostgreSQL share. NOT NULL is part of a column, because
 * only newer versions have constraints for it.
 */
const OBJECTS = `
  SELECT 'table ' || c.oid::regclass AS object, concat_ws(' ', c.relkind, c.relpersistence,
    CASE WHEN c.relrowsecurity THEN 'with row security' END) AS definition
  FROM pg_class c WHERE c.relnamespace = 'credits'::regnamespace AND c.relkind IN ('r', 'p')
  UNION ALL
  SELECT 'column ' || a.attname || ' of ' || c.oid::regclass, concat_ws(' ', format_type(a.atttypid, a.atttypmod),
    CASE WHEN a.attnotnull THEN 'NOT NULL' END, nullif(a.attgenerated, ''), nullif(a.attidentity, ''),
    (SELECT 'COLLATE ' || l.collname FROM pg_collation l WHERE l.oid = a.attcollation AND l.collname <> 'default'),
    'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid))
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
  WHERE c.relnamespace = 'credits'::regnamespace AND c.relkind IN ('r', 'p')
  UNION ALL
  SELECT 'constraint ' || o.conname || ' on ' || o.conrelid::regclass, pg_get_constraintdef(o.oid)
  FROM pg_constraint o WHERE o.connamespace = 'credits'::regnamespace AND o.contype <> 'n'
  UNION ALL
  SELECT 'index ' || c.relname || ' on ' || i.indrelid::regclass, concat_ws(' ', pg_get_indexdef(c.oid),
    CASE WHEN NOT i.indisvalid OR NOT i.indisready THEN 'INVALID' END)
  FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid WHERE c.relnamespace = 'credits'::regnamespace
  UNION ALL
  SELECT 'trigger ' || t.tgname || ' on ' || t.tgrelid::regclass, pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
  WHERE c.relnamespace = 'credits'::regnamespace AND NOT t.tgisinternal
  UNION ALL
  SELECT 'rule ' || r.rulename || ' on ' || r.ev_class::regclass, pg_get_ruledef(r.oid)
  FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
  WHERE c.relnamespace = 'credits'::regnamespace AND r.rulename <> '_RETURN'
  UNION ALL
  SELECT 'policy ' || p.polname || ' on ' || p.polrelid::regclass, p.polcmd::text
  FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE c.relnamespace = 'credits'::regnamespace
  UNION ALL
  SELECT 'view ' || c.oid::regclass, pg_get_viewdef(c.oid)
  FROM pg_class c WHERE c.relnamespace = 'credits'::regnamespace AND c.relkind IN ('v', 'm')
  UNION ALL
  SELECT 'function credits.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', concat_ws(' ',
    pg_get_function_result(p.oid), l.lanname, p.prokind, p.provolatile, p.prosecdef, p.proisstrict, p.proconfig::text, p.prosrc)
  FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.pronamespace = 'credits'::regnamespace
  UNION ALL
  SELECT 'migration ' || id, name FROM credits.migrations`;

/** Reads the definitions of the schema. */
export async function readSchema(reader: Reader): Promise<Schema> {
  const objects = await reader.query<{ object: string; definition: string }>(OBJECTS);
  const definitions = objects.map(({ object, definition }) => [object, definition] as const);
  return Object.fromEntries(definitions.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The kinds of objects that a person may add. The others decide what happens to the records. */
const MAY_BE_ADDED = /^(?:index|column) /;

/** Returns what the migrations make in a schema. */
function toExpected(schema: string): Schema {
  const name = createNaming(schema);
  return Object.fromEntries(
    Object.entries(SCHEMA).map(([object, definition]) => [name(object), name(definition)]),
  );
}

/** Compares the schema with what the migrations make: guards that were replaced guard nothing. */
export const schema: Check = {
  name: "tables, triggers, functions, views and indexes are what the migrations make",
  async find(connection: Connection): Promise<Finding | null> {
    const actual = await readSchema(connection);
    const expected = toExpected(connection.schema);
    const find = (object: string): string | null => {
      if (actual[object] === expected[object]) return null;
      if (actual[object] === undefined) return "is missing";
      if (expected[object] === undefined) return "is not part of the ledger";
      return "is not what the migrations make";
    };
    const added = Object.keys(actual).filter((object) => !(object in expected) && !MAY_BE_ADDED.test(object));
    for (const record of [...Object.keys(expected), ...added]) {
      const problem = find(record);
      if (problem !== null) return { account: "", record, problem };
    }
    return null;
  },
};
