import { writeFile } from "node:fs/promises";
import { expectShortLivedObjects } from "@credit-activity/server";
import { type Options, parseOptions, UsageError, usage } from "./options.js";
import { writePlots } from "./plots.js";
import type { Report } from "./report.js";
import { caseNames, run } from "./run.js";
import { renderTable } from "./table.js";

/** One line on the terminal that the next one replaces; nothing where the error output is not a terminal. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

async function show(report: Report, { json, plots }: Options): Promise<void> {
  const table = renderTable(report);
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

expectShortLivedObjects();
try {
  const options = parseOptions(process.argv.slice(2), caseNames);
  const report = await run(options, progress);
  await show(report, options);
  if (hasFailed(report)) process.exitCode = 1;
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n\n${usage}`);
  process.exitCode = 2;
}
