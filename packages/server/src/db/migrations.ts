import { MIGRATIONS } from "../generated/migrations.js";
import type { Connection, Database } from "./port.js";

/** Key of the advisory lock. All migrators have to use the same; it spells "credits" on a telephone. */
const MIGRATION_LOCK = 2_733_487;

/** The id of the newest migration of this version. A server must not write to a database that has a newer one. */
export const NEWEST_MIGRATION = MIGRATIONS.at(-1)?.id ?? 0;

type Migration = (typeof MIGRATIONS)[number];

/** Thrown when a newer version of the package has migrated the database. */
export class NewerSchemaError extends Error {
  override readonly name = "NewerSchemaError";
}

/**
 * Brings the database's schema up to this version. Migrations only go forward, each in its own transaction. A second
 * migrator waits for a lock, and then finds nothing to do.
 *
 * @returns the names of the migrations that were applied
 * @throws NewerSchemaError when the database has migrations that this version does not have
 */
export async function migrate(database: Database): Promise<string[]> {
  const applied = await readApplied(database);
  const names: string[] = [];
  for (const migration of MIGRATIONS) {
    if (applied.has(migration.id)) continue;
    const isNew = await database.transaction("migration", (connection) => apply(connection, migration));
    if (isNew) names.push(migration.name);
  }
  await refuseNewer(database);
  return names;
}

/** Ids of the applied migrations. A role without the right to change the schema can read them. */
async function readApplied(database: Database): Promise<Set<number>> {
  const [found] = await database.query<{ exists: boolean }>(
    "SELECT to_regclass('credits.migrations') IS NOT NULL AS exists",
  );
  if (found?.exists !== true) return new Set();
  const rows = await database.query<{ id: number }>("SELECT id FROM credits.migrations");
  return new Set(rows.map((row) => row.id));
}

/** Inserts the migration's row before it runs it, so that it cannot run twice even without the lock. */
async function apply(connection: Connection, migration: Migration): Promise<boolean> {
  await connection.query("SELECT pg_advisory_xact_lock($1::bigint)", [MIGRATION_LOCK]);
  await connection.query("CREATE SCHEMA IF NOT EXISTS credits");
  await connection.query(
    "CREATE TABLE IF NOT EXISTS credits.migrations (id integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL)",
  );
  const inserted = await connection.query(
    "INSERT INTO credits.migrations (id, name, applied_at) VALUES ($1::integer, $2, clock_timestamp()) ON CONFLICT DO NOTHING RETURNING id",
    [migration.id, migration.name],
  );
  if (inserted.length === 0) return false;
  await connection.script(migration.sql);
  return true;
}

async function refuseNewer(database: Database): Promise<void> {
  const [newer] = await database.query<{ name: string }>(
    "SELECT name FROM credits.migrations WHERE id > $1::integer ORDER BY id LIMIT 1",
    [NEWEST_MIGRATION],
  );
  if (newer !== undefined) throw new NewerSchemaError(toNewerSchemaMessage(newer.name));
}

/** Returns the sentences about a migration that this version does not have. */
export function toNewerSchemaMessage(migration: string): string {
  return `The database has the migration "${migration}", which this version does not have. Run the version that applied it, or a newer one.`;
}
