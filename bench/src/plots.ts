import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { formatPlot } from "./plot.js";
import type { Report } from "./report.js";
import { ROW_LOCK_CONNECTIONS } from "./row-lock.js";

/** Writes the plots of a run to a directory, as `page-latency.svg` and `spend-throughput.svg`. */
export async function writePlots(report: Report, directory: string): Promise<void> {
  const { machine, growth = [], concurrency = [] } = report;
  const place = `${machine.cores} cores, PostgreSQL ${machine.postgres.version}`;
  const latency = formatPlot({
    title: "Reading a page, by length of the history",
    subtitle: `First, middle and last page of every filter, one reader, through the library; ${place}`,
    xLabel: "entries of the account",
    yLabel: "milliseconds per page",
    xMarks: growth.map(({ entries }) => entries),
    lines: [
      { label: "median (p50)", points: growth.map(({ entries, p50_ms }) => [entries, p50_ms]) },
      { label: "p99", points: growth.map(({ entries, p99_ms }) => [entries, p99_ms]) },
    ],
  });
  const throughput = formatPlot({
    title: "Single spends, by number of callers",
    subtitle: `10,000 accounts by Zipf's law; the row lock on ${ROW_LOCK_CONNECTIONS} connections; ${place}`,
    xLabel: "callers at once",
    yLabel: "spends per second",
    xMarks: concurrency.map(({ callers }) => callers),
    lines: [
      {
        label: "Credit Activity",
        points: concurrency.map(({ callers, ledger_per_s }) => [callers, ledger_per_s]),
      },
      {
        label: "row lock",
        points: concurrency.map(({ callers, row_lock_per_s }) => [callers, row_lock_per_s]),
      },
    ],
  });
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "page-latency.svg"), latency);
  await writeFile(join(directory, "spend-throughput.svg"), throughput);
}
