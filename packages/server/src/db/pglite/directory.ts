import { access, rename, rm } from "node:fs/promises";
import path from "node:path";
import { startInstance } from "./instance.js";
import { assertRoom, NEW_DATABASE_BYTES, ROOM_BYTES } from "./room.js";

/** True if a data directory contains an embedded database. */
export async function hasEmbeddedDatabase(dataDir: string): Promise<boolean> {
  return exists(path.join(dataDir, "postgres"));
}

/**
 * Makes the directory of the database's files where it is missing. The files are first made beside it and renamed when
 * they are complete. A process that is killed in between leaves nothing that cannot be opened.
 *
 * @returns the path of the directory
 * @throws DatabaseError when the disk has no room for a new database
 */
export async function prepareDirectory(dataDir: string): Promise<string> {
  const directory = path.join(dataDir, "postgres");
  if (await exists(directory)) return directory;
  const unfinished = path.join(dataDir, "postgres.unfinished");
  await rm(unfinished, { recursive: true, force: true });
  assertRoom(dataDir, NEW_DATABASE_BYTES + ROOM_BYTES);
  const database = await startInstance({ dataDir: unfinished });
  await database.close();
  await rename(unfinished, directory);
  return directory;
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
