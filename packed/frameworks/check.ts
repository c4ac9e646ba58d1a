import { cp, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { type PackedPackages, run } from "../pack.js";
import { APPS, type AppName, follow, type OutsideApp } from "./apps.js";
import { checkPage, warmUp } from "./page.js";
import { serve } from "./processes.js";

/** Steps that are checked of each framework, in this order. */
export const STEPS = ["installs", "init", "types", "dev", "build", "start", "colors"] as const;

export type Step = (typeof STEPS)[number];

/** The outcome of each step: the seconds it took or what it has seen, or the error. Steps after an error are missing. */
export type Row = { readonly [step in Step]?: string };

/** A step that failed. */
export class StepError extends Error {
  override readonly name = "StepError";
  constructor(
    readonly app: AppName,
    readonly step: Step,
    cause: unknown,
  ) {
    const { stdout = "", stderr = "" } = cause as { stdout?: string; stderr?: string };
    super(`${app}, ${step}: ${String(cause)}\n${stdout}${stderr}`, { cause });
  }
}

const SOURCES = fileURLToPath(new URL("apps/", import.meta.url));

/**
 * Makes an app outside of this repository from tarballs, and does what its developer would do.
 *
 * @param databaseUrl an empty database, for an app that is on PostgreSQL
 * @throws StepError at the first step that fails
 */
export async function checkFramework(
  name: AppName,
  packed: PackedPackages,
  browser: Browser,
  databaseUrl: string,
): Promise<Row> {
  const { sources, followed, isOnPostgres = false }: OutsideApp = APPS[name];
  const env = { CREDITS_DATABASE_URL: isOnPostgres ? databaseUrl : "" };
  const directory = path.join(packed.directory, "apps", name);
  const row: Record<string, string> = {};
  const take = async (step: Step, work: () => Promise<unknown>) => {
    const sinceMs = performance.now();
    try {
      const seen = await work();
      row[step] = typeof seen === "string" ? seen : `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
    } catch (error) {
      throw new StepError(name, step, error);
    }
  };
  const npm = (...args: string[]) => run("npm", args, { cwd: directory, maxBuffer: 2 ** 26 });
  const npx = (...args: string[]) => run("npx", ["--no-install", ...args], { cwd: directory });

  await mkdir(directory, { recursive: true });
  for (const source of sources) await cp(path.join(SOURCES, source), directory, { recursive: true });
  await take("installs", async () => {
    await addTarballs(directory, packed);
    await npm("install", "--no-audit", "--no-fund", "--prefer-offline");
  });
  await take("init", async () => {
    await npx("credit-activity", "init");
    const before = await readAll(directory);
    const { stdout } = await npx("credit-activity", "init");
    if ((await readAll(directory)) !== before) throw new Error(`The second init changed files.\n${stdout}`);
    if (followed === null) return;
    const file = path.join(directory, followed.file);
    await writeFile(file, follow(followed, await readFile(file, "utf8")));
  });
  await take("types", () => npm("run", "types"));
  let spent = 0;
  const checkServer = async (script: string) => {
    const server = await serve(directory, script, env);
    try {
      spent += 5;
      await spend(server.url, spent);
      const page = `${server.url}/credits`;
      if (script === "dev") await warmUp(browser, page, "Report");
      return await checkPage(browser, page, "Report");
    } catch (error) {
      throw new Error(`${String(error)}\n${server.output()}`);
    } finally {
      await server.stop();
    }
  };
  await take("dev", async () => {
    await checkServer("dev");
  });
  await take("build", () => npm("run", "build"));
  let colors = "";
  await take("start", async () => {
    colors = await checkServer("start");
  });
  row.colors = colors;
  return row;
}

/** Adds the packed packages to the app's package.json, as `npm install` would. */
async function addTarballs(directory: string, packed: PackedPackages): Promise<void> {
  const file = path.join(directory, "package.json");
  const manifest = JSON.parse(await readFile(file, "utf8"));
  const tarballs = Object.fromEntries(packed.packages.map(({ name, tarball }) => [name, `file:${tarball}`]));
  const { "credit-activity": cli, ...libraries } = tarballs;
  manifest.dependencies = {
    ...manifest.dependencies,
    ...libraries,
    "@electric-sql/pglite": "^0.5.16",
  };
  manifest.devDependencies = { ...manifest.devDependencies, "credit-activity": cli };
  manifest.overrides = Object.fromEntries(Object.keys(tarballs).map((name) => [name, `$${name}`]));
  await writeFile(file, JSON.stringify(manifest, null, 2));
}

/** Has the app spend 5 of its 100 credits, and expects the balance after it. */
async function spend(url: string, spent: number): Promise<void> {
  const response = await fetch(`${url}/api/work`, { method: "POST" });
  if (!response.ok)
    throw new Error(`POST /api/work responded with ${response.status}: ${await response.text()}`);
  const { balance } = (await response.json()) as { balance: string };
  if (balance !== String(100 - spent))
    throw new Error(`The balance is ${balance} after ${spent} were spent.`);
}

/** Returns all source files of an app as one string. */
async function readAll(directory: string): Promise<string> {
  const files = (await readdir(directory, { recursive: true })).filter(
    (file) => !file.startsWith("node_modules") && !file.startsWith(".next"),
  );
  const contents = files.sort().map(async (file) => {
    const full = path.join(directory, file);
    return (await stat(full)).isFile() ? `${file}\n${await readFile(full, "utf8")}` : file;
  });
  return (await Promise.all(contents)).join("\n");
}
