import { inject } from "vitest";
import { createDatabase, type Database, query } from "./postgres.js";

/**
 * Settings that change how values are written and read where a connection does not state its own. Functions of the first
 * schema hide those of PostgreSQL.
 */
const HOSTILE: Readonly<Record<string, string>> = {
  bytea_output: "'escape'",
  DateStyle: "'SQL, DMY'",
  IntervalStyle: "'sql_standard'",
  TimeZone: "'America/St_Johns'",
  extra_float_digits: "-15",
  client_encoding: "'LATIN1'",
  standard_conforming_strings: "off",
  array_nulls: "off",
  transform_null_equals: "on",
  default_transaction_isolation: "'serializable'",
  search_path: "hostile, public, pg_catalog",
};

const HOSTILE_SCHEMA = `
  CREATE SCHEMA hostile;
  CREATE FUNCTION hostile.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT ''1999-12-31''::timestamptz';
  CREATE FUNCTION hostile.length(bytea) RETURNS integer LANGUAGE sql AS 'SELECT 0';
  CREATE FUNCTION hostile.to_regclass(text) RETURNS regclass LANGUAGE sql AS 'SELECT NULL::regclass';
  CREATE FUNCTION hostile.json_array_length(json) RETURNS integer LANGUAGE sql AS 'SELECT 0'`;

/** Creates an empty database on the server, all of whose settings are hostile. The suites run on those. */
export async function createHostileDatabase(name: string): Promise<Database> {
  const database = await createDatabase(inject("databaseUrl"), name);
  const own = new URL(database.url).pathname.slice(1);
  const settings = Object.entries(HOSTILE).map(([setting, value]) => `SET ${setting} = ${value}`);
  const alter = settings.map((set) => `ALTER DATABASE ${own} ${set}`).join("; ");
  await query(database.url, `${HOSTILE_SCHEMA}; ${alter}`);
  return database;
}
