import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { CommandError } from "../open.js";

/** Directories in which the file of a server is looked for. */
const SERVER_PLACES = ["", "src", "server", "src/server", "api"];

const SOURCE = /\.[cm]?[jt]s$/;

/** Returns the directory of the first file that imports a package, or "" if none does. */
export async function findImporter(directory: string, dependency: string): Promise<string> {
  const imported = new RegExp(`(?:from|require\\(|import\\() *["']${dependency}["']`);
  for (const place of SERVER_PLACES) {
    const files = await readdir(path.join(directory, place)).catch(() => []);
    for (const file of files.filter((name) => SOURCE.test(name) && !name.startsWith("credits."))) {
      if (imported.test(await readFile(path.join(directory, place, file), "utf8"))) return place;
    }
  }
  return "";
}

/**
 * Returns the directory that has the directory `app` of Next.js.
 *
 * @throws CommandError if there is none
 */
export async function findAppRouter(directory: string): Promise<string> {
  const place = ["", "src"].find((name) => existsSync(path.join(directory, name, "app")));
  if (place !== undefined) return place;
  throw new CommandError(
    "This project has neither a directory app nor src/app. Add one, because the files need the App Router of Next.js.",
  );
}

/** Returns the directory of the sources of a page. */
export async function findSource(directory: string): Promise<string> {
  return ["client/src", "src", "client"].find((name) => existsSync(path.join(directory, name))) ?? "";
}
