import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { run } from "./command.js";

/** A database that can't be reached. A command that opens it nevertheless fails with another message. */
const NOWHERE = "postgres://nobody@127.0.0.1:1/nothing";

const TOKENS = ["--account", "acme", "--map", "time=when,input=in,output=out"];
const RATES = ["--input-rate", "0.003", "--output-rate", "0.015"];

describe("a mistake on the command line", () => {
  it.concurrent.each([
    [["import", "no-such-file.csv", ...TOKENS, ...RATES], /There is no file "no-such-file\.csv"/],
    [["import", ".", ...TOKENS, ...RATES, "--format", "csv"], /is a directory/],
    [["import", "x.txt", ...TOKENS, ...RATES], /Set --format csv or ndjson/],
    [["import", "x.csv", ...TOKENS, ...RATES, "--format", "xml"], /Set --format csv or ndjson/],
    [["import", "x.csv", "--map", "credits=c"], /The account is missing/],
    [["import", "x.csv", "--account", "a"], /The cost of a line is missing/],
    [["import", "x.csv", "--account", "a", "--map", "input=in"], /The cost of a line is missing/],
    [["import", "x.csv", ...TOKENS, "--input-rate", "1"], /The rate of the column "out" is missing/],
    [["import", "x.csv", ...TOKENS, "--output-rate", "1"], /The rate of the column "in" is missing/],
    [["import", "x.csv", "--account", "a", "--map", "input=in", ...RATES], /--output-rate has no column/],
    [
      ["import", "x.csv", "--account", "a", "--map", "credits=c", ...RATES],
      /--input-rate can't be used with/,
    ],
    [["import", "x.csv", "--account", "a", "--map", "price=c"], /"price=c" in --map is not <field>=<column>/],
    [["import", "x.csv", "--account", "a", "--map", "credits"], /is not <field>=<column>/],
    [["import", "x.csv", ...TOKENS, "--input-rate", "1x3"], /--input-rate "1x3" is not an amount/],
    [["import", "x.csv", ...TOKENS, "--input-rate", "-1"], /--input-rate can't be negative/],
    [["import", "x.csv", ...TOKENS, ...RATES, "--url", "nowhere"], /There is no file|is not an address/],
    [
      ["import", "/dev/null", "--format", "csv", ...TOKENS, ...RATES, "--url", "nowhere"],
      /"nowhere" is not an address/,
    ],
    [["import", "/dev/null", "--format", "csv", ...TOKENS, ...RATES, "--url", ""], /"" is not an address/],
    [
      ["import", "/dev/null", "--format", "csv", ...TOKENS, ...RATES, "--url", "http://127.0.0.1:1"],
      /The server's secret key is missing/,
    ],
    [
      ["import", "/dev/null", "--format", "csv", ...TOKENS, ...RATES, "--surprise"],
      /unknown option '--surprise'/,
    ],
    [["import"], /missing required argument 'file'/],
    [["nothing"], /unknown command 'nothing'/],
    [["serve", "--port", "http"], /"http" is not a port/],
    [["serve", "--port", "65536"], /"65536" is not a port/],
    [["serve", "--port", "-1"], /"-1" is not a port|argument missing/],
    [["serve", "--host", ""], /The host is empty/],
    [["serve", "--trusted-proxies", ""], /"" is not a number of proxies/],
    [["serve", "--clock-offset-max", ""], /"" is not a number of seconds/],
    [["serve", "--clock-offset-max", "0"], /"0" is not a number of seconds/],
    [["serve", "--surprise"], /unknown option '--surprise'/],
    [["keys", "list"], /can't be used as "nobody": .*ECONNREFUSED/],
    [["migrate", "--database-url", ""], /The database URL is not a PostgreSQL URL/],
    [["migrate", "--database-url", "nonsense"], /The database URL is not a PostgreSQL URL/],
    [["verify", "--data-dir", "/dev/null"], /\/dev\/null/],
    [["verify", "--data-dir", "/dev/null/x"], /\/dev\/null\/x/],
    [["keys", "create"], /required option '--name/],
    [["keys", "revoke"], /missing required argument 'id'/],
  ])("%j ends with a sentence and without a stack", async (args, expected) => {
    const result = await run(args, { DATABASE_URL: NOWHERE });
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(expected);
    expect(result.stderr).toMatch(/^error: /m);
    expect(result.stderr).not.toMatch(/^ {4}at |node:internal/m);
  });

  it.concurrent.each([
    [[], "Usage: credit-activity "],
    [["keys"], "Usage: credit-activity keys "],
  ])("%j prints the usage", async (args, expected) => {
    const result = await run(args);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain(expected);
  });
});

it("the version is that of the package", async () => {
  const { version } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  expect(await run(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
});
