/**
 * Settings that decide how values are written and read, and what the words of a statement mean. Every connection states
 * them, because a database or a role may have set others.
 */
const STATED: Readonly<Record<string, string>> = {
  TimeZone: "UTC",
  DateStyle: "ISO, MDY",
  IntervalStyle: "postgres",
  bytea_output: "hex",
  extra_float_digits: "1",
  client_encoding: "UTF8",
  standard_conforming_strings: "on",
  array_nulls: "on",
  transform_null_equals: "off",
  default_transaction_isolation: "read committed",
};

/**
 * States the settings of a connection. All names of the ledger have their schema, so the search path has only what belongs
 * to PostgreSQL.
 */
export const SET_STATED = [
  ...Object.entries(STATED).map(([name, value]) => `SET ${name} = '${value}'`),
  "SET search_path = pg_catalog, pg_temp",
].join("; ");
