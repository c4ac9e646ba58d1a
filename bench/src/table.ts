import type { CaseResult } from "./case-result.js";
import type { Report } from "./report.js";

/** Formats a run for a person: the machine, the cases, and their parts. */
export function formatTable(report: Report): string {
  const { cases } = report;
  const lines = [formatRun(report), ""];
  lines.push(
    ...align(
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
        formatWhole(one.rate_per_s),
        ...[one.p50_ms, one.p95_ms, one.p99_ms].map(formatMillis),
        formatWhole(one.errors),
        formatWhole(one.callers),
        formatWhole(one.entries),
        one.ratio.toFixed(2),
        one.baseline_name,
        one.ratio_of === "rate" ? formatWhole(one.baseline) : "",
        formatMillis(one.baseline_p50_ms),
      ]),
    ),
  );
  lines.push(...cases.flatMap(formatRemarks), ...formatServerRemarks(report), "", formatVerdict(report));
  for (const { name, parts } of cases) {
    if (parts === undefined) continue;
    lines.push("", `${name}, one caller`);
    lines.push(
      ...align(
        ["page", "samples", "p50 ms", "p95 ms", "p99 ms", "ratio of medians"],
        parts.map((part) => [
          part.name,
          formatWhole(part.samples),
          ...[part.p50_ms, part.p95_ms, part.p99_ms].map(formatMillis),
          part.ratio.toFixed(2),
        ]),
      ),
    );
  }
  return `${lines.join("\n")}\n`;
}

function formatRun({ machine, run }: Report): string {
  const { postgres } = machine;
  const settings = Object.entries(postgres.settings).map(([name, value]) => `${name} ${value}`);
  return [
    `${machine.cores} x ${machine.cpu}, ${machine.memory_gb} GB, ${machine.platform}, Node ${machine.node}`,
    `PostgreSQL ${postgres.version}: ${settings.join(", ")}`,
    `${run.is_quick ? "quick run" : "run"} of ${formatWhole(run.seconds)} s: a history of ${formatWhole(run.history_entries)} entries ` +
      `in ${formatWhole(run.history_rows)} activity rows, ` +
      `${formatWhole(run.accounts)} accounts, ${run.connections} connections, ${run.lanes} lanes; ` +
      `load average when it began: ${machine.load_average.toFixed(2)}`,
  ].join("\n");
}

/** Returns the figures of a case that are not in its row. */
function formatRemarks(one: CaseResult): string[] {
  const lines: string[] = [];
  if (one.ratio_to_least_work !== undefined && one.baseline_least_work_per_s !== undefined) {
    lines.push(
      `${one.name}: ${one.ratio_to_least_work.toFixed(2)} to a row lock with the least work, ` +
        `${formatWhole(one.baseline_least_work_per_s)}/s`,
    );
  }
  if (
    one.baseline_one_connection_per_s !== undefined &&
    one.baseline_several_connections_per_s !== undefined
  ) {
    lines.push(
      `${one.name}: bare INSERT on 1 connection ${formatWhole(one.baseline_one_connection_per_s)}/s, ` +
        `on several ${formatWhole(one.baseline_several_connections_per_s)}/s`,
    );
  }
  if (one.lone_p50_ms !== undefined && one.p99_to_lone !== undefined) {
    lines.push(
      `${one.name}: a lone call takes ${formatMillis(one.lone_p50_ms)} ms (p50); ` +
        `p99 of ${one.callers} callers is ${one.p99_to_lone.toFixed(1)} times that`,
    );
  }
  return lines;
}

function formatServerRemarks({ memory }: Report): string[] {
  if (memory === undefined) return [];
  const { server_rss_max_mb: mb, accounts_touched, errors } = memory;
  const size = mb === null ? "unknown on this system" : `${formatWhole(mb)} MB at most`;
  return [
    `memory of the server: ${size}, ${formatWhole(accounts_touched)} accounts touched, ${errors} errors`,
  ];
}

function formatVerdict({ verify }: Report): string {
  const { ok, checks, entries, seconds, violations } = verify;
  const counted = `${checks} checks on ${formatWhole(entries)} entries in ${seconds.toFixed(1)} s`;
  const found = violations.map(
    ({ check, account, record, problem }) => `\n  ${check}: ${account}, ${record}: ${problem}`,
  );
  return `verify: ${ok ? "ok" : "FAILED"}, ${counted}${found.join("")}`;
}

const formatWhole = (value: number) => Math.round(value).toLocaleString("en-US");
const formatMillis = (value: number) => value.toFixed(2);

/** Aligns columns. All are end-aligned, except the first one and the one named baseline. */
function align(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const isText = (column: number) => column === 0 || head[column] === "baseline";
  const formatRow = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        isText(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return [formatRow(head), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(formatRow)];
}
