import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { CommandError, print } from "../open.js";
import { appendOnce, type Effect, toLanguage, writeNew } from "./files.js";
import { CLIENT_PAGE, FRAMEWORKS, type Framework, type TemplateFile } from "./frameworks.js";

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
  print(`This is a project of ${framework.name}.`);
  const hasClient = framework.files.length === 1 && project.dependencies.has("react");
  const files = [...framework.files, ...(hasClient ? [CLIENT_PAGE.file] : [])];
  for (const file of files) {
    const to = toPath(project, file);
    report(to, await writeNew(path.join(directory, to), await readTemplate(project, file)));
  }
  report(
    ".env",
    await appendOnce(path.join(directory, ".env"), "CREDITS_DATABASE_URL=", [
      "# A PostgreSQL database for credits. While it is empty, they are in the directory .credits.",
      "CREDITS_DATABASE_URL=",
    ]),
  );
  report(".gitignore", await appendOnce(path.join(directory, ".gitignore"), ".credits", [".credits/"]));
  printSteps(project, hasClient);
}

function report(file: string, effect: Effect): void {
  print(`  ${effect.padEnd(9)}  ${file}`);
}

async function readProject(directory: string): Promise<Project> {
  const manifest = await readFile(path.join(directory, "package.json"), "utf8").catch(() => null);
  if (manifest === null) {
    throw new CommandError("This directory has no package.json. Run init in the directory of your app.");
  }
  const { dependencies, devDependencies } = JSON.parse(manifest) as Record<string, object | undefined>;
  const all = new Set([dependencies, devDependencies].flatMap((some) => Object.keys(some ?? {})));
  const framework = FRAMEWORKS.find(({ dependency }) => all.has(dependency));
  if (framework === undefined) {
    const names = FRAMEWORKS.map(({ name }) => name).join(", ");
    throw new CommandError(
      `The package.json of this directory has none of ${names}. Add the framework first, or mount ledger.fetch by hand.`,
    );
  }
  if (framework.dependency === "next" && existsSync(path.join(directory, "pages")) && !hasApp(directory)) {
    throw new CommandError("This project has no directory app. The files need the App Router of Next.js.");
  }
  return {
    directory,
    dependencies: all,
    isTypeScript: existsSync(path.join(directory, "tsconfig.json")),
    framework,
  };
}

function hasApp(directory: string): boolean {
  return existsSync(path.join(directory, "app")) || existsSync(path.join(directory, "src", "app"));
}

/** Returns the path of a file in the project: below `src` if that is where its sources are, with the ending of its language. */
function toPath({ directory, isTypeScript, framework }: Project, { to }: TemplateFile): string {
  const isBelow =
    framework.mayHaveSource &&
    existsSync(path.join(directory, "src")) &&
    !existsSync(path.join(directory, "app"));
  const file = isTypeScript ? to.replace(/\.js(x?)$/, ".ts$1") : to;
  return isBelow ? path.posix.join("src", file) : file;
}

async function readTemplate(project: Project, { from }: TemplateFile): Promise<string> {
  return toLanguage(await readFile(new URL(from, TEMPLATES), "utf8"), project.isTypeScript);
}

/** Prints what is left to do. */
function printSteps({ directory, dependencies, framework }: Project, hasClient: boolean): void {
  const needed = [...framework.packages, ...(hasClient ? [CLIENT_PAGE.package] : []), PGLITE];
  const missing = needed.filter((name) => !dependencies.has(name));
  const steps = [...framework.steps, ...(hasClient ? [CLIENT_PAGE.step] : [])];
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
