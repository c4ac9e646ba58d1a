import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launchBrowser } from "../../e2e/browser.js";
import { createHostileDatabase } from "../../tools/hostile-database.js";
import { type PackedPackages, packAll } from "../pack.js";
import { APP_NAMES } from "./apps.js";
import { checkFramework, type Row, STEPS } from "./check.js";

let packed: PackedPackages;
let browser: Browser;
let database: Awaited<ReturnType<typeof createHostileDatabase>>;
const rows: string[] = [];

beforeAll(async () => {
  [packed, browser, database] = await Promise.all([
    packAll(),
    launchBrowser(),
    createHostileDatabase("frameworks"),
  ]);
});

afterAll(async () => {
  await browser.close();
  await packed.remove();
  await database.drop();
  console.log(
    [
      toTableRow("framework", STEPS),
      toTableRow(
        "---",
        STEPS.map(() => "---"),
      ),
      ...rows,
    ].join("\n"),
  );
});

const toTableRow = (name: string, cells: readonly string[]) => `| ${[name, ...cells].join(" | ")} |`;

it.each(APP_NAMES)("%s works from tarballs, from init to its page in a browser", async (name) => {
  const row: Row = await checkFramework(name, packed, browser, database.url);
  rows.push(
    toTableRow(
      name,
      STEPS.map((step) => row[step] ?? ""),
    ),
  );
  expect(Object.keys(row).sort()).toEqual([...STEPS].sort());
});
