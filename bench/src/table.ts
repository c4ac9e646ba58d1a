import type { Report } from "./report.js";

/** The run as a person reads it: the machine, the cases, and the parts of those that have any. */
export function renderTable(report: Report): string {
  const { cases } = report;
  const lines = [describe(report), ""];
  lines.push(
    ...aligned(
      ["case", "per s", "p50 ms", "p95 ms", "p99 ms", "errors", "callers", "entries", "ratio", "baseline"],
      cases.map((one) => [
        one.name,
        whole(one.rate_per_s),
        ...[one.p50_ms, one.p95_ms, one.p99_ms].map(millis),
        whole(one.errors),
        whole(one.callers),
        whole(one.entries),
        one.ratio.toFixed(2),
        `${one.baseline.name}: ${whole(one.baseline.rate_per_s)}/s, p50 ${millis(one.baseline.p50_ms)} ms`,
      ]),
    ),
  );
  for (const { name, parts } of cases) {
    if (parts === undefined) continue;
    lines.push("", `${name}, one caller`);
    lines.push(
      ...aligned(
        ["page", "samples", "p50 ms", "p95 ms", "p99 ms", "ratio of medians"],
        parts.map((part) => [
          part.name,
          whole(part.samples),
          ...[part.p50_ms, part.p95_ms, part.p99_ms].map(millis),
          part.ratio.toFixed(2),
        ]),
      ),
    );
  }
  return `${lines.join("\n")}\n`;
}

function describe({ machine, run }: Report): string {
  const { postgres } = machine;
  const settings = Object.entries(postgres.settings).map(([name, value]) => `${name} ${value}`);
  return [
    `${machine.cores} x ${machine.cpu}, ${machine.memory_gb} GB, ${machine.platform}, Node ${machine.node}`,
    `PostgreSQL ${postgres.version}: ${settings.join(", ")}`,
    `${run.is_quick ? "quick run" : "run"} of ${whole(run.seconds)} s: ${whole(run.rows)} activity rows, ` +
      `${whole(run.accounts)} accounts, ${run.connections} connections, ${run.lanes} lanes; ` +
      `load average when it began: ${machine.load_average.toFixed(2)}`,
  ].join("\n");
}

const whole = (value: number) => Math.round(value).toLocaleString("en-US");
const millis = (value: number) => value.toFixed(2);

/** Columns as wide as their widest cell; all but the first and the one named baseline end-aligned. */
function aligned(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const isText = (column: number) => column === 0 || head[column] === "baseline";
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        isText(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return [line(head), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(line)];
}
