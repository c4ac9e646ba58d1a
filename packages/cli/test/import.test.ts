import { createLedger, NotFoundError } from "@credit-activity/server";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createHostileDatabase } from "../../../tools/hostile-database.js";
import type { Database } from "../../../tools/postgres.js";
import { type Directory, type Finished, makeDirectory, run, serve } from "./command.js";

let directory: Directory;
let database: Database;
beforeAll(async () => {
  directory = await makeDirectory();
});
afterAll(() => directory.remove());
beforeEach(async () => {
  database = await createHostileDatabase("import");
});
afterEach(() => database.drop());

const runImport = (file: string, ...args: string[]): Promise<Finished> =>
  run(["import", file, ...args], { DATABASE_URL: database.url });

/** Returns the entries of an account, oldest first, or none if it does not exist. */
async function readEntries(account: string) {
  const ledger = await createLedger({ database: { url: database.url } });
  try {
    return (await ledger.entries(account, { order: "asc", limit: 1000 })).entries;
  } catch (error) {
    if (error instanceof NotFoundError) return [];
    throw error;
  } finally {
    await ledger.close();
  }
}

const TOKENS = ["--account", "acme", "--map", "time=when,input=in,output=out,description=what,project=for"];
const RATES = ["--input-rate", "0.003", "--output-rate", "0.015"];

describe("import of CSV", () => {
  it("reads quotes, line breaks and a byte order mark, and charges tokens exactly", async () => {
    const csv = [
      "\ufeffwhen, in ,out,what,for",
      '2023-11-16 18:17:03.9799600,4808,10,"with a comma, ""quotes"" and\na second line",site',
      "2023-11-16T20:17:04.031960+02:00,0,1,plain,",
      "",
      "2023-11-16 18:17:05,1,0,é 😀,site",
      "2023-11-16 18:17:05,1,0,é 😀,site",
    ].join("\r\n");
    const file = await directory.write("tokens.csv", csv);
    const options = [
      ...TOKENS,
      "--source",
      "Sonnet",
      "--project",
      "none",
      "--input-rate",
      "0.0035",
      "--output-rate",
      "0.015",
    ];
    const first = await runImport(file, ...options);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toMatch(/Created the account "acme"/);
    expect(first.stdout).toMatch(/4 lines: 4 posted, 0 there already, 0 refused, 0 bad/);
    expect(first.stdout).toMatch(/The balance of "acme" is -0\.017\./);
    const entries = await readEntries("acme");
    const source = { type: "model", id: null, label: "Sonnet" };
    expect(entries).toMatchObject([
      // 4,808 x 3,500 / 1,000 + 10 x 15,000 / 1,000 micro-credits.
      {
        credits: "-0.016978",
        description: 'with a comma, "quotes" and\na second line',
        project: { id: "site", label: "site" },
        source,
      },
      {
        credits: "-0.000015",
        description: "plain",
        project: { id: "none" },
        occurredAt: "2023-11-16T18:17:04.031960Z",
      },
      // 3.5 micro-credits each: half of one is rounded up, and is then missing from the next line.
      { credits: "-0.000004", description: "é 😀", occurredAt: "2023-11-16T18:17:05.000000Z" },
      { credits: "-0.000003", description: "é 😀" },
    ]);
    expect(entries[0]?.occurredAt).toBe("2023-11-16T18:17:03.979960Z");
    expect(new Set(entries.map((entry) => entry.key)).size).toBe(4);
    // Files that were imported before must get the same ids again.
    expect(entries.slice(2).map((entry) => entry.key)).toEqual([
      "import:b69d6fc8063dfc07d0ab924d5733b1f5:0",
      "import:b69d6fc8063dfc07d0ab924d5733b1f5:1",
    ]);

    const second = await runImport(file, ...options);
    expect(second.code).toBe(0);
    expect(second.stdout).toMatch(/4 lines: 0 posted, 4 there already/);
    expect(await readEntries("acme")).toEqual(entries);

    const dearer = await runImport(file, ...options.with(-1, "0.016"));
    expect(dearer.code).toBe(1);
    expect(dearer.stdout).toMatch(/0 posted, 2 there already, 2 refused/);
    expect(dearer.stderr).toMatch(/^line 3 was refused: .*key/m);
    expect(await readEntries("acme")).toEqual(entries);
  });

  it("stops at a bad line with its number, or skips it with --skip-bad-lines", async () => {
    const csv =
      "when,in,out,what,for\n2023-11-16 18:17:03,5,5,,\n2023-11-16 18:17:04,-5,5,,\nyesterday,5,5,,\n1,2\n2023-11-16 18:17:05,5,5,,\n";
    const file = await directory.write("bad.csv", csv);
    const stopped = await runImport(file, ...TOKENS, ...RATES);
    expect(stopped.code).toBe(1);
    expect(stopped.stderr).toMatch(/^error: Line \d .*--skip-bad-lines/m);
    expect(stopped.stderr).not.toMatch(/^ {4}at /m);
    const skipped = await runImport(file, ...TOKENS, ...RATES, "--skip-bad-lines");
    expect(skipped.code).toBe(1);
    for (const line of [
      /^line 3 "-5" is not a number of input tokens/m,
      /^line 4 "yesterdayZ?"/m,
      /^line 5 /m,
    ]) {
      expect(skipped.stderr).toMatch(line);
    }
    expect(skipped.stdout).toMatch(/5 lines: 2 posted, 0 there already, 0 refused, 3 bad/);
    expect(await readEntries("acme")).toHaveLength(2);
  });

  it("takes all fields from columns", async () => {
    const csv =
      "id,who,cost,full,kind,model,user,job\na-1,acme,1.5,2,build_usage,Opus,mia,t-9\na-2,other,3,,ai_usage,,,\na-3,acme,x,,ai_usage,,,\n";
    const file = await directory.write("columns.csv", csv);
    const map =
      "id=id,account=who,credits=cost,originalCredits=full,kind=kind,source=model,member=user,task=job";
    const first = await runImport(file, "--map", map, "--account", "acme", "--skip-bad-lines");
    expect(first.code).toBe(1);
    expect(first.stderr).toMatch(/^line 3 was refused: The account "other" does not exist/m);
    expect(first.stderr).toMatch(/^line 4 "x" is not an amount/m);
    expect(await readEntries("acme")).toMatchObject([
      {
        key: "a-1",
        credits: "-1.5",
        originalCredits: "-2",
        kind: "build_usage",
        source: { type: "model", label: "Opus" },
        member: { id: "mia", label: "mia" },
        task: { id: "t-9", label: "t-9" },
      },
    ]);
  });

  it("creates no account without a file, or for a file that begins with a bad line", async () => {
    await runImport("no-such-file.csv", ...TOKENS, ...RATES);
    const bad = await directory.write("bad-first.csv", "when,in,out,what,for\nyesterday,5,5,,\n");
    expect((await runImport(bad, ...TOKENS, ...RATES)).code).toBe(1);
    const ledger = await createLedger({ database: { url: database.url } });
    await expect(ledger.getAccount("acme")).rejects.toThrow(NotFoundError);
    await ledger.close();
  });

  it("posts nothing from a file that only has a header", async () => {
    const file = await directory.write("empty.csv", "when,in,out,what,for\n");
    const result = await runImport(file, ...TOKENS, ...RATES);
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(result.stdout).toMatch(/0 lines: 0 posted/);
  });
});

describe("the rounding of an import", () => {
  /** Imports a file twice. Returns the credits of the entries, and what the imports printed. */
  async function importTwice(name: string, content: string, ...options: string[]) {
    const file = await directory.write(name, content);
    const first = await runImport(file, "--account", "acme", ...options);
    const again = await runImport(file, "--account", "acme", ...options);
    expect([first.stderr, again.stderr]).toEqual(["", ""]);
    const charged = (await readEntries("acme")).map(({ credits }) => credits);
    return { charged, first: first.stdout, again: again.stdout };
  }

  const lines = (count: number, line: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => line(index)).join("\n");

  it.each([
    ["0.0001", "-0.0004", 400],
    ["0.00015", "-0.0006", 600],
    ["0.00000025", "-0.000001", 1],
    ["2.5e-4", "-0.001", 1_000],
  ])("charges 1,000 calls of 4 tokens at %s per 1,000 exactly", async (rate, balance, posted) => {
    const content = `n,in\n${lines(1_000, (index) => `${index},4`)}`;
    const { charged, first, again } = await importTwice(
      "small.csv",
      content,
      ...["--map", "input=in", "--input-rate", rate],
    );
    expect(first).toContain(`The balance of "acme" is ${balance}.`);
    expect(charged).toHaveLength(posted);
    expect(new Set(charged).size).toBe(1);
    const rest = posted === 1_000 ? "" : `, ${(1_000 - posted).toLocaleString("en")} below a micro-credit`;
    expect(first).toContain(
      `1,000 lines: ${posted.toLocaleString("en")} posted, 0 there already, 0 refused, 0 bad${rest}`,
    );
    expect(again).toContain(`0 posted, ${posted.toLocaleString("en")} there already`);
  });

  it.each(["csv", "ndjson"])("reads what programs with floats write as %s", async (format) => {
    const costs = ["3.45e-5", "0.00022499999999999997", "1E-7", "4e-07", "0.30000000000000004", "12"];
    const content =
      format === "csv"
        ? `n,cost\n${lines(6, (at) => `${at},${costs[at]}`)}`
        : lines(6, (at) => `{"n":${at},"cost":${costs[at]}}`);
    const { charged, first } = await importTwice(`floats.${format}`, content, "--map", "credits=cost");
    // 34.5, 224.99999999999997, 0.1 and 0.4 micro-credits are 260 together.
    expect(charged).toEqual(["-0.000035", "-0.000224", "-0.000001", "-0.3", "-12"]);
    expect(first).toContain('The balance of "acme" is -12.30026.');
  });

  it("carries what is left per account", async () => {
    const ledger = await createLedger({ database: { url: database.url } });
    for (const account of ["a", "b"]) await ledger.putAccount(account);
    await ledger.close();
    const file = await directory.write(
      "two.csv",
      `n,who,cost\n${lines(20, (at) => `${at},${at % 2 ? "a" : "b"},1.4e-6`)}`,
    );
    expect((await runImport(file, "--map", "account=who,credits=cost")).code).toBe(0);
    for (const account of ["a", "b"])
      expect((await readEntries(account)).at(-1)).toMatchObject({ balance: "-0.000014" });
  });

  it("never charges more than the amount before a discount", async () => {
    const content = `n,cost,full\n${lines(10, (at) => `${at},1.4e-6,1.4e-6`)}`;
    const { first } = await importTwice("full.csv", content, "--map", "credits=cost,originalCredits=full");
    expect(first).toContain("10 lines: 10 posted");
    expect(first).toContain('The balance of "acme" is -0.000014.');
  });

  it("refuses amounts that no column holds", async () => {
    const file = await directory.write(
      "huge.csv",
      "cost\n9223372036854.775808\n1e60\n1e999\n1e61\n--1\n.\n1e\n",
    );
    const result = await runImport(file, "--account", "acme", "--map", "credits=cost", "--skip-bad-lines");
    expect(result.stdout).toMatch(/7 lines: 0 posted, 0 there already, 0 refused, 7 bad/);
    expect(result.stderr).toMatch(/^line 2 has 9223372036854\.775808 credits, which is out of range/m);
  });
});

describe("import of NDJSON", () => {
  it("reads lines, empty lines and a byte order mark, and numbers of any length exactly", async () => {
    const lines = [
      '\ufeff{"t":"2026-01-01T00:00:00Z","c":"1.000001","id":"n1"}',
      "",
      '{"t":"2026-01-01T00:00:00Z","c":2.5,"id":"n2"}',
      '{"t":"2026-01-01T00:00:00Z","c":9007199254.740993,"id":"n3"}',
      '{"t":"2026-01-01T00:00:00Z","c":9007199254740993,"id":"n4"}',
      "[1]",
      '{"t":',
      '{"t":"2026-01-01T00:00:00Z","id":"n5"}',
      '{"t":"2026-01-01T00:00:00Z","c":{"a":1},"id":"n6"}',
      '{"t":"2026-01-01T00:00:00Z","c":1e-7,"id":"n7"}',
    ];
    const file = await directory.write("lines.ndjson", lines.join("\n"));
    const options = ["--account", "acme", "--map", "time=t,credits=c,id=id", "--kind", "runtime_usage"];
    const result = await runImport(file, ...options, "--skip-bad-lines");
    expect(result.code).toBe(1);
    expect(result.stdout).toMatch(
      /9 lines: 3 posted, 0 there already, 0 refused, 5 bad, 1 below a micro-credit and carried on/,
    );
    for (const number of [5, 6, 7, 8, 9]) expect(result.stderr).toMatch(new RegExp(`^line ${number} `, "m"));
    expect(await readEntries("acme")).toMatchObject([
      { key: "n1", credits: "-1.000001", kind: "runtime_usage" },
      { key: "n2", credits: "-2.5" },
      { key: "n3", credits: "-9007199254.740993" },
    ]);
    const stopped = await runImport(file, ...options);
    expect(stopped.stderr).toMatch(/^error: Line 5 /m);
  });
});

describe("import over HTTP", () => {
  it("posts each line to a running server once", async () => {
    const server = await serve([], {
      DATABASE_URL: database.url,
      CREDITS_SECRET_KEY: "secret-of-the-import-tests",
    });
    const file = await directory.write("http.ndjson", '{"c":"1","n":1}\n{"c":"2","n":2}\n');
    const options = ["--account", "over http", "--map", "credits=c", "--url", `${server.address}/`];
    for (const posted of [2, 0]) {
      const result = await run(["import", file, ...options, "--key", "secret-of-the-import-tests"]);
      expect(result).toMatchObject({ code: 0, stderr: "" });
      expect(result.stdout).toMatch(new RegExp(`2 lines: ${posted} posted`));
      expect(result.stdout).toMatch(/The balance of "over http" is -3\./);
    }
    const environment = { CREDITS_URL: server.address, CREDITS_SECRET_KEY: "wrong" };
    const refused = await run(["import", file, "--account", "a", "--map", "credits=c"], environment);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/^error: .*401/m);
    expect(refused.stderr).not.toMatch(/^ {4}at /m);
    expect((await server.stop()).code).toBe(0);
    expect((await readEntries("over http")).map((entry) => entry.key)).toEqual([
      "import:c5ccdd935dc58305672c946aba9e6529:0",
      "import:65437586993ca5e9101c58a6a87cca5f:0",
    ]);
  });
});
