import { MIGRATIONS } from "../generated/migrations.js";
import { DatabaseError } from "./errors.js";
import { SCHEMA_DEFAULT } from "./naming.js";
import type { Connection, Database } from "./port.js";

/** Key of the advisory lock. All migrators have to use the same; it spells "credits" on a telephone. */
const MIGRATION_LOCK = 2_733_487;

/** Locks the migrators of a schema out. The default schema has the key alone, as versions without other schemas have it. */
const LOCK = "SELECT pg_advisory_xact_lock($1::bigint)";
const LOCK_SCHEMA = "SELECT pg_advisory_xact_lock($1::integer, hashtext($2))";

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

/**
 * Refuses a database whose schema is not that of this version, and changes nothing.
 *
 * @throws DatabaseError when a migration of this version was not applied
 * @throws NewerSchemaError when the database has migrations that this version does not have
 */
export async function requireMigrated(database: Database): Promise<void> {
  const applied = await readApplied(database);
  const missing = MIGRATIONS.find(({ id }) => !applied.has(id));
  if (missing !== undefined)
    throw new DatabaseError(
      "unusable",
      `The schema "${database.schema}" of the database lacks the migration "${missing.name}". Call migrate() of this version, or run "credit-activity migrate".`,
    );
  await refuseNewer(database);
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
  const { schema } = connection;
  if (schema === SCHEMA_DEFAULT) await connection.query(LOCK, [MIGRATION_LOCK]);
  else await connection.query(LOCK_SCHEMA, [MIGRATION_LOCK, schema]);
  await connection.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
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
