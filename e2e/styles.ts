import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { bundle, transform } from "lightningcss";
import { compile } from "tailwindcss";
import { repository } from "./demo.js";
import { buildWithVite } from "./vite.js";

/** Browsers without `light-dark()`, as Lightning CSS encodes their versions. */
const OLD_TARGETS = { chrome: 80 << 16, firefox: 78 << 16, safari: 13 << 16 };

const STYLES = "packages/react/src/styles.css";

/** Returns the page's stylesheet as its author wrote it, in one file. */
export function pageStyles(): string {
  return bundle({ filename: join(repository, STYLES) }).code.toString();
}

/** Converts styles to those of old browsers, as build tools do with Lightning CSS. */
export function lower(css: string): string {
  return transform({
    filename: "a.css",
    code: Buffer.from(css),
    targets: OLD_TARGETS,
    minify: true,
  }).code.toString();
}

/** Converts styles as versions 1.25 to 1.29 of Lightning CSS do, which replace `light-dark()` also within `@supports`. */
export function lowerAll(css: string): string {
  return lower(css.replaceAll("(color: light-dark(#fff, #000))", "(color: #fff)"));
}

/** Returns the page's stylesheet as Vite builds it by default. */
export async function viteStyles(): Promise<string> {
  const outputs = await buildWithVite(STYLES);
  const asset = outputs.find((one) => one.type === "asset" && one.fileName.endsWith(".css"));
  if (asset?.type !== "asset") throw new Error(`Vite built no stylesheet. Check ${STYLES}.`);
  return asset.source.toString();
}

/** Returns the stylesheet of Tailwind CSS with its reset and the utilities of these classes. */
export async function tailwindStyles(classes: string[]): Promise<string> {
  const directory = dirname(createRequire(import.meta.url).resolve("tailwindcss/package.json"));
  const loadStylesheet = async (id: string, base: string) => {
    const path = id === "tailwindcss" ? join(directory, "index.css") : join(base, id);
    return { path, base: dirname(path), content: await readFile(path, "utf8") };
  };
  const compiled = await compile('@import "tailwindcss";', { base: directory, loadStylesheet });
  return compiled.build(classes);
}
