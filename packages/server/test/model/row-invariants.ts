import { MICROS_MAX } from "../../src/core/amount.js";
import type { ActivityRow, GroupFact } from "../../src/core/entry.js";
import type { PredictedEntry } from "./books.js";
import { demand, total } from "./demand.js";
import type { Ledger } from "./invariants.js";
import { sameGroup, toCategory, toCell, toDiscount, toRowCell, toVarious, WINDOW_GROUPS } from "./rows.js";

/**
 * Checks the rows of an account: their order, their entries and their windows. Entries and rows come in order.
 *
 * @throws Error that names the first violation
 */
export function checkRows(ledger: Ledger): void {
  checkRowOrder(ledger);
  checkRowMembers(ledger);
  checkWindows(ledger);
}

function checkRowOrder({ rows, account }: Ledger): void {
  const name = "5 (rows)";
  rows.forEach((row, index) => {
    const before = rows[index - 1];
    const alike = rows.slice(0, index).filter((other) => other.category === row.category).length;
    demand(row.position === index + 1, name, `row ${index + 1} has position ${row.position}.`);
    demand(
      row.categoryPosition === alike + 1,
      name,
      `row ${row.position} is ${row.categoryPosition} of ${row.category}, not ${alike + 1}.`,
    );
    demand(
      row.balance === (before?.balance ?? 0n) + row.credits,
      name,
      `row ${row.position} has ${row.balance} above ${before?.balance ?? 0n} and ${row.credits}.`,
    );
    demand(
      before === undefined || before.firstSeq < row.firstSeq,
      name,
      `row ${row.position} began before the row beneath it.`,
    );
  });
  const top = rows.at(-1)?.balance ?? 0n;
  demand(account.balance === top, name, `the newest row has ${top}, the account ${account.balance}.`);
  const all = account.rows.all;
  demand(all === rows.length, name, `the account counts ${all} of ${rows.length} rows.`);
  for (const category of ["added", "used", "adjustments"] as const) {
    const [counted, found] = [account.rows[category], rows.filter((row) => row.category === category).length];
    demand(counted === found, name, `the account counts ${counted} rows of ${category}, not ${found}.`);
  }
}

function checkRowMembers({ entries, rows }: Ledger): void {
  const name = "5 (rows)";
  for (const entry of entries) {
    const isThere = rows[entry.position - 1] !== undefined;
    demand(isThere, name, `entry ${entry.seq} belongs to row ${entry.position}, which is not there.`);
  }
  for (const row of rows) {
    const members = entries.filter((entry) => entry.position === row.position);
    const first = members[0];
    demand(first !== undefined, name, `row ${row.position} has no entry.`);
    const hasOriginal = members.some((entry) => entry.facts.originalCredits !== null);
    const descriptions = new Set(members.map((entry) => entry.facts.description));
    const moments = members.map((entry) => entry.occurredAt);
    const various = toVarious(members);
    const common = (fact: GroupFact, value: unknown) => (various.includes(fact) ? null : value);
    const original = hasOriginal ? total(members.map((entry) => entry.facts.originalCredits ?? 0n)) : null;
    const facts: [fact: string, has: unknown, due: unknown][] = [
      ["entries", row.entries, members.length],
      ["first seq", row.firstSeq, first.seq],
      ["last seq", row.lastSeq, members.at(-1)?.seq],
      ["credits", row.credits, total(members.map((entry) => entry.credits))],
      ["original credits", row.originalCredits, common("discount", original)],
      ["start", row.startedAt, Math.min(...moments)],
      ["end", row.endedAt, Math.max(...moments)],
      ["kind", row.kind, first.kind],
      ["title", row.title, first.title],
      ["category", row.category, toCategory(first.type)],
      ["project", row.project?.id ?? null, common("project", first.facts.project?.id ?? null)],
      ["member", row.member?.id ?? null, common("member", first.facts.member?.id ?? null)],
      ["task", row.task?.id ?? null, common("task", first.facts.task?.id ?? null)],
      [
        "source",
        toSourceText(row.source),
        toSourceText(various.includes("source") ? null : first.facts.source),
      ],
      ["discount", row.discount, common("discount", toDiscount(first))],
      ["various facts", row.various.join(), various.join()],
      ["description", row.description, descriptions.size === 1 ? first.facts.description : null],
    ];
    for (const [fact, has, due] of facts) {
      demand(has === due, name, `row ${row.position} has ${fact} ${has}, its entries ${due}.`);
    }
    demand(
      members.every((entry) => entry.kind === first.kind),
      name,
      `row ${row.position} mixes kinds.`,
    );
  }
}

/** A row with the window in which its entries were recorded. It is null for a row of another entry than usage. */
interface Recorded {
  readonly row: ActivityRow;
  readonly entries: readonly PredictedEntry[];
  readonly cell: number | null;
}

function checkWindows(ledger: Ledger): void {
  const name = "5 (windows)";
  let run: Recorded[] = [];
  for (const row of ledger.rows) {
    const entries = ledger.entries.filter((entry) => entry.position === row.position);
    const cells = new Set(entries.map((entry) => toCell(entry.recordedAt)));
    const isUsage = row.category === "used" && entries.every((entry) => entry.type === "usage");
    const [cell = null] = isUsage ? cells : [];
    demand(cells.size === 1, name, `row ${row.position} was recorded in ${cells.size} windows.`);
    const within = ledger.entries.slice(row.firstSeq - 1, row.lastSeq);
    demand(
      row.entries === 1 || within.every((entry) => entry.type === "usage"),
      name,
      `row ${row.position} grew across an entry that is not usage.`,
    );
    if (cell !== run.at(-1)?.cell) {
      checkRun(run);
      run = [];
    }
    if (cell !== null) run.push({ row, entries, cell });
  }
  checkRun(run);
}

/** Checks the rows of usage that was recorded in one window, without another entry in between. */
function checkRun(run: readonly Recorded[]): void {
  const name = "5 (windows)";
  run.forEach(({ row, entries }, index) => {
    const first = entries[0] as PredictedEntry;
    const isMixed = entries.some(
      (entry) => !sameGroup(entry, first) || toRowCell(entry) !== toRowCell(first),
    );
    demand(
      !isMixed || index >= WINDOW_GROUPS,
      name,
      `row ${row.position} mixes groups or windows, and ${index} rows are beneath it.`,
    );
    // A row that began before this one's last entry is open at the same time.
    const beside = run.slice(index + 1).filter((other) => other.row.firstSeq <= row.lastSeq);
    const twin = beside.find(({ entries: [other] }) => other !== undefined && isTwin(first, other));
    demand(twin === undefined, name, `rows ${row.position} and ${twin?.row.position} are one group.`);
    const kinds = new Set(beside.map((other) => other.row.kind)).add(row.kind);
    demand(
      beside.length < WINDOW_GROUPS + kinds.size,
      name,
      `the window of row ${row.position} holds ${beside.length + 1} rows.`,
    );
  });
  checkCount(run);
}

/** Checks that the rows are not more than the groups and the windows of their usage explain. */
function checkCount(run: readonly Recorded[]): void {
  const all = run.flatMap(({ entries }) => entries);
  const originals = all.map((entry) => entry.facts.originalCredits ?? 0n);
  // Rows whose sums would be too large are the exception.
  if (-total(all.map((entry) => entry.credits)) > MICROS_MAX || total(originals) > MICROS_MAX) return;
  const pairs: PredictedEntry[] = [];
  for (const entry of all) if (!pairs.some((other) => isTwin(entry, other))) pairs.push(entry);
  const kinds = new Set(all.map((entry) => entry.kind)).size;
  const isSmall = pairs.length <= WINDOW_GROUPS;
  const most = isSmall
    ? pairs.length
    : 2 * pairs.length + kinds * (1 + Math.floor((2 * pairs.length) / WINDOW_GROUPS));
  demand(
    run.length <= most,
    "5 (windows)",
    `${run.length} rows are of ${pairs.length} groups and windows, from row ${run[0]?.row.position}.`,
  );
}

/** True if two usage entries are of one group, and of one window. */
function isTwin(a: PredictedEntry, b: PredictedEntry): boolean {
  return toRowCell(a) === toRowCell(b) && sameGroup(a, b);
}

function toSourceText(source: ActivityRow["source"]): string {
  return JSON.stringify(source === null ? null : [source.type, source.id, source.label]);
}
