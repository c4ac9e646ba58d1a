import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { renderPlot } from "./plot.js";
import type { Report } from "./report.js";
import { row_lock_connections } from "./row-lock.js";

/** Writes the plots of a run into a folder, as `page-latency.svg` and `spend-throughput.svg`. */
export async function writePlots(report: Report, folder: string): Promise<void> {
  const { machine, growth = [], concurrency = [] } = report;
  const place = `${machine.cores} cores, PostgreSQL ${machine.postgres.version}`;
  const latency = renderPlot({
    title: "Reading a page, by length of the history",
    subtitle: `First, middle and last page of every filter, one reader, through the library; ${place}`,
    x_label: "entries of the account",
    y_label: "milliseconds a page",
    x_marks: growth.map(({ entries }) => entries),
    lines: [
      { label: "median (p50)", points: growth.map(({ entries, p50_ms }) => [entries, p50_ms]) },
      { label: "p99", points: growth.map(({ entries, p99_ms }) => [entries, p99_ms]) },
    ],
  });
  const throughput = renderPlot({
    title: "Single spends, by number of callers",
    subtitle: `10,000 accounts by Zipf's law; the row lock on ${row_lock_connections} connections; ${place}`,
    x_label: "callers at once",
    y_label: "spends per second",
    x_marks: concurrency.map(({ callers }) => callers),
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
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "page-latency.svg"), latency);
  await writeFile(join(folder, "spend-throughput.svg"), throughput);
}
