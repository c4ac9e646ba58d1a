import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { Report } from "../src/report.js";

const PROGRAM = fileURLToPath(new URL("../../node_modules/.cache/bench/bench/src/main.js", import.meta.url));

const NAMES = [
  "read.balance",
  "read.page.deep",
  "read.page.http",
  "read.page.newest",
  "write.bulk.hot",
  "write.bulk.pglite",
  "write.bulk.zipf",
  "write.single.http",
  "write.single.library",
  "write.single.library.hot",
];

interface Ended {
  readonly code: number | string | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the compiled benchmark, on the tests' database server if there is one. */
function bench(...args: string[]): Promise<Ended> {
  const env = { ...process.env, DATABASE_URL: process.env.TEST_DATABASE_URL };
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, ...args], { env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : (error.code ?? undefined), stdout, stderr }),
    );
  });
}

// The figures mean nothing here. The test checks that every case runs, and the form of the report.
test("a quick run reports every case in one JSON document", async () => {
  const { code, stdout, stderr } = await bench(
    ...["--quick", "--json"],
    ...["--entries", "10000", "--turn-seconds", "0.2"],
  );
  expect(code, stderr).toBe(0);
  const report = JSON.parse(stdout) as Report;
  expect(report.machine.cores).toBeGreaterThan(0);
  expect(report.run).toMatchObject({ is_quick: true, history_entries: 10_000, accounts: 10_000 });
  expect(report.cases.map(({ name }) => name).sort()).toEqual(NAMES);
  for (const one of report.cases) {
    expect(one, one.name).toMatchObject({ errors: 0 });
    const figures = [
      one.rate_per_s,
      one.p50_ms,
      one.p95_ms,
      one.p99_ms,
      one.entries,
      one.baseline,
      one.ratio,
    ];
    for (const figure of figures) expect(Number.isFinite(figure) && figure > 0, one.name).toBe(true);
  }
  expect(report.memory).toMatchObject({ errors: 0 });
  expect(report.verify).toMatchObject({ ok: true, violations: [] });
});

test("a mistake on the command line is reported with the usage", async () => {
  for (const args of [["--fast"], ["read.nothing"], ["--entries", "many"], ["--plots"]]) {
    const { code, stderr } = await bench(...args);
    expect(code, args.join(" ")).toBe(2);
    expect(stderr).toContain("npm run bench -- [option ...] [case ...]");
  }
});
