/**
 * Settings that decide how values are written and read, and what the words of a statement mean. The ledger states them,
 * because a database or a role may have set others. All names of the ledger have their schema, so the search path has only
 * what belongs to PostgreSQL.
 */
export const STATED: Readonly<Record<string, string>> = {
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
  search_path: "pg_catalog, pg_temp",
};

/**
 * Returns a statement that applies settings, and returns no row.
 *
 * @param until the end of the settings; those of a transaction leave its session as it was
 */
export function toSetting(
  settings: Readonly<Record<string, string>>,
  until: "session" | "transaction",
): string {
  const set = Object.entries(settings).map(
    ([name, value]) => `pg_catalog.set_config('${name}', '${value}', ${until === "transaction"}) IS NULL`,
  );
  return `SELECT WHERE ${set.join(" OR ")}`;
}
