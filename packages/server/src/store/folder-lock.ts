import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { DatabaseUnavailableError } from "./database.js";

/** Folders this process has open. A process id alone can't tell two openings in one process apart. */
const opened = new Set<string>();

/**
 * Claims a folder for this process with a lock file that carries its process id. A lock whose process is gone (killed,
 * or a container that came up again with the same id) is taken over.
 *
 * @returns what gives the folder back
 * @throws DatabaseUnavailableError when another process has it
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const file = path.join(path.resolve(folder), "lock");
  for (let tries = 0; tries < 5; tries++) {
    if (await claim(file)) {
      opened.add(file);
      return async () => {
        opened.delete(file);
        await rm(file, { force: true });
      };
    }
    const holder = await readFile(file, "utf8").catch(() => "");
    if (isAlive(holder, file)) {
      throw new DatabaseUnavailableError(
        `The folder "${folder}" is open in process ${holder.trim()}, and two processes on one embedded database would damage it. Stop that process, choose another folder, or use PostgreSQL. If no such process is yours, delete "${file}".`,
      );
    }
    await removeStale(file, holder);
  }
  throw new DatabaseUnavailableError(`The lock file "${file}" could not be claimed. Try again.`);
}

/** A lock appears with its content in one step, so that nobody reads a half-written one. */
async function claim(file: string): Promise<boolean> {
  const draft = `${file}.${process.pid}.new`;
  await writeFile(draft, `${process.pid}\n`);
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

function isAlive(holder: string, file: string): boolean {
  const pid = Number(holder);
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  if (pid === process.pid) return opened.has(file);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * Takes a dead process's lock away. Renaming is atomic: when another process did the same a moment before and holds the
 * lock now, what was moved is its lock, and goes back.
 */
async function removeStale(file: string, holder: string): Promise<void> {
  const aside = `${file}.${process.pid}`;
  try {
    await rename(file, aside);
    const moved = await readFile(aside, "utf8");
    if (moved === holder) await rm(aside, { force: true });
    else await rename(aside, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
