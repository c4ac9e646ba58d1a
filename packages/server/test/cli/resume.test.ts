import { existsSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { createDatabase } from "../../../../tools/postgres.js";
import { type ActivityPage, createCredits, type DatabaseOptions, formatCredits } from "../../src/index.js";
import { type Folder, makeFolder, run, start, until } from "./command.js";

const TRACE = fileURLToPath(
  new URL("../../../../../shared/data/azure-llm-inference-trace-code.csv", import.meta.url),
);
const TRACE_LINES = 8_819;

let folder: Folder;
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

/** A file of usage, some of whose lines are the same. */
function writeLines(name: string, lines: number): Promise<string> {
  const texts = Array.from({ length: lines }, (_, index) => {
    const second = String(Math.floor(index / 3) % 60).padStart(2, "0");
    const minute = String(Math.floor(index / 180) % 60).padStart(2, "0");
    return `2026-01-01 00:${minute}:${second},${index % 2 === 0 ? 7 : index},3`;
  });
  return folder.write(name, `time,in,out\n${texts.join("\n")}`);
}

const OPTIONS = [
  ...["--account", "acme", "--source", "Model", "--input-rate", "0.003", "--output-rate", "0.015"],
  ...["--map", "time=time,input=in,output=out"],
];
const TRACE_OPTIONS = [...OPTIONS.slice(0, -1), "time=TIMESTAMP,input=ContextTokens,output=GeneratedTokens"];

/** Looks at what was imported: all of it, once, and adding up on every page from the newest row to the oldest. */
async function expectImported(database: DatabaseOptions, lines: number) {
  const credits = await createCredits({ database });
  try {
    const { violations, entries } = await credits.verify();
    expect([violations, entries]).toEqual([[], lines]);
    const rows: ActivityPage["rows"][number][] = [];
    let page = await credits.activity("acme", { perPage: 8 });
    while (page.rows.length > 0) {
      rows.push(...page.rows);
      page = await credits.activity("acme", { perPage: 8, page: page.page + 1, asOf: page.asOf });
    }
    expect(rows).toHaveLength(page.total);
    rows.forEach((row, index) => {
      expect(row.balance).toBe((rows[index + 1]?.balance ?? 0n) + row.credits);
    });
    expect(rows.reduce((sum, row) => sum + row.entries, 0)).toBe(lines);
    return { rows, balance: formatCredits(rows[0]?.balance ?? 0n) };
  } finally {
    await credits.close();
  }
}

/** Starts an import, kills it when some of it has been posted, and says how much that was. */
async function killHalfWay(args: readonly string[], url: string, atLeast: number): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const count = async () => {
    const found = await client
      .query<{ count: string }>("SELECT count(*) FROM credits.entries")
      .catch(() => ({ rows: [] }));
    return Number(found.rows[0]?.count ?? 0);
  };
  const running = start(args, { DATABASE_URL: url });
  await until(async () => ((await count()) >= atLeast ? true : undefined), running);
  running.process.kill("SIGKILL");
  expect((await running.finished).code).toBeNull();
  // The server may still be at the last batch.
  for (let before = -1; before !== (await count()); await sleep(50)) before = await count();
  const posted = await count();
  await client.end();
  return posted;
}

async function importOnPostgres(file: string, options: readonly string[], lines: number) {
  const database = await createDatabase(inject("databaseUrl"), "resume");
  try {
    const args = ["import", file, ...options];
    const killedAt = await killHalfWay(args, database.url, 1);
    expect(killedAt).toBeLessThan(lines);
    const rest = await run(args, { DATABASE_URL: database.url });
    expect(rest).toMatchObject({ code: 0, stderr: "" });
    const count = (value: number) => value.toLocaleString("en");
    expect(rest.stdout).toContain(`${count(lines - killedAt)} posted, ${count(killedAt)} there already`);
    const again = await run(args, { DATABASE_URL: database.url });
    expect(again.stdout).toContain(`0 posted, ${count(lines)} there already, 0 refused, 0 bad`);
    const verified = await run(["verify", "--account", "acme"], { DATABASE_URL: database.url });
    expect(verified.code).toBe(0);
    expect(verified.stdout).toContain(`${count(lines)} entries`);
    return await expectImported({ url: database.url }, lines);
  } finally {
    await database.drop();
  }
}

describe("an import that is killed and run again", () => {
  it("has posted every line once on Postgres", async () => {
    await importOnPostgres(await writeLines("postgres.csv", 6_000), OPTIONS, 6_000);
  });

  it("has posted every line once on the embedded database", { timeout: 120_000 }, async () => {
    const file = await writeLines("embedded.csv", 4_000);
    const dataDir = path.join(folder.path, "data");
    const args = ["import", file, ...OPTIONS, "--data-dir", dataDir];
    expect((await run(["migrate", "--data-dir", dataDir])).code).toBe(0);
    const running = start(args);
    await until(() => (running.printed().includes("Made the account") ? true : undefined), running);
    await sleep(200);
    running.process.kill("SIGKILL");
    expect((await running.finished).code).toBeNull();
    const rest = await run(args);
    expect(rest).toMatchObject({ code: 0, stderr: "" });
    await expectImported({ dataDir }, 4_000);
  });
});

describe.skipIf(!existsSync(TRACE))("the trace of real calls", () => {
  it("is imported in full, once, though killed half-way and run again twice", {
    timeout: 120_000,
  }, async () => {
    const { rows, balance } = await importOnPostgres(TRACE, TRACE_OPTIONS, TRACE_LINES);
    expect(rows.length).toBeLessThan(20);
    expect(rows.every((row) => row.source?.label === "Model")).toBe(true);
    expect(balance).toMatch(/^-\d+\.\d{1,6}$/);
  });
});
