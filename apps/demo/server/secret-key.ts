import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { ConfigError } from "./config.js";

const FILE = "secret-key";

/**
 * Reads the demo's secret key from the data directory. The first start creates it, readable by its owner only.
 *
 * The key is stored beside the data that it opens, so it is protected as well as they are. It survives a restart, so that
 * an earlier command still works. It is not in the database, so deleting the file revokes it.
 */
export async function readSecretKey(dataDir: string): Promise<string> {
  const file = path.join(dataDir, FILE);
  await mkdir(dataDir, { recursive: true });
  const stored = await readKeyFile(file);
  if (stored !== null) return stored;

  // The file appears with its content in one step. Of two processes that start at once, one creates the key of both.
  const draft = `${file}.${process.pid}.new`;
  await writeFile(draft, `sk_demo_${randomBytes(24).toString("base64url")}\n`, { mode: 0o600 });
  try {
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await rm(draft, { force: true });
  }
  return (await readKeyFile(file)) ?? readSecretKey(dataDir);
}

async function readKeyFile(file: string): Promise<string | null> {
  try {
    const key = (await readFile(file, "utf8")).trim();
    if (/^[\x21-\x7e]{16,255}$/.test(key)) return key;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  throw new ConfigError(`The file "${file}" has no secret key. Delete it, and the next start creates one.`);
}
