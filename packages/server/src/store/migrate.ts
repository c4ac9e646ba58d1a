import { readdir, readFile } from "node:fs/promises";
import type { Connection, Database } from "./database.js";

const FOLDER = new URL("../../sql/", import.meta.url);

/** Any number does, as long as all migrators use the same: it spells "credits" on a telephone. */
const MIGRATION_LOCK = 2_733_487;

/** A migration may wait and may rewrite whole tables, which connections that write otherwise are not set up for. */
const MIGRATION_SETTINGS = [
  "lock_timeout = 0",
  "enable_hashjoin = on",
  "enable_mergejoin = on",
  "enable_seqscan = on",
  "enable_bitmapscan = on",
];

/** A migration of this version of the package. */
interface Migration {
  readonly id: number;
  readonly name: string;
  readonly sql: string;
}

/** Thrown when the database was migrated by a newer version than this one. */
export class NewerSchemaError extends Error {
  override readonly name = "NewerSchemaError";
}

/**
 * Brings the database's schema up to this version. Migrations only go forward, each in a transaction of its own; a lock
 * makes a second migrator wait, and then find nothing to do.
 *
 * @returns the names of the migrations that were applied
 * @throws NewerSchemaError when the database knows migrations that this version does not
 */
export async function migrate(database: Database): Promise<string[]> {
  const migrations = await readMigrations();
  const applied: string[] = [];
  const known = await readApplied(database);
  for (const migration of migrations) {
    if (known.has(migration.id)) continue;
    const ran = await database.transaction(
      (connection) => apply(database, connection, migration),
      "migration",
    );
    if (ran) applied.push(migration.name);
  }
  await refuseNewer(database, migrations);
  return applied;
}

async function readMigrations(): Promise<Migration[]> {
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith(".sql")).sort();
  return Promise.all(
    files.map(async (file) => ({
      id: Number.parseInt(file, 10),
      name: file.replace(/\.sql$/, ""),
      sql: await readFile(new URL(file, FOLDER), "utf8"),
    })),
  );
}

/** The migrations a database has; a role that may only read and write rows can ask for them. */
async function readApplied(database: Database): Promise<Set<number>> {
  const [found] = await database.query<{ there: boolean }>(
    "SELECT to_regclass('credits.migrations') IS NOT NULL AS there",
  );
  if (found?.there !== true) return new Set();
  const rows = await database.query<{ id: number }>("SELECT id FROM credits.migrations");
  return new Set(rows.map((row) => row.id));
}

/** The row is inserted before the migration runs, so that a migration can't run twice even without the lock. */
async function apply(database: Database, connection: Connection, migration: Migration): Promise<boolean> {
  for (const setting of MIGRATION_SETTINGS) await connection.query(`SET LOCAL ${setting}`);
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
  await database.script(connection, migration.sql);
  return true;
}

async function refuseNewer(database: Database, migrations: readonly Migration[]): Promise<void> {
  const newest = migrations.at(-1)?.id ?? 0;
  const rows = await database.query<{ name: string }>(
    "SELECT name FROM credits.migrations WHERE id > $1::integer ORDER BY id",
    [newest],
  );
  if (rows.length > 0) {
    throw new NewerSchemaError(
      `The database has the migration "${rows[0]?.name}", which this version does not know. Run the version that made it, or a newer one.`,
    );
  }
}
