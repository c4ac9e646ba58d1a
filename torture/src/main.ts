import { formatReport } from "./format.js";
import { parseOptions, USAGE, UsageError } from "./options.js";
import { run } from "./run.js";

/** Shows the progress. On a terminal each message replaces the one before. */
function progress(message: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${message}` : `${message}\n`);
}

try {
  const options = parseOptions(process.argv.slice(2));
  process.stdout.write(`seed ${options.seed}\n`);
  const report = await run(options, progress);
  process.stdout.write(formatReport(report));
  // Clients may still be in flight after a violation.
  process.exit(report.violation === null ? 0 : 1);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n\n${USAGE}`);
  process.exitCode = 2;
}
