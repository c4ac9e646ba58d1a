import { randomUUID } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { mkdir, readFile, readlink, realpath, rm, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DatabaseError } from "../errors.js";
import { type Heartbeat, startHeartbeat } from "./heartbeat.js";

/** Age at which a lock is stale, in milliseconds. */
const STALE_MS = 20_000;

/** Age at which a lock is stale when its process is gone: one missed update and a second. */
const GONE_MS = 3_000;

/**
 * Time for which a lock of another place is watched before it counts as stale: two updates and a second. Its age alone may
 * come from a clock that differs from the other place's.
 */
const WATCH_MS = 5_000;

/** Interval at which a lock that may be stale is looked at, in milliseconds. */
const LOOK_MS = 250;

/** Holder of a lock. */
interface Owner {
  readonly pid: number;
  /** Time at which the process started, in ticks since the boot. Ids are used again. Null where it can't be read. */
  readonly startedAt: string | null;
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

/** Key of the directories that this process holds. Bundlers give a process several copies of this module. */
const HELD = Symbol.for("credit-activity.directories");

/** Directories that this process holds, or is about to. */
const held = listHeld();

function listHeld(): Set<string> {
  const holder = globalThis as { [HELD]?: Set<string> };
  holder[HELD] ??= new Set();
  return holder[HELD];
}

/** Lock of a directory that this process holds. */
export interface DirectoryLock {
  /**
   * Checks cheaply that the lock is still held.
   *
   * @throws DatabaseError when it is lost, or when it was not updated for so long that it may be
   */
  assertHeld(): void;
  release(): Promise<void>;
}

/**
 * Locks a directory for this process. The lock is a directory whose time a thread of the holder updates every 2 seconds.
 *
 * A lock without updates for 20 seconds is taken over, and this waits for that. A file beside the lock names its
 * process. If that process ran in this place and is gone, 3 seconds are enough. They cannot be 0, because the file and
 * the lock do not change in one step. If the process still runs, its lock is never taken over.
 *
 * A process that was stopped for long, as a whole, does not rely on its lock before it has updated it again.
 *
 * @throws DatabaseError when another opening holds the lock
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const real = await realpath(directory);
  const lock: Lock = {
    directory: real,
    path: path.join(real, "lock"),
    ownerFile: path.join(real, "lock.json"),
  };
  const own = await readSelf();
  if (held.has(real)) throw inUseHere(real);
  held.add(real);
  try {
    await acquire(lock, own);
    return toHeld(lock, own, startHeartbeat({ ...lock, nonce: own.nonce }));
  } catch (error) {
    held.delete(real);
    throw error;
  }
}

function toHeld(lock: Lock, own: Owner, heartbeat: Heartbeat): DirectoryLock {
  const onExit = () => {
    if (!heartbeat.isLost) removeOwnSync(lock, own);
  };
  process.once("exit", onExit);
  let isReleased = false;
  return {
    assertHeld() {
      if (heartbeat.isLost) throw new DatabaseError("closed", toLostMessage(lock.directory));
      if (!heartbeat.isReliable) throw new DatabaseError("unavailable", toDoubtfulMessage(lock.directory));
    },
    async release() {
      if (isReleased) return;
      isReleased = true;
      process.removeListener("exit", onExit);
      await heartbeat.stop();
      if (!heartbeat.isLost) removeOwnSync(lock, own);
      held.delete(lock.directory);
    },
  };
}

async function acquire(lock: Lock, own: Owner): Promise<void> {
  /** Time of the lock when it was first looked at, and the monotonic time of that look. */
  let first: { readonly updatedAt: number; readonly sinceMs: number } | null = null;
  for (;;) {
    if (await makeDirectory(lock.path)) {
      await writeFile(lock.ownerFile, `${JSON.stringify(own)}\n`).catch(async (error) => {
        await rm(lock.path, { recursive: true, force: true });
        throw error;
      });
      return;
    }
    const owner = await readOwner(lock);
    const isHere = owner?.place === own.place;
    if (owner !== null && isHere && (await isRunning(owner))) throw inUse(lock, owner);
    const updatedAt = await readTime(lock.path);
    if (updatedAt === null) continue;
    first ??= { updatedAt, sinceMs: performance.now() };
    if (updatedAt !== first.updatedAt) throw inUse(lock, owner);
    const staleMs = isHere ? GONE_MS : STALE_MS;
    const isWatched = isHere || performance.now() - first.sinceMs > WATCH_MS;
    if (isWatched && isOlder(updatedAt, staleMs)) await removeStale(lock, staleMs);
    else await sleep(LOOK_MS);
  }
}

/** Makes a directory in one step. Returns false if it exists. */
async function makeDirectory(directory: string): Promise<boolean> {
  try {
    await mkdir(directory);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Removes the lock of this process, unless another process has taken it over since the last update. */
function removeOwnSync(lock: Lock, own: Owner): void {
  if (parseOwner(readFileOrNull(lock.ownerFile))?.nonce !== own.nonce) return;
  rmSync(lock.ownerFile, { force: true });
  rmSync(lock.path, { recursive: true, force: true });
}

function readFileOrNull(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}

/** Removes a stale lock, one process at a time, so that nobody removes the lock of its successor. */
async function removeStale(lock: Lock, staleMs: number): Promise<void> {
  const takeover = `${lock.path}.takeover`;
  if (!(await makeDirectory(takeover))) {
    const madeAt = await readTime(takeover);
    // A process that was killed in between has left it.
    if (madeAt !== null && isOlder(madeAt, STALE_MS)) await rm(takeover, { recursive: true, force: true });
    await sleep(LOOK_MS);
    return;
  }
  try {
    const updatedAt = await readTime(lock.path);
    // Earlier versions have a file in the lock's place.
    if (updatedAt !== null && isOlder(updatedAt, staleMs))
      await rm(lock.path, { recursive: true, force: true });
  } finally {
    await rm(takeover, { recursive: true, force: true });
  }
}

/** Returns this process as the holder of a lock. */
async function readSelf(): Promise<Owner> {
  const [place, stat] = await Promise.all([readPlace(), readStat(process.pid)]);
  return { pid: process.pid, startedAt: stat?.startedAt ?? null, place, nonce: randomUUID() };
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
  return parseOwner(await readFile(lock.ownerFile, "utf8").catch(() => null));
}

/** Parses an owner file. Earlier versions have not written the start of the process. */
function parseOwner(json: string | null): Owner | null {
  if (json === null) return null;
  try {
    const { pid, startedAt = null, place, nonce } = JSON.parse(json) as Partial<Owner>;
    if (!Number.isSafeInteger(pid) || typeof place !== "string" || typeof nonce !== "string") return null;
    return { pid: pid as number, startedAt, place, nonce };
  } catch {
    return null;
  }
}

/** States of a process in `/proc` that has ended: a zombie waits for its parent, and holds nothing. */
const ENDED: ReadonlySet<string> = new Set(["Z", "X"]);

/**
 * True if a process of this place runs. This process holds no lock here, so its own id is a dead process's. So is one whose
 * id another process has now, which started at another time.
 */
async function isRunning({ pid, startedAt }: Owner): Promise<boolean> {
  if (pid === process.pid) return false;
  if (!exists(pid)) return false;
  const stat = await readStat(pid);
  if (stat === null) return exists(pid);
  if (ENDED.has(stat.state)) return false;
  return startedAt === null || stat.startedAt === startedAt;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Reads the state and the start of a process (proc_pid_stat(5)); null where there is no `/proc`. */
async function readStat(pid: number): Promise<{ state: string; startedAt: string } | null> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  if (stat === null) return null;
  // The second field is the name in parentheses, which may have spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, startedAt] = [fields[0], fields[19]];
  return state === undefined || startedAt === undefined ? null : { state, startedAt };
}

/** Time of the last update of a lock, in milliseconds since 1970; null when there is no lock. */
async function readTime(file: string): Promise<number | null> {
  try {
    return (await stat(file)).mtimeMs;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

function isOlder(timeMs: number, ageMs: number): boolean {
  return Date.now() - timeMs > ageMs;
}

function inUseHere(directory: string): DatabaseError {
  return new DatabaseError(
    "unavailable",
    `The directory "${directory}" is open in this process already. Use one ledger for the whole process, for example with lazyLedger, or close the first.`,
  );
}

function inUse({ directory, path: lockPath }: Lock, owner: Owner | null): DatabaseError {
  const process = owner === null ? "another process" : `process ${owner.pid} (${owner.place})`;
  return new DatabaseError(
    "unavailable",
    `The directory "${directory}" is open in ${process}, and a second process would damage it. Stop that process, choose another directory, or use PostgreSQL. If no such process is yours, delete "${lockPath}".`,
  );
}

function toLostMessage(directory: string): string {
  return `The lock of the directory "${directory}" is lost: another process has taken it over, or somebody has deleted it. Stop the other process, and start this one again.`;
}

function toDoubtfulMessage(directory: string): string {
  return `The lock of the directory "${directory}" was not updated for 10 seconds, so another process may have taken it over. Send the request again.`;
}
