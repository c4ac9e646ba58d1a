import { readFileSync } from "node:fs";
import type { PGliteOptions } from "@electric-sql/pglite";
import { inject, vi } from "vitest";

// Lets each embedded database in memory start from the image of the run. Those in directories are initialized as ever.
vi.mock("@electric-sql/pglite", async (original) => {
  const all = await original<typeof import("@electric-sql/pglite")>();
  let image: Blob | undefined;
  const toImage = () => {
    image ??= new Blob([readFileSync(inject("pgliteImage"))]);
    return image;
  };
  class PGlite extends all.PGlite {
    constructor(options: PGliteOptions) {
      super(options.dataDir === undefined ? { ...options, loadDataDir: toImage() } : options);
    }
  }
  return { ...all, PGlite };
});
