import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { ConfigError } from "./config.js";

const FILE = "secret-key";

/**
 * The demo's own secret key, made at the first start and kept in the data folder, readable by its owner only.
 *
 * It lies beside the data it opens, so it is guarded as well as they are; it outlives a restart, so that a command out
 * of a shell's history still works; and it never enters the database, so deleting the file revokes it.
 */
export async function keptSecretKey(dataDir: string): Promise<string> {
  const file = path.join(dataDir, FILE);
  await mkdir(dataDir, { recursive: true });
  const kept = await readKey(file);
  if (kept !== null) return kept;

  // The file appears with its content in one step: of two processes that start at once, one makes the key for both.
  const draft = `${file}.${process.pid}.new`;
  await writeFile(draft, `sk_demo_${randomBytes(24).toString("base64url")}\n`, { mode: 0o600 });
  try {
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await rm(draft, { force: true });
  }
  return (await readKey(file)) ?? keptSecretKey(dataDir);
}

async function readKey(file: string): Promise<string | null> {
  try {
    const key = (await readFile(file, "utf8")).trim();
    if (/^[\x21-\x7e]{16,255}$/.test(key)) return key;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  throw new ConfigError(`The file "${file}" holds no secret key. Delete it, and a new one is made.`);
}
