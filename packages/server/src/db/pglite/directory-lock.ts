import { randomUUID } from "node:crypto";
import { readFile, readlink, realpath, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { constants, hostname } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type * as Lockfile from "proper-lockfile";
import { DatabaseError } from "../errors.js";

/** Interval at which a holder updates the time of its lock, in milliseconds. */
const UPDATE_MS = 2_000;

/** Age at which a lock is stale, in milliseconds. */
const STALE_MS = 20_000;

/** Age at which a lock is stale when its process is gone: one missed update and a second. */
const GONE_MS = 3_000;

/** Interval at which a lock that may be stale is looked at, in milliseconds. */
const LOOK_MS = 250;

/** Holder of a lock. */
interface Owner {
  readonly pid: number;
  /** Host, boot and process namespace in which the id counts. Containers on one volume each have a process 1. */
  readonly place: string;
  /** Distinguishes two openings. */
  readonly nonce: string;
}

/** A directory's lock. */
interface Lock {
  readonly directory: string;
  /** Directory that exists while the lock is held. */
  readonly path: string;
  /** File that names the holder. A leftover one means nothing without the lock. */
  readonly ownerFile: string;
}

/** Directories that this process holds, or is about to. */
const held = new Set<string>();

/**
 * Locks a directory for this process. The lock is a directory whose time the holder updates every 2 seconds.
 *
 * A lock without updates for 20 seconds is taken over, and this waits for that. A file beside the lock names its
 * process. If that process ran in this place and is gone, 3 seconds are enough. They cannot be 0, because the file and
 * the lock do not change in one step. If the process still runs, its lock is never taken over: a long query of the
 * embedded database stops all timers.
 *
 * @param onLost called when the lock is lost: another process has taken it over, or somebody has deleted it
 * @returns a function that releases the lock
 * @throws DatabaseError when another opening holds the lock
 */
export async function lockDirectory(directory: string, onLost: () => void): Promise<() => Promise<void>> {
  const real = await realpath(directory);
  const lock: Lock = {
    directory: real,
    path: path.join(real, "lock"),
    ownerFile: path.join(real, "lock.json"),
  };
  const owner: Owner = { pid: process.pid, place: await readPlace(), nonce: randomUUID() };
  if (held.has(real)) throw inUse(lock, owner);
  held.add(real);
  let isOver = false;
  const finish = () => {
    isOver = true;
    held.delete(real);
  };
  try {
    const unlock = await acquire(lock, owner, () => {
      if (isOver) return;
      finish();
      onLost();
    });
    return async () => {
      if (isOver) return;
      isOver = true;
      await release(lock, owner, unlock).finally(finish);
    };
  } catch (error) {
    finish();
    throw error;
  }
}

async function acquire(lock: Lock, own: Owner, onLost: () => void): Promise<() => Promise<void>> {
  /** Time of the lock when it was first looked at. */
  let first: number | null = null;
  for (;;) {
    // A stale lock is removed below and not by the library, which lets two processes take over the same one.
    const unlock = await tryLock(lock.directory, {
      lockfilePath: lock.path,
      stale: Number.POSITIVE_INFINITY,
      update: UPDATE_MS,
      onCompromised: onLost,
    });
    if (unlock !== null) {
      await writeFile(lock.ownerFile, `${JSON.stringify(own)}\n`).catch(async (error) => {
        await unlock();
        throw error;
      });
      return unlock;
    }
    const owner = await readOwner(lock);
    const isHere = owner?.place === own.place;
    if (owner !== null && isHere && isRunning(owner)) throw inUse(lock, owner);
    const updatedAt = await readTime(lock);
    if (updatedAt === null) continue;
    first ??= updatedAt;
    if (updatedAt !== first) throw inUse(lock, owner);
    const staleMs = isHere ? GONE_MS : STALE_MS;
    if (isOlder(updatedAt, staleMs)) await removeStale(lock, staleMs);
    else await sleep(LOOK_MS);
  }
}

/** Releases a lock, unless another process has taken it over since the last update. The next update notices that. */
async function release(lock: Lock, own: Owner, unlock: () => Promise<void>): Promise<void> {
  if ((await readOwner(lock))?.nonce !== own.nonce) return;
  await rm(lock.ownerFile, { force: true });
  await unlock();
}

/** Removes a stale lock, one process at a time, so that nobody removes the lock of its successor. */
async function removeStale(lock: Lock, staleMs: number): Promise<void> {
  const unlock = await tryLock(lock.directory, {
    lockfilePath: `${lock.path}.takeover`,
    stale: STALE_MS,
    update: UPDATE_MS,
    onCompromised: () => {},
  });
  if (unlock === null) {
    await sleep(LOOK_MS);
    return;
  }
  try {
    const updatedAt = await readTime(lock);
    // Earlier versions have a file in the lock's place.
    if (updatedAt !== null && isOlder(updatedAt, staleMs))
      await rm(lock.path, { recursive: true, force: true });
  } finally {
    await unlock();
  }
}

/** Locks with the library; null when the lock is held. */
async function tryLock(
  directory: string,
  options: Lockfile.LockOptions,
): Promise<(() => Promise<void>) | null> {
  library ??= loadLibrary();
  try {
    return await library.lock(directory, { ...options, realpath: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ELOCKED") return null;
    throw error;
  }
}

let library: typeof Lockfile | undefined;

/**
 * Loads the library without its handlers of signals. They end the process as soon as the application's own handler is
 * gone, which one set by `process.once` is before it has run. The library's handler of a regular exit stays.
 */
function loadLibrary(): typeof Lockfile {
  const signals = Object.keys(constants.signals) as NodeJS.Signals[];
  const before = new Map(signals.map((signal) => [signal, process.listeners(signal)]));
  const loaded = createRequire(import.meta.url)("proper-lockfile") as typeof Lockfile;
  for (const [signal, known] of before) {
    for (const listener of process.listeners(signal)) {
      if (!known.includes(listener)) process.removeListener(signal, listener);
    }
  }
  return loaded;
}

async function readPlace(): Promise<string> {
  const [boot, namespace] = await Promise.all([
    readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => ""),
    readlink("/proc/self/ns/pid").catch(() => ""),
  ]);
  return [hostname(), boot.trim(), namespace].filter((part) => part !== "").join(" ");
}

/** Reads the owner file; null where it is missing or incomplete. */
async function readOwner(lock: Lock): Promise<Owner | null> {
  try {
    const { pid, place, nonce } = JSON.parse(await readFile(lock.ownerFile, "utf8")) as Partial<Owner>;
    if (!Number.isSafeInteger(pid) || typeof place !== "string" || typeof nonce !== "string") return null;
    return { pid: pid as number, place, nonce };
  } catch {
    return null;
  }
}

/** True if a process of this place runs. This process holds no lock here, so its own id is a dead process's. */
function isRunning({ pid }: Owner): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Time of the last update of a lock, in milliseconds since 1970; null when there is no lock. */
async function readTime(lock: Lock): Promise<number | null> {
  try {
    return (await stat(lock.path)).mtimeMs;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

function isOlder(timeMs: number, ageMs: number): boolean {
  return Date.now() - timeMs > ageMs;
}

function inUse({ directory, path: lockPath }: Lock, owner: Owner | null): DatabaseError {
  const process = owner === null ? "another process" : `process ${owner.pid} (${owner.place})`;
  return new DatabaseError(
    "unavailable",
    `The directory "${directory}" is open in ${process}, and a second process would damage it. Stop that process, choose another directory, or use PostgreSQL. If no such process is yours, delete "${lockPath}".`,
  );
}
