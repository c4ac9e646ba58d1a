import { writeFile } from "node:fs/promises";
import { setFlagsFromString } from "node:v8";
import { type Options, parseOptions, USAGE, UsageError } from "./options.js";
import { writePlots } from "./plots.js";
import type { Report } from "./report.js";
import { CASE_NAMES, run } from "./run.js";
import { formatTable } from "./table.js";

/** Shows the progress on a terminal. Each message replaces the one before. */
function progress(message: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${message}`);
}

async function show(report: Report, { json, plots }: Options): Promise<void> {
  const table = formatTable(report);
  const document = `${JSON.stringify(report, null, 2)}\n`;
  if (json === "-") {
    process.stderr.write(table);
    process.stdout.write(document);
  } else {
    process.stdout.write(table);
    if (json !== undefined) await writeFile(json, document);
  }
  if (plots !== undefined) await writePlots(report, plots);
}

function hasFailed({ cases, memory, growth, concurrency, verify }: Report): boolean {
  const measured = [...cases, ...(memory ? [memory] : []), ...(growth ?? []), ...(concurrency ?? [])];
  return !verify.ok || measured.some(({ errors }) => errors > 0);
}

// New objects are allocated among the young ones, as in `credit-activity serve`. Otherwise V8 expects the objects of calls
// to live long after a burst, and only a full collection frees them.
setFlagsFromString("--no-allocation-site-pretenuring");
try {
  const options = parseOptions(process.argv.slice(2), CASE_NAMES);
  const report = await run(options, progress);
  await show(report, options);
  if (hasFailed(report)) process.exitCode = 1;
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n\n${USAGE}`);
  process.exitCode = 2;
}
