import { existsSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type ActivityRow, addAmounts, createLedger, type DatabaseOptions } from "@credit-activity/server";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHostileDatabase } from "../../../tools/hostile-database.js";
import { type Directory, makeDirectory, run, start, until } from "./command.js";

const TRACE = fileURLToPath(
  new URL("../../../../shared/data/azure-llm-inference-trace-code.csv", import.meta.url),
);
const TRACE_LINES = 8_819;

let directory: Directory;
beforeAll(async () => {
  directory = await makeDirectory();
});
afterAll(() => directory.remove());

/** Writes a file of usage. Some of its lines are equal. */
function writeFile(name: string, lines: number): Promise<string> {
  const rows = Array.from({ length: lines }, (_, index) => {
    const second = String(Math.floor(index / 3) % 60).padStart(2, "0");
    const minute = String(Math.floor(index / 180) % 60).padStart(2, "0");
    return `2026-01-01 00:${minute}:${second},${index % 2 === 0 ? 7 : index},3`;
  });
  return directory.write(name, `time,in,out\n${rows.join("\n")}`);
}

const OPTIONS = [
  ...["--account", "acme", "--source", "Model", "--input-rate", "0.003", "--output-rate", "0.015"],
  ...["--map", "time=time,input=in,output=out"],
];
const TRACE_OPTIONS = [...OPTIONS.slice(0, -1), "time=TIMESTAMP,input=ContextTokens,output=GeneratedTokens"];

/** Checks that every line was imported once, and that the balances of all pages add up. */
async function expectImported(database: DatabaseOptions, lines: number) {
  const ledger = await createLedger({ database });
  try {
    const { violations, entries } = await ledger.verify();
    expect([violations, entries]).toEqual([[], lines]);
    const rows: ActivityRow[] = [];
    let page = await ledger.activity("acme", { perPage: 8 });
    while (page.rows.length > 0) {
      rows.push(...page.rows);
      page = await ledger.activity("acme", { perPage: 8, page: page.page + 1, asOf: page.asOf });
    }
    expect(rows).toHaveLength(page.total);
    rows.forEach((row, index) => {
      expect(row.balance).toBe(addAmounts(rows[index + 1]?.balance ?? "0", row.credits));
    });
    expect(rows.reduce((sum, row) => sum + row.entries, 0)).toBe(lines);
    return { rows, balance: rows[0]?.balance ?? "0" };
  } finally {
    await ledger.close();
  }
}

/** Starts an import, and kills it once some of it has been posted. Returns the number of posted lines. */
async function killImport(args: readonly string[], url: string, atLeast: number): Promise<number> {
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
  // The server may still run the last batch.
  for (let before = -1; before !== (await count()); await sleep(50)) before = await count();
  const posted = await count();
  await client.end();
  return posted;
}

async function importOnPostgres(file: string, options: readonly string[], lines: number) {
  const database = await createHostileDatabase("resume");
  try {
    const args = ["import", file, ...options];
    const killedAt = await killImport(args, database.url, 1);
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

describe("an import that is killed and runs again", () => {
  it("has posted every line once on PostgreSQL", async () => {
    await importOnPostgres(await writeFile("postgres.csv", 6_000), OPTIONS, 6_000);
  });

  it("has posted every line once on the embedded database", async () => {
    const file = await writeFile("embedded.csv", 4_000);
    const dataDir = path.join(directory.path, "data");
    const args = ["import", file, ...OPTIONS, "--data-dir", dataDir];
    expect((await run(["migrate", "--data-dir", dataDir])).code).toBe(0);
    const running = start(args);
    await until(() => (running.printed().includes("Created the account") ? true : undefined), running);
    await sleep(200);
    running.process.kill("SIGKILL");
    expect((await running.finished).code).toBeNull();
    const rest = await run(args);
    expect(rest).toMatchObject({ code: 0, stderr: "" });
    await expectImported({ dataDir }, 4_000);
  });
});

describe.skipIf(!existsSync(TRACE))("the trace of real calls", () => {
  it("is imported once and in full, although the import is killed and runs twice again", async () => {
    const { rows, balance } = await importOnPostgres(TRACE, TRACE_OPTIONS, TRACE_LINES);
    expect(rows.length).toBeLessThan(20);
    expect(rows.every((row) => row.source?.label === "Model")).toBe(true);
    expect(balance).toMatch(/^-\d+\.\d{1,6}$/);
  });
});
