import type { ActivityRow } from "../../src/core/entry.js";
import { demand, total } from "./demand.js";
import type { Ledger } from "./invariants.js";
import { sameGroup, toCategory, toCell, toDiscount, WINDOW_ROWS } from "./rows.js";

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
    const facts: [fact: string, has: unknown, due: unknown][] = [
      ["entries", row.entries, members.length],
      ["first seq", row.firstSeq, first.seq],
      ["last seq", row.lastSeq, members.at(-1)?.seq],
      ["credits", row.credits, total(members.map((entry) => entry.credits))],
      [
        "original credits",
        row.originalCredits,
        hasOriginal ? total(members.map((entry) => entry.facts.originalCredits ?? 0n)) : null,
      ],
      ["start", row.startedAt, Math.min(...moments)],
      ["end", row.endedAt, Math.max(...moments)],
      ["kind", row.kind, first.kind],
      ["title", row.title, first.title],
      ["category", row.category, toCategory(first.type)],
      ["project", row.project?.id, first.facts.project?.id],
      ["member", row.member?.id, first.facts.member?.id],
      ["task", row.task?.id, first.facts.task?.id],
      ["source", toSourceText(row.source), toSourceText(first.facts.source)],
      ["discount", row.discount, toDiscount(first)],
      ["description", row.description, descriptions.size === 1 ? first.facts.description : null],
    ];
    for (const [fact, has, due] of facts) {
      demand(has === due, name, `row ${row.position} has ${fact} ${has}, its entries ${due}.`);
    }
    demand(
      members.every((entry) => entry === first || sameGroup(entry, first)),
      name,
      `row ${row.position} mixes groups.`,
    );
  }
}

function checkWindows({ entries, rows }: Ledger): void {
  const name = "5 (windows)";
  for (const row of rows) {
    const span = toCell(row.endedAt) - toCell(row.startedAt);
    demand(span <= 1, name, `row ${row.position} spans ${span + 1} windows.`);
    const within = entries.slice(row.firstSeq - 1, row.lastSeq);
    demand(
      row.entries === 1 || within.every((entry) => entry.type === "usage"),
      name,
      `row ${row.position} grew across an entry that is not usage.`,
    );
    // A row that began before this one's last entry is in the same window. Windows are visible from outside only so.
    const sameWindow = rows.filter(
      (other) => other.position >= row.position && other.firstSeq <= row.lastSeq,
    );
    demand(
      sameWindow.length <= WINDOW_ROWS,
      name,
      `the window of row ${row.position} holds ${sameWindow.length} rows.`,
    );
    const cells = sameWindow.flatMap((other) => [toCell(other.startedAt), toCell(other.endedAt)]);
    demand(
      Math.max(...cells) - Math.min(...cells) <= 1,
      name,
      `the window of row ${row.position} spans more than its own and the one before.`,
    );
    const own = entries[row.firstSeq - 1];
    const twin = sameWindow.slice(1).find((other) => {
      const theirs = entries[other.firstSeq - 1];
      return own !== undefined && theirs !== undefined && sameGroup(own, theirs);
    });
    demand(twin === undefined, name, `rows ${row.position} and ${twin?.position} are one group.`);
  }
}

function toSourceText(source: ActivityRow["source"]): string {
  return JSON.stringify(source === null ? null : [source.type, source.id, source.label]);
}
