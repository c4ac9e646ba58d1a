import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { createDatabase, type Database } from "../../../../tools/postgres.js";
import { createCredits, formatCredits, formatInstant } from "../../src/index.js";
import { type Finished, type Folder, makeFolder, run, serve } from "./command.js";

let folder: Folder;
let database: Database;
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());
beforeEach(async () => {
  database = await createDatabase(inject("databaseUrl"), "import");
});
afterEach(() => database.drop());

const runImport = (file: string, ...args: string[]): Promise<Finished> =>
  run(["import", file, ...args], { DATABASE_URL: database.url });

/** The entries of an account, the oldest first, as texts. */
async function entriesOf(account: string) {
  const credits = await createCredits({ database: { url: database.url } });
  try {
    if ((await credits.getAccount(account)) === null) return [];
    const { items } = await credits.entries(account, { order: "asc", limit: 1000 });
    return items.map((entry) => ({
      credits: formatCredits(entry.credits),
      original: entry.originalCredits === null ? null : formatCredits(entry.originalCredits),
      kind: entry.kind,
      source: entry.source,
      project: entry.project,
      description: entry.description,
      at: formatInstant(entry.occurredAt),
      key: entry.key,
    }));
  } finally {
    await credits.close();
  }
}

const TOKENS = ["--account", "acme", "--map", "time=when,input=in,output=out,description=what,project=for"];
const RATES = ["--input-rate", "0.003", "--output-rate", "0.015"];

describe("import of CSV", () => {
  it("reads quotes, line ends and a byte order mark, and charges tokens exactly", async () => {
    const csv = [
      "\ufeffwhen, in ,out,what,for",
      '2023-11-16 18:17:03.9799600,4808,10,"with a comma, ""quotes"" and\na second line",site',
      "2023-11-16T20:17:04.031960+02:00,0,1,plain,",
      "",
      "2023-11-16 18:17:05,1,0,é 😀,site",
      "2023-11-16 18:17:05,1,0,é 😀,site",
    ].join("\r\n");
    const file = await folder.write("tokens.csv", csv);
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
    expect(first.stdout).toMatch(/Made the account "acme"/);
    expect(first.stdout).toMatch(/4 lines: 4 posted, 0 there already, 0 refused, 0 bad/);
    expect(first.stdout).toMatch(/The balance of "acme" is -0\.017001\./);
    const entries = await entriesOf("acme");
    const source = { type: "model", id: null, label: "Sonnet" };
    expect(entries).toMatchObject([
      // 4,808 x 3,500 / 1,000 + 10 x 15,000 / 1,000 micro-credits.
      {
        credits: "-0.016978",
        description: 'with a comma, "quotes" and\na second line',
        project: "site",
        source,
      },
      { credits: "-0.000015", description: "plain", project: "none", at: "2023-11-16T18:17:04.031960Z" },
      // 3.5 micro-credits: half of one is rounded up.
      { credits: "-0.000004", description: "é 😀", at: "2023-11-16T18:17:05.000000Z" },
      { credits: "-0.000004", description: "é 😀" },
    ]);
    expect(entries[0]?.at).toBe("2023-11-16T18:17:03.979960Z");
    expect(new Set(entries.map((entry) => entry.key)).size).toBe(4);

    const second = await runImport(file, ...options);
    expect(second.code).toBe(0);
    expect(second.stdout).toMatch(/4 lines: 0 posted, 4 there already/);
    expect(await entriesOf("acme")).toEqual(entries);

    const dearer = await runImport(file, ...options.with(-1, "0.016"));
    expect(dearer.code).toBe(1);
    expect(dearer.stdout).toMatch(/0 posted, 2 there already, 2 refused/);
    expect(dearer.stderr).toMatch(/^line 3 was refused: .*key/m);
    expect(await entriesOf("acme")).toEqual(entries);
  });

  it("stops at a bad line and names it, or skips it when asked", async () => {
    const csv =
      "when,in,out,what,for\n2023-11-16 18:17:03,5,5,,\n2023-11-16 18:17:04,-5,5,,\nyesterday,5,5,,\n1,2\n2023-11-16 18:17:05,5,5,,\n";
    const file = await folder.write("bad.csv", csv);
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
    expect(await entriesOf("acme")).toHaveLength(2);
  });

  it("takes credits, kinds, accounts and ids from columns", async () => {
    const csv =
      "id,who,cost,full,kind,model\na-1,acme,1.5,2,build_usage,Opus\na-2,other,3,,ai_usage,\na-3,acme,x,,ai_usage,\n";
    const file = await folder.write("columns.csv", csv);
    const map = "id=id,account=who,credits=cost,original_credits=full,kind=kind,source=model";
    const first = await runImport(file, "--map", map, "--account", "acme", "--skip-bad-lines");
    expect(first.code).toBe(1);
    expect(first.stderr).toMatch(/^line 3 was refused: There is no account "other"/m);
    expect(first.stderr).toMatch(/^line 4 "x" is not an amount/m);
    expect(await entriesOf("acme")).toMatchObject([
      {
        key: "a-1",
        credits: "-1.5",
        original: "-2",
        kind: "build_usage",
        source: { type: "model", label: "Opus" },
      },
    ]);
  });

  it("makes no account when there is no file", async () => {
    await runImport("no-such-file.csv", ...TOKENS, ...RATES);
    const credits = await createCredits({ database: { url: database.url } });
    expect(await credits.getAccount("acme")).toBeNull();
    await credits.close();
  });

  it("of a file with nothing but a header posts nothing", async () => {
    const file = await folder.write("empty.csv", "when,in,out,what,for\n");
    const result = await runImport(file, ...TOKENS, ...RATES);
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(result.stdout).toMatch(/0 lines: 0 posted/);
  });
});

describe("import of NDJSON", () => {
  it("reads lines, blank lines and a byte order mark, and never a rounded number", async () => {
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
    const file = await folder.write("lines.ndjson", lines.join("\n"));
    const options = ["--account", "acme", "--map", "time=t,credits=c,id=id", "--kind", "runtime_usage"];
    const result = await runImport(file, ...options, "--skip-bad-lines");
    expect(result.code).toBe(1);
    expect(result.stdout).toMatch(/9 lines: 2 posted, 0 there already, 0 refused, 7 bad/);
    for (const number of [4, 5, 6, 7, 8, 9, 10])
      expect(result.stderr).toMatch(new RegExp(`^line ${number} `, "m"));
    expect(await entriesOf("acme")).toMatchObject([
      { key: "n1", credits: "-1.000001", kind: "runtime_usage" },
      { key: "n2", credits: "-2.5" },
    ]);
    const stopped = await runImport(file, ...options);
    expect(stopped.stderr).toMatch(/^error: Line 4 /m);
  });
});

describe("import over HTTP", () => {
  it("posts to a server that runs, once each", async () => {
    const server = await serve([], { DATABASE_URL: database.url, CREDITS_SECRET_KEY: "topsecret" });
    const file = await folder.write("http.ndjson", '{"c":"1","n":1}\n{"c":"2","n":2}\n');
    const options = ["--account", "over http", "--map", "credits=c", "--url", `${server.address}/`];
    for (const posted of [2, 0]) {
      const result = await run(["import", file, ...options, "--key", "topsecret"]);
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
    expect(await entriesOf("over http")).toHaveLength(2);
  });
});
