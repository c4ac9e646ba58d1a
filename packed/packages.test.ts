import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Packed, type PackedPackages, packAll, run } from "./pack.js";

const NAMES = [
  "@credit-activity/ai",
  "@credit-activity/client",
  "@credit-activity/react",
  "@credit-activity/server",
  "credit-activity",
];

let packed: PackedPackages;
beforeAll(async () => {
  packed = await packAll();
});
afterAll(() => packed.remove());

const find = (name: string): Packed => {
  const found = packed.packages.find((one) => one.name === name);
  if (found === undefined) throw new Error(`The package ${name} was not packed.`);
  return found;
};

/** Lists the files of a directory that end so, below it too. */
async function listFiles(directory: string, end: string): Promise<string[]> {
  const files = await readdir(directory, { recursive: true });
  return files.filter((file) => file.endsWith(end)).map((file) => path.join(directory, file));
}

it("every package is packed", () => {
  expect(packed.packages.map(({ name }) => name).sort()).toEqual(NAMES);
});

describe.each(NAMES)("%s", (name) => {
  it("passes publint", async () => {
    const { messages } = await publint({ pkgDir: find(name).directory, pack: false, strict: true });
    expect(messages).toEqual([]);
  });

  it("has types that fit what is imported", async () => {
    const result = await checkPackage(createPackageFromTarballData(await readFile(find(name).tarball)));
    if (result.types === false) throw new Error(`The package ${name} has no types.`);
    const problems = result.problems.filter((problem) => {
      const { kind } = problem;
      // Packages are ES modules. CommonJS requires them from Node 20.19 on, and the old resolution reads no exports.
      const resolution = "resolutionKind" in problem ? problem.resolutionKind : null;
      return kind !== "CJSResolvesToESM" && resolution !== "node10" && resolution !== "node16-cjs";
    });
    expect(
      problems.filter(({ kind }) => kind !== "NoResolution" || name !== "@credit-activity/react"),
    ).toEqual([]);
  });

  it("carries its README, its license and what its exports name, and no sources of the workspace", async () => {
    const { directory, manifest } = find(name);
    for (const file of ["README.md", "LICENSE"]) {
      expect((await readFile(path.join(directory, file), "utf8")).length).toBeGreaterThan(300);
    }
    const targets = Object.values(manifest.exports).flatMap((conditions) => Object.values(conditions));
    for (const target of [...targets, ...Object.values(manifest.bin ?? {})]) {
      expect(existsSync(path.join(directory, target)), target).toBe(true);
    }
    const ranges = Object.values({ ...manifest.dependencies, ...manifest.peerDependencies });
    for (const range of ranges) expect(range).not.toMatch(/^(?:file|link|workspace):|^\*$/);
  });

  it("has source maps that contain their sources", async () => {
    const maps = await listFiles(find(name).directory, ".js.map");
    expect(maps.length).toBeGreaterThan(0);
    for (const file of maps) {
      const map = JSON.parse(await readFile(file, "utf8")) as {
        sources: string[];
        sourcesContent?: string[];
      };
      expect(map.sourcesContent, file).toHaveLength(map.sources.length);
    }
  });

  it("has no file whose source is gone. Remove the directories dist, and build again", async () => {
    const { directory, sources } = find(name);
    const dist = path.join(directory, "dist");
    for (const file of await listFiles(dist, ".js")) {
      if (file.includes("/swagger-ui/")) continue;
      const source = path.join(sources, "src", path.relative(dist, file).replace(/\.js$/, ""));
      expect(existsSync(`${source}.ts`) || existsSync(`${source}.tsx`), source).toBe(true);
    }
  });
});

/** Imports each entry of a package, and prints the number of what it exports. */
const toImports = (name: string, { exports }: Packed["manifest"], load: "import" | "require"): string => {
  const entries = Object.entries(exports)
    .filter(([, { default: target }]) => target?.endsWith(".js"))
    .map(([entry]) => name + entry.slice(1));
  const toLoaded = (entry: string) =>
    load === "import" ? `await import("${entry}")` : `require("${entry}")`;
  return entries.map((entry) => `console.log(Object.keys(${toLoaded(entry)}).length);`).join("\n");
};

/** Tarballs of a package and of those of this project that it depends on. */
function toTarballs(name: string): Record<string, string> {
  const { tarball, manifest } = find(name);
  const needed = Object.keys(manifest.dependencies ?? {}).filter((dependency) => NAMES.includes(dependency));
  return Object.assign({ [name]: `file:${tarball}` }, ...needed.map(toTarballs)) as Record<string, string>;
}

describe.each([
  ["npm", ["install", "--no-audit", "--no-fund", "--prefer-offline"]],
  ["pnpm", ["install", "--prefer-offline"]],
] as const)("installed alone with %s", (manager, install) => {
  it.each(NAMES)("%s can be imported and required", async (name) => {
    const app = path.join(packed.directory, `${manager}-${path.basename(find(name).sources)}`);
    await mkdir(app);
    const tarballs = toTarballs(name);
    const { [name]: own, ...others } = tarballs;
    const peers = name === "@credit-activity/react" ? { react: "^19.0.0" } : {};
    await writeFile(
      path.join(app, "package.json"),
      JSON.stringify({
        private: true,
        dependencies: { [name]: own, ...peers },
        // The registry does not have the packages yet, so their dependencies on each other are the tarballs too.
        overrides: others,
      }),
    );
    const overrides = Object.entries(others).map(([other, tarball]) => `  "${other}": "${tarball}"\n`);
    await writeFile(path.join(app, "pnpm-workspace.yaml"), `overrides:\n${overrides.join("")}`);
    const program = manager === "npm" ? "npm" : path.resolve("node_modules/.bin/pnpm");
    await run(program, [...install], { cwd: app, env: { ...process.env, CI: "true" } });
    for (const load of ["import", "require"] as const) {
      const file = path.join(app, load === "import" ? "app.mjs" : "app.cjs");
      await writeFile(file, toImports(name, find(name).manifest, load));
      const { stdout, stderr } = await run(process.execPath, [file], { cwd: app });
      expect(
        stdout
          .trim()
          .split("\n")
          .map(Number)
          .every((count) => count > 0),
      ).toBe(true);
      expect(stderr.replace(/.*(?:ExperimentalWarning|trace-warnings).*\n/g, "")).toBe("");
    }
    const bin = Object.keys(find(name).manifest.bin ?? {})[0];
    if (bin !== undefined) {
      const { stdout } = await run(path.join(app, "node_modules", ".bin", bin), ["--version"], { cwd: app });
      expect(stdout.trim()).toBe(find(name).manifest.version);
    }
  });
});

describe("the server, installed alone", () => {
  const app = () => path.join(packed.directory, "npm-server");

  it("brings neither a reference, a command line, a reader of CSV, a log nor the embedded database", async () => {
    const modules = await readdir(path.join(app(), "node_modules"));
    const heavy = ["swagger-ui-dist", "@scarf", "commander", "csv-parse", "pino", "@electric-sql"];
    expect(modules.filter((name) => heavy.includes(name))).toEqual([]);
    expect(modules).toContain("pg");
  });

  it("names the package to install for the embedded database", async () => {
    await writeFile(
      path.join(app(), "embedded.mjs"),
      `import { createLedger } from "@credit-activity/server";
       await createLedger({ database: { dataDir: "data" } }).catch(({ name, message }) => console.log(name, message));`,
    );
    const { stdout } = await run(process.execPath, ["embedded.mjs"], { cwd: app() });
    expect(stdout).toMatch(/^UnavailableError .*npm install @electric-sql\/pglite/);
  });
});
