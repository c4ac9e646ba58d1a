import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Directory, makeDirectory, run } from "./command.js";

let directory: Directory;

beforeEach(async () => {
  directory = await makeDirectory();
});

afterEach(() => directory.remove());

const init = () => run(["init"], {}, directory.path);

/** Writes the files of a project. */
async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [file, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(directory.path, file)), { recursive: true });
    await directory.write(file, content);
  }
}

/** Reads all files of the project, by their path. */
async function readAll(): Promise<Record<string, string>> {
  const files = await readdir(directory.path, { recursive: true });
  const all: Record<string, string> = {};
  for (const file of files.sort()) {
    const full = path.join(directory.path, file);
    if ((await stat(full)).isFile()) all[file] = await readFile(full, "utf8");
  }
  return all;
}

const toDependencies = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, "*"]));
const toManifest = (...names: string[]) =>
  JSON.stringify({ type: "module", dependencies: toDependencies(names) });

const NEXT = [
  "app/api/credits/[...path]/route.ts",
  "app/credits/actions.ts",
  "app/credits/page.tsx",
  "lib/credits.ts",
];

describe("init writes what the framework needs", () => {
  it.each([
    ["Next.js", { "package.json": toManifest("next", "react"), "app/page.tsx": "" }, NEXT],
    [
      "Next.js",
      { "package.json": toManifest("next", "react", "express"), "src/app/page.tsx": "" },
      NEXT.map((file) => `src/${file}`),
    ],
    [
      "React Router",
      { "package.json": toManifest("@react-router/dev", "react"), "app/routes.ts": "" },
      ["app/credits.server.ts", "app/routes/credits-api.ts", "app/routes/credits.tsx"],
    ],
    ["Express", { "package.json": toManifest("express") }, ["credits.js"]],
    [
      "Express",
      {
        "package.json": toManifest("express", "react"),
        "tsconfig.json": "{}",
        "src/server/index.ts": 'import express from "express";',
      },
      ["src/credits-page.tsx", "src/server/credits.ts"],
    ],
    [
      "Hono",
      { "package.json": toManifest("hono"), "server/app.mjs": 'const { Hono } = require("hono");' },
      ["server/credits.js"],
    ],
    ["Fastify", { "package.json": toManifest("fastify", "hono") }, ["credits.js"]],
  ])("%s: %j", async (name, given, expected) => {
    await write(given as unknown as Record<string, string>);
    const { code, stdout } = await init();
    expect([code, stdout]).toEqual([0, expect.stringContaining(`This is a project of ${name}.`)]);
    const after = await readAll();
    const added = Object.keys(after).filter((file) => !Object.hasOwn(given, file));
    expect(added).toEqual([".env", ".gitignore", ...expected].sort());
    const again = await init();
    expect(again.stdout).not.toMatch(/written|extended|kept/);
    expect(await readAll()).toEqual(after);
  });

  it("leaves the types out of JavaScript, and takes them into TypeScript", async () => {
    await write({ "package.json": toManifest("express") });
    await init();
    expect((await readAll())["credits.js"]).toContain("getAccount(_request) {");
    await write({ "tsconfig.json": "{}" });
    await init();
    const typed = (await readAll())["credits.ts"];
    expect(typed).toContain('getAccount(_request: import("express").Request) {');
    expect(typed).not.toContain("/*:");
  });

  it.each(["commonjs", undefined])("writes an ES module that CommonJS can require: type %j", async (type) => {
    const manifest = { type, dependencies: toDependencies(["express", "@credit-activity/react"]) };
    await write({ "package.json": JSON.stringify(manifest) });
    const { stdout } = await init();
    expect(Object.keys(await readAll())).toEqual([
      ...[".env", ".gitignore", "credits-page.jsx", "credits.mjs", "package.json"],
    ]);
    expect(stdout).toContain('const { credits, getAccount, getLedger } = require("./credits.mjs");');
    expect(stdout).not.toContain("import { credits,");
  });

  it("keeps files and variables that are the developer's", async () => {
    const own = {
      "package.json": toManifest("express", "@credit-activity/server", "@electric-sql/pglite"),
      "credits.js": "// Mine.\n",
      ".env": "A=1\nCREDITS_DATABASE_URL=postgres://mine",
      ".gitignore": "node_modules",
    };
    await write(own);
    const { stdout } = await init();
    expect(stdout).toMatch(/kept +credits\.js/);
    expect(stdout).not.toContain("Install the packages");
    expect(await readAll()).toEqual({ ...own, ".gitignore": "node_modules\n\n.credits/\n" });
  });

  it.each([
    ["pnpm-lock.yaml", "pnpm add"],
    ["yarn.lock", "yarn add"],
    ["bun.lock", "bun add"],
    ["package-lock.json", "npm install"],
  ])("names the packages to install, with the package manager of %s", async (lock, install) => {
    await write({ "package.json": toManifest("fastify"), [lock]: "" });
    expect((await init()).stdout).toContain(`${install} @credit-activity/server @electric-sql/pglite`);
  });
});

it.each([
  [{}, "error: This directory has no package.json. Run init in the directory of your app."],
  [{ "package.json": "{ no" }, "error: The package.json of this directory is not JSON. Correct it."],
  [
    { "package.json": "{}" },
    "error: The package.json of this directory has none of Next.js, React Router, Fastify, Hono, Express. Add the framework first, or mount ledger.fetch by hand.",
  ],
  [
    { "package.json": toManifest("next"), "pages/index.tsx": "" },
    "error: This project has neither a directory app nor src/app. Add one, because the files need the App Router of Next.js.",
  ],
])("init refuses %j, and writes nothing", async (given, message) => {
  await write(given as unknown as Record<string, string>);
  const { code, stderr } = await init();
  expect([code, stderr]).toEqual([1, `${message}\n`]);
  expect(await readAll()).toEqual(given);
});
