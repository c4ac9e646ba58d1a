import { inspect } from "node:util";
import { sumCounts } from "./counts.js";
import type { Report } from "./run.js";

/** Formats the counts of a run, and its violation with the evidence. */
export function formatReport(report: Report): string {
  const { options, rounds, seconds, counts, faults, verified, violation, context } = report;
  const rows = [
    `seed ${options.seed}, ${options.isEmbedded ? "embedded database" : "PostgreSQL"}, ${rounds} rounds in ${seconds.toFixed(0)} s`,
    `faults     ${sumCounts(faults)}: ${formatCounts(faults)}`,
    `accepted   ${sumCounts(counts.accepted)}: ${formatCounts(counts.accepted)}`,
    `refused    ${sumCounts(counts.refused)}: ${formatCounts(counts.refused)}`,
    `requests   ${counts.requests}, of which ${counts.retries} retries and ${counts.repetitions} repetitions`,
    `missing    ${sumCounts(counts.missing)}: ${formatCounts(counts.missing)}`,
    `reads      ${counts.reads} times an entry, an account and two pages`,
    `longest    ${(counts.longestMs / 1000).toFixed(1)} s from the first request of a command to its final response`,
    `checked    ${counts.checkedAccounts} accounts with ${counts.checkedEntries} entries`,
    `verify     ${verified ?? "was not run"}`,
  ];
  if (violation === null) return `${[...rows, "Nothing was lost, doubled or wrong."].join("\n")}\n`;
  const evidence = inspect(violation.evidence, { depth: 8, maxArrayLength: 40, breakLength: 120 });
  const where = violation.account === "" ? "" : `Account "${violation.account}": `;
  return `${[...rows, ...context, "", `VIOLATION  ${where}${violation.message}`, evidence].join("\n")}\n`;
}

function formatCounts(counts: Readonly<Record<string, number>>): string {
  const sorted = Object.entries(counts).sort(([, one], [, other]) => other - one);
  return sorted.map(([name, count]) => `${count} ${name}`).join(", ");
}
