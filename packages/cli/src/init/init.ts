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
  const { dependencies, devDependencies } = parseManifest(manifest);
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
    framework,
  };
}

function parseManifest(json: string): Readonly<Record<string, object | undefined>> {
  try {
    return JSON.parse(json);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new CommandError("The package.json of this directory is not JSON. Correct it.");
  }
}

/** Returns the name of a file, with the ending of the project's language. */
function toFileName({ isTypeScript }: Project, name: string): string {
  return isTypeScript ? name.replace(/\.js(x?)$/, ".ts$1") : name;
}

async function readTemplate({ isTypeScript }: Project, from: string): Promise<string> {
  return toLanguage(await readFile(new URL(from, TEMPLATES), "utf8"), isTypeScript);
}

/** Prints what is left to do. */
function printSteps({ directory, dependencies }: Project, groups: readonly FileGroup[]): void {
  const needed = [...groups.flatMap(({ packages }) => packages), PGLITE];
  const missing = needed.filter((name) => !dependencies.has(name));
  const steps = groups.flatMap((group) => group.steps);
  if (missing.length > 0) print(`\nInstall the packages:\n  ${toInstall(directory)} ${missing.join(" ")}`);
  for (const { sentence, rows } of steps) print(`\n${sentence}\n${rows.map((row) => `  ${row}`).join("\n")}`);
  print(
    `\nCharge for work, where your app does it:\n  await ledger.spend(account, { credits: "5", description: "Report" }, { key: requestId });`,
  );
}

/** Returns the command that adds packages, of the package manager whose lock file the project has. */
function toInstall(directory: string): string {
  const has = (file: string) => existsSync(path.join(directory, file));
  if (has("pnpm-lock.yaml")) return "pnpm add";
  if (has("yarn.lock")) return "yarn add";
  if (has("bun.lock") || has("bun.lockb")) return "bun add";
  return "npm install";
}
