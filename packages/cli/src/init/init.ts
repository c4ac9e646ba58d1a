import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { CommandError, print } from "../open.js";
import { appendOnce, type Effect, toLanguage, writeNew } from "./files.js";
import { type FileGroup, FRAMEWORKS, type Framework, toFileGroups } from "./frameworks.js";

const TEMPLATES = new URL("../../templates/", import.meta.url);

const PGLITE = "@electric-sql/pglite";

/** A directory with a package.json. */
interface Project {
  readonly directory: string;
  readonly dependencies: ReadonlySet<string>;
  readonly isTypeScript: boolean;
  /** True if its JavaScript files are ES modules. */
  readonly isModule: boolean;
  readonly framework: Framework;
}

/**
 * Writes the ledger, its route and its page into the project of the current directory, as its framework needs them. It
 * changes no file of the project except that it appends to `.env` and `.gitignore`. Run again it changes nothing.
 *
 * @throws CommandError if the directory is not that of a project with a known framework
 */
export async function init(): Promise<void> {
  const project = await readProject(process.cwd());
  const { directory, framework } = project;
  const groups = toFileGroups(framework, project.dependencies);
  const places = await Promise.all(groups.map(({ findPlace }) => findPlace(directory)));
  print(`This is a project of ${framework.name}.`);
  for (const [index, { files }] of groups.entries()) {
    const place = places[index] as string;
    for (const { from, to } of files) {
      const file = path.posix.join(place, toFileName(project, to));
      report(file, await writeNew(path.join(directory, file), await readTemplate(project, from)));
    }
  }
  report(
    ".env",
    await appendOnce(path.join(directory, ".env"), "CREDITS_DATABASE_URL=", [
      "# A PostgreSQL database for credits. While it is empty, they are in the directory .credits.",
      "CREDITS_DATABASE_URL=",
    ]),
  );
  report(".gitignore", await appendOnce(path.join(directory, ".gitignore"), ".credits", [".credits/"]));
  printSteps(project, groups);
}

function report(file: string, effect: Effect): void {
  print(`  ${effect.padEnd(9)}  ${file}`);
}

async function readProject(directory: string): Promise<Project> {
  const manifest = await readFile(path.join(directory, "package.json"), "utf8").catch(() => null);
  if (manifest === null) {
    throw new CommandError("This directory has no package.json. Run init in the directory of your app.");
  }
  const { dependencies, devDependencies, type } = parseManifest(manifest);
  const all = new Set([dependencies, devDependencies].flatMap((some) => Object.keys(some ?? {})));
  const framework = FRAMEWORKS.find(({ dependency }) => all.has(dependency));
  if (framework === undefined) {
    const names = FRAMEWORKS.map(({ name }) => name).join(", ");
    throw new CommandError(
      `The package.json of this directory has none of ${names}. Add the framework first, or mount ledger.fetch by hand.`,
    );
  }
  return {
    directory,
    dependencies: all,
    isTypeScript: existsSync(path.join(directory, "tsconfig.json")),
    isModule: type === "module",
    framework,
  };
}

/** The part of a package.json that is read. */
interface Manifest {
  readonly type?: string;
  readonly dependencies?: object;
  readonly devDependencies?: object;
}

function parseManifest(json: string): Manifest {
  try {
    return JSON.parse(json);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new CommandError("The package.json of this directory is not JSON. Correct it.");
  }
}

/** Returns the name of a file, with the ending of the project's language. The files are ES modules in any case. */
function toFileName({ isTypeScript, isModule }: Project, name: string): string {
  if (isTypeScript) return name.replace(/\.js(x?)$/, ".ts$1");
  return isModule ? name : name.replace(/\.js$/, ".mjs");
}

/** Returns a row to add as the project writes its imports. CommonJS loads an ES module from Node 20.19 on. */
function toRow({ isTypeScript, isModule }: Project, row: string): string {
  if (isTypeScript || isModule) return row;
  return row.replace(/^import (.+) from "(.+)\.js";$/, 'const $1 = require("$2.mjs");');
}

async function readTemplate({ isTypeScript }: Project, from: string): Promise<string> {
  return toLanguage(await readFile(new URL(from, TEMPLATES), "utf8"), isTypeScript);
}

/** Prints what is left to do. */
function printSteps(project: Project, groups: readonly FileGroup[]): void {
  const { directory, dependencies } = project;
  const needed = [...groups.flatMap(({ packages }) => packages), PGLITE];
  const missing = needed.filter((name) => !dependencies.has(name));
  if (missing.length > 0) print(`\nInstall the packages:\n  ${toInstall(directory)} ${missing.join(" ")}`);
  for (const { sentence, rows } of groups.flatMap(({ steps }) => steps)) {
    print(`\n${sentence}\n${rows.map((row) => `  ${toRow(project, row)}`).join("\n")}`);
  }
  print("\nReplace getAccount with what your session says, before you show credits to a user.");
}

/** Returns the command that adds packages, of the package manager whose lock file the project has. */
function toInstall(directory: string): string {
  const has = (file: string) => existsSync(path.join(directory, file));
  if (has("pnpm-lock.yaml")) return "pnpm add";
  if (has("yarn.lock")) return "yarn add";
  if (has("bun.lock") || has("bun.lockb")) return "bun add";
  return "npm install";
}
