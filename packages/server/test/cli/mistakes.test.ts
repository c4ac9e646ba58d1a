import { describe, expect, it } from "vitest";
import { run } from "./command.js";

/** A database that can't be reached, so that a command which opens it all the same says something else. */
const NOWHERE = "postgres://nobody@127.0.0.1:1/nothing";

const TOKENS = ["--account", "acme", "--map", "time=when,input=in,output=out"];
const RATES = ["--input-rate", "0.003", "--output-rate", "0.015"];

describe("what makes no sense", () => {
  it.concurrent.each([
    [["import", "no-such-file.csv", ...TOKENS, ...RATES], /There is no file "no-such-file\.csv"/],
    [["import", ".", ...TOKENS, ...RATES, "--format", "csv"], /is a folder/],
    [["import", "x.txt", ...TOKENS, ...RATES], /Give --format csv or ndjson/],
    [["import", "x.csv", ...TOKENS, ...RATES, "--format", "xml"], /Give --format csv or ndjson/],
    [["import", "x.csv", "--map", "credits=c"], /Say whose usage it is/],
    [["import", "x.csv", "--account", "a"], /Say what each line costs/],
    [["import", "x.csv", "--account", "a", "--map", "input=in"], /Say what each line costs/],
    [["import", "x.csv", "--account", "a", "--map", "price=c"], /"price=c" in --map is not <field>=<column>/],
    [["import", "x.csv", "--account", "a", "--map", "credits"], /is not <field>=<column>/],
    [["import", "x.csv", ...TOKENS, "--input-rate", "1e3"], /--input-rate: "1e3" is not an amount/],
    [["import", "x.csv", ...TOKENS, "--input-rate", "-1"], /--input-rate can't be negative/],
    [["import", "x.csv", ...TOKENS, ...RATES, "--url", "nowhere"], /There is no file|is not an address/],
    [
      ["import", "/dev/null", "--format", "csv", ...TOKENS, ...RATES, "--url", "nowhere"],
      /"nowhere" is not an address/,
    ],
    [
      ["import", "/dev/null", "--format", "csv", ...TOKENS, ...RATES, "--url", "http://127.0.0.1:1"],
      /Give the server's secret key/,
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
    [["serve", "--surprise"], /unknown option '--surprise'/],
    [["serve"], /could not be reached|ECONNREFUSED/],
    [["migrate", "--database-url", "nonsense"], /The database URL is not one of PostgreSQL/],
    [["verify", "--data-dir", "/dev/null"], /\/dev\/null/],
    [["verify", "--data-dir", "/dev/null/x"], /\/dev\/null\/x/],
    [["keys", "create"], /required option '--name/],
    [["keys", "revoke"], /missing required argument 'id'/],
  ])("%j is told in a sentence", async (args, expected) => {
    const result = await run(args, { DATABASE_URL: NOWHERE });
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(expected);
    expect(result.stderr).toMatch(/^error: /m);
    expect(result.stderr).not.toMatch(/^ {4}at |node:internal/m);
  });

  it.concurrent.each([
    [[], "Usage: credit-activity "],
    [["keys"], "Usage: credit-activity keys "],
  ])("%j is answered with what there is", async (args, expected) => {
    const result = await run(args);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain(expected);
  });
});
