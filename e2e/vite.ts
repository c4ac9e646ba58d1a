import { join } from "node:path";
import { SOURCE_ALIASES } from "../tools/sources.js";
import { repository } from "./demo.js";

/** Builds a file of the repository as Vite does by default, and returns the outputs. */
export async function buildWithVite(file: string) {
  const { build } = await import("vite");
  const built = await build({
    configFile: false,
    logLevel: "error",
    root: join(repository, "e2e/host"),
    resolve: { alias: SOURCE_ALIASES },
    build: { write: false, rolldownOptions: { input: join(repository, file) } },
  });
  return (Array.isArray(built) ? built : [built]).flatMap((one) => ("output" in one ? one.output : []));
}
