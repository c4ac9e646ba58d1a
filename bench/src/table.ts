import type { CaseResult } from "./case-result.js";
import type { Report } from "./report.js";

/** The run as a person reads it: the machine, the cases, and the parts of those that have any. */
export function renderTable(report: Report): string {
  const { cases } = report;
  const lines = [describe(report), ""];
  lines.push(
    ...aligned(
      [
        "case",
        "per s",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "errors",
        "callers",
        "entries",
        "ratio",
        "baseline",
        "per s",
        "p50 ms",
      ],
      cases.map((one) => [
        one.name,
        whole(one.rate_per_s),
        ...[one.p50_ms, one.p95_ms, one.p99_ms].map(millis),
        whole(one.errors),
        whole(one.callers),
        whole(one.entries),
        one.ratio.toFixed(2),
        one.baseline_name,
        one.ratio_of === "rate" ? whole(one.baseline) : "",
        millis(one.baseline_p50_ms),
      ]),
    ),
  );
  lines.push(...cases.flatMap(remarks), ...remarksOnServer(report), "", verdict(report));
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
    `${run.is_quick ? "quick run" : "run"} of ${whole(run.seconds)} s: a history of ${whole(run.history_entries)} entries ` +
      `in ${whole(run.history_rows)} activity rows, ` +
      `${whole(run.accounts)} accounts, ${run.connections} connections, ${run.lanes} lanes; ` +
      `load average when it began: ${machine.load_average.toFixed(2)}`,
  ].join("\n");
}

/** What a case tells besides its line. */
function remarks(one: CaseResult): string[] {
  const lines: string[] = [];
  if (one.ratio_to_least_work !== undefined && one.baseline_least_work_per_s !== undefined) {
    lines.push(
      `${one.name}: ${one.ratio_to_least_work.toFixed(2)} to a row lock that does the least work, ` +
        `${whole(one.baseline_least_work_per_s)}/s`,
    );
  }
  if (
    one.baseline_one_connection_per_s !== undefined &&
    one.baseline_several_connections_per_s !== undefined
  ) {
    lines.push(
      `${one.name}: bare INSERT on 1 connection ${whole(one.baseline_one_connection_per_s)}/s, ` +
        `on several ${whole(one.baseline_several_connections_per_s)}/s`,
    );
  }
  if (one.lone_p50_ms !== undefined && one.p99_to_lone !== undefined) {
    lines.push(
      `${one.name}: a lone call takes ${millis(one.lone_p50_ms)} ms (p50); ` +
        `p99 of ${one.callers} callers is ${one.p99_to_lone.toFixed(1)} times that`,
    );
  }
  return lines;
}

function remarksOnServer({ memory }: Report): string[] {
  if (memory === undefined) return [];
  const { server_rss_max_mb: mb, accounts_touched, errors } = memory;
  const taken = mb === null ? "unknown on this system" : `${whole(mb)} MB at most`;
  return [`memory of the server: ${taken}, ${whole(accounts_touched)} accounts touched, ${errors} errors`];
}

function verdict({ verify }: Report): string {
  const { ok, checks, entries, seconds, violations } = verify;
  const counted = `${checks} checks on ${whole(entries)} entries in ${seconds.toFixed(1)} s`;
  const found = violations.map(
    ({ check, account, line, problem }) => `\n  ${check}: ${account}, ${line}: ${problem}`,
  );
  return `verify: ${ok ? "ok" : "FAILED"}, ${counted}${found.join("")}`;
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
