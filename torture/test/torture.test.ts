import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parseOptions, UsageError } from "../src/options.js";

const PROGRAM = fileURLToPath(
  new URL("../../node_modules/.cache/torture/torture/src/main.js", import.meta.url),
);

/** The seed of this run: PROPERTY_SEED to draw the same again, else another one per run. */
const SEED = process.env.PROPERTY_SEED ?? String(Date.now() % 2 ** 31);

/** Runs the compiled program, and returns its exit code and output. */
function torture(...args: string[]): Promise<{ code: number | string | null; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, ...args], { maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (error.code ?? null), output: `${stdout}${stderr}` });
    });
  });
}

describe(`the ledger under faults (PROPERTY_SEED=${SEED})`, () => {
  it.each([
    ["three servers on PostgreSQL", ["--minutes", "1.5"]],
    ["one server on the embedded database", ["--minutes", "0.5", "--embedded"]],
  ])("loses and doubles nothing: %s", async (_, args) => {
    const { code, output } = await torture(...args, "--seed", SEED);
    expect(code, output).toBe(0);
    expect(output).toMatch(/^Nothing was lost, doubled or wrong\.$/m);
    const count = (name: string) => Number(new RegExp(`^${name} +(\\d+)`, "m").exec(output)?.[1]);
    // Without these the run would have proved nothing.
    for (const name of ["faults", "accepted", "missing"]) expect(count(name), output).toBeGreaterThan(0);
    expect(output).toMatch(/^verify +Checked \d+ accounts, /m);
  });
});

describe("the command line", () => {
  it("takes the minutes, the seed and the database", () => {
    expect(parseOptions(["--minutes", "30", "--seed", "7", "--embedded"])).toEqual({
      ...{ minutes: 30, seed: 7, isEmbedded: true },
    });
    expect(parseOptions([])).toMatchObject({ minutes: 2, isEmbedded: false });
  });

  it("refuses what is not an option", () => {
    for (const args of [["--fast"], ["--minutes"], ["--minutes", "0"], ["--seed", "x"], ["30"]]) {
      expect(() => parseOptions(args), args.join(" ")).toThrow(UsageError);
    }
  });

  it("reports a mistake with the usage", async () => {
    const { code, output } = await torture("--fast");
    expect(code).toBe(2);
    expect(output).toContain("npm run torture -- [option ...]");
  });
});
