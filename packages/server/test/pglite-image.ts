import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import type {} from "vitest";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** The file with the image of an empty embedded database. */
    pgliteImage: string;
  }
}

/**
 * Provides `inject("pgliteImage")`: the files of an embedded database as it is when it has been initialized. That takes
 * three quarters of the time in which one opens, so it is done once per run.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), "pglite-image-"));
  const database = await PGlite.create();
  const image = await database.dumpDataDir("none");
  await database.close();
  const path = join(directory, "image.tar");
  await writeFile(path, image.stream());
  project.provide("pgliteImage", path);
  return () => rm(directory, { recursive: true });
}
