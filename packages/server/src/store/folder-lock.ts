import { randomUUID } from "node:crypto";
import { link, readFile, readlink, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DatabaseUnavailableError } from "./database.js";

/** How often a holder shows that it lives, in milliseconds. */
const BEAT_MS = 2_000;

/** For how long a lock from elsewhere may show no life before it is taken over, in milliseconds. */
const SILENT_MS_MAX = 20_000;

/** How often a lock that may be stale is looked at again, in milliseconds. */
const LOOK_MS = 1_000;

/** Who holds a folder. */
interface Holder {
  readonly pid: number;
  /** The host and process namespace the id counts in: containers on one volume each have a process 1. */
  readonly place: string;
  /** Tells two openings apart. */
  readonly nonce: string;
}

/** Locks this process holds, by nonce. */
const held = new Set<string>();

/**
 * Claims a folder for this process with a lock file. A lock whose process is gone is taken over: at once when it was a
 * process of this place, and otherwise when it has shown no life for 20 seconds, for which this waits.
 *
 * @returns what gives the folder back
 * @throws DatabaseUnavailableError when another process has it
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const file = path.join(path.resolve(folder), "lock");
  const own: Holder = { pid: process.pid, place: await placeOf(), nonce: randomUUID() };
  // Before the lock appears, or another opening in this process would take it for a dead one's.
  held.add(own.nonce);
  try {
    await acquire(folder, file, own);
  } catch (error) {
    held.delete(own.nonce);
    throw error;
  }
  const beat = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => {});
  }, BEAT_MS);
  beat.unref();
  return async () => {
    clearInterval(beat);
    held.delete(own.nonce);
    const content = await readFile(file, "utf8").catch(() => "");
    if (parse(content)?.nonce === own.nonce) await rm(file, { force: true });
  };
}

async function acquire(folder: string, file: string, own: Holder): Promise<void> {
  while (!(await claim(file, own))) {
    const content = await readFile(file, "utf8").catch(() => null);
    if (content === null) continue;
    const holder = parse(content);
    if (holder !== null && holder.place === own.place && isAlive(holder)) throw inUse(folder, file, holder);
    const isGone = holder === null || holder.place === own.place || (await isSilent(file));
    if (isGone) await removeStale(file, content);
    else if (await showsLife(file)) throw inUse(folder, file, holder);
  }
}

async function placeOf(): Promise<string> {
  const namespace = await readlink("/proc/self/ns/pid").catch(() => "");
  return `${hostname()} ${namespace}`.trim();
}

function parse(content: string): Holder | null {
  try {
    const { pid, place, nonce } = JSON.parse(content) as Partial<Holder>;
    if (!Number.isSafeInteger(pid) || typeof place !== "string" || typeof nonce !== "string") return null;
    return { pid: pid as number, place, nonce };
  } catch {
    return null;
  }
}

/** A lock appears with its content in one step, so that nobody reads a half-written one. */
async function claim(file: string, own: Holder): Promise<boolean> {
  const draft = `${file}.${own.nonce}`;
  await writeFile(draft, `${JSON.stringify(own)}\n`);
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

/** Whether a process of this place lives. Our own id is that of a dead process unless we hold the lock. */
function isAlive(holder: Holder): boolean {
  if (holder.pid === process.pid) return held.has(holder.nonce);
  try {
    process.kill(holder.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function beatOf(file: string): Promise<number> {
  return (await stat(file).catch(() => null))?.mtimeMs ?? 0;
}

async function isSilent(file: string): Promise<boolean> {
  return Date.now() - (await beatOf(file)) > SILENT_MS_MAX;
}

/** Watches a lock from elsewhere until it shows life, or has been silent for long enough. */
async function showsLife(file: string): Promise<boolean> {
  const first = await beatOf(file);
  for (let waited = 0; waited <= SILENT_MS_MAX; waited += LOOK_MS) {
    await sleep(LOOK_MS);
    if ((await beatOf(file)) !== first) return true;
    if (await isSilent(file)) return false;
  }
  return false;
}

function inUse(folder: string, file: string, holder: Holder | null): DatabaseUnavailableError {
  return new DatabaseUnavailableError(
    `The folder "${folder}" is open in process ${holder?.pid} (${holder?.place}), and two processes on one embedded database would damage it. Stop that process, choose another folder, or use PostgreSQL. If no such process is yours, delete "${file}".`,
  );
}

/**
 * Takes a dead process's lock away. Renaming is atomic: when another process did the same a moment before and holds the
 * lock now, what was moved is its lock, and goes back.
 */
async function removeStale(file: string, content: string): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
    const moved = await readFile(aside, "utf8");
    if (moved === content) await rm(aside, { force: true });
    else await rename(aside, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
