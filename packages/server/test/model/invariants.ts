import type { ActivityRow, Draw, Entry, Grant, Hold } from "../../src/ledger/entry.js";
import { CATEGORIES, categoryOf, isUsage } from "../../src/ledger/kinds.js";
import type { AccountFacts } from "./model.js";
import { cellOf, discountOf, sameGroup, WINDOW_ROWS } from "./rows.js";

/** The state of one account, as read from anywhere. Entries and rows may come in any order. */
export interface Ledger {
  readonly entries: readonly Omit<Entry, "hash" | "fingerprint">[];
  readonly rows: readonly ActivityRow[];
  readonly grants: readonly Grant[];
  readonly holds: readonly Omit<Hold, "fingerprint" | "releaseFingerprint">[];
  readonly account: AccountFacts;
}

type Line = Ledger["entries"][number];

/**
 * Checks what is always true of one account, by the numbers of the design: 2 (order), 3 (balance), 4 (grants),
 * 5 (rows) and 6 (keys), and that refunds and holds add up. The chain of hashes is not looked at.
 *
 * @throws Error that names the first violation
 */
export function checkInvariants(ledger: Ledger): void {
  const sorted = {
    ...ledger,
    entries: ledger.entries.toSorted((a, b) => a.seq - b.seq),
    rows: ledger.rows.toSorted((a, b) => a.position - b.position),
  };
  checkOrder(sorted);
  checkBalances(sorted);
  checkGrants(sorted);
  checkRefunds(sorted);
  checkHolds(sorted);
  checkKeys(sorted);
  checkRowOrder(sorted);
  checkRowMembers(sorted);
  checkWindows(sorted);
}

function demand(isTrue: boolean, invariant: string, sentence: string): asserts isTrue {
  if (!isTrue) throw new Error(`Invariant ${invariant} is broken: ${sentence}`);
}

function total(amounts: readonly bigint[]): bigint {
  return amounts.reduce((a, b) => a + b, 0n);
}

function checkOrder({ entries, account }: Ledger): void {
  entries.forEach((entry, index) => {
    demand(entry.seq === index + 1, "2 (gapless)", `entry ${index + 1} has seq ${entry.seq}.`);
  });
  const last = entries.length;
  demand(
    account.lastSeq === last,
    "2 (gapless)",
    `the account counts ${account.lastSeq} of ${last} entries.`,
  );
}

function checkBalances({ entries, account }: Ledger): void {
  entries.forEach((entry, index) => {
    const before = entries[index - 1]?.balance ?? 0n;
    demand(
      entry.balance === before + entry.credits,
      "3 (balance)",
      `entry ${entry.seq} says ${entry.balance} after ${before} and ${entry.credits}.`,
    );
  });
  const last = entries.at(-1)?.balance ?? 0n;
  demand(
    account.balance === last,
    "3 (balance)",
    `the account says ${account.balance}, its last entry ${last}.`,
  );
}

function checkGrants({ entries, grants, account }: Ledger): void {
  const name = "4 (grants)";
  const opened = new Map(grants.map((grant) => [grant.seq, grant]));
  demand(opened.size === grants.length, name, "two grants have one seq.");
  const remaining = new Map<number, bigint>();
  let debt = 0n;
  for (const entry of entries) {
    const grant = opened.get(entry.seq);
    checkOpening(entry, grant);
    if (grant !== undefined) remaining.set(grant.seq, grant.credits);
    for (const draw of entry.draws) {
      const left = (remaining.get(draw.grant) ?? -1n) - draw.credits;
      const whole = opened.get(draw.grant)?.credits ?? -1n;
      demand(
        remaining.has(draw.grant),
        name,
        `entry ${entry.seq} draws from grant ${draw.grant}, not open yet.`,
      );
      demand(left >= 0n, name, `entry ${entry.seq} leaves ${left} of grant ${draw.grant}.`);
      demand(left <= whole, name, `entry ${entry.seq} fills grant ${draw.grant} to ${left} of ${whole}.`);
      remaining.set(draw.grant, left);
    }
    debt += entry.debt;
    demand(debt >= 0n, name, `the debt is ${debt} after entry ${entry.seq}.`);
    const moved = (grant?.credits ?? 0n) - total(entry.draws.map((draw) => draw.credits)) - entry.debt;
    demand(
      entry.credits === moved,
      name,
      `entry ${entry.seq} says ${entry.credits} but opens, draws and owes ${moved}.`,
    );
    const covered = total([...remaining.values()]) - debt;
    demand(
      covered === entry.balance,
      name,
      `grants less debt are ${covered} after entry ${entry.seq}, not ${entry.balance}.`,
    );
  }
  for (const grant of grants) {
    const left = remaining.get(grant.seq);
    demand(left !== undefined, name, `grant ${grant.seq} has no entry.`);
    demand(grant.remaining === left, name, `grant ${grant.seq} says ${grant.remaining} remain, not ${left}.`);
  }
  demand(account.debt === debt, name, `the account owes ${account.debt}, its entries say ${debt}.`);
}

function checkOpening(entry: Line, grant: Grant | undefined): void {
  const name = "4 (grants)";
  const mustOpen = categoryOf(entry.kind) === "added" || (entry.kind === "adjustment" && entry.credits > 0n);
  if (grant === undefined) {
    demand(!mustOpen, name, `entry ${entry.seq} (${entry.kind}) opens no grant.`);
    return;
  }
  demand(mustOpen || entry.kind === "refund", name, `entry ${entry.seq} (${entry.kind}) can't open a grant.`);
  demand(grant.kind === entry.kind, name, `grant ${grant.seq} is ${grant.kind}, its entry ${entry.kind}.`);
  demand(grant.credits > 0n, name, `grant ${grant.seq} was opened with ${grant.credits}.`);
  demand(
    mustOpen ? grant.credits === entry.credits : grant.credits <= entry.credits,
    name,
    `grant ${grant.seq} holds ${grant.credits}, its entry says ${entry.credits}.`,
  );
  demand(
    grant.expiresAt === null || grant.expiresAt > grant.effectiveAt,
    name,
    `grant ${grant.seq} ends before it begins.`,
  );
}

function checkRefunds({ entries }: Ledger): void {
  const name = "4 (refunds)";
  for (const refund of entries.filter((entry) => entry.kind === "refund")) {
    const target = entries.find((entry) => entry.seq === refund.refundOf);
    demand(
      target !== undefined && target.seq < refund.seq,
      name,
      `entry ${refund.seq} returns no earlier entry.`,
    );
    demand(refund.credits > 0n, name, `entry ${refund.seq} returns ${refund.credits}.`);
    const returned = total(
      entries.filter((each) => each.refundOf === target.seq).map((each) => each.credits),
    );
    demand(
      returned <= -target.credits,
      name,
      `${returned} were returned of entry ${target.seq}, which took ${-target.credits}.`,
    );
    const given = refund.draws.filter((draw) => draw.credits < 0n);
    demand(
      given.every((draw) => target.draws.some((other) => other.grant === draw.grant)),
      name,
      `entry ${refund.seq} gives back to a grant that entry ${target.seq} never drew from.`,
    );
  }
  const others = entries.filter((entry) => entry.kind !== "refund");
  for (const entry of others) {
    const takes = (draw: Draw) => draw.credits >= 0n;
    demand(entry.refundOf === null, name, `entry ${entry.seq} (${entry.kind}) claims to return another.`);
    demand(
      entry.draws.every(takes),
      name,
      `entry ${entry.seq} (${entry.kind}) gives credits back to a grant.`,
    );
  }
}

function checkHolds({ entries, holds, account }: Ledger): void {
  const name = "4 (holds)";
  const held = total(holds.filter((hold) => hold.status === "open").map((hold) => hold.credits));
  demand(account.held === held, name, `the account holds ${account.held}, its open holds ${held}.`);
  for (const hold of holds) {
    demand(
      (hold.status === "settled") === (hold.settledSeq !== null),
      name,
      `hold ${hold.hold} is ${hold.status} and was settled by ${hold.settledSeq}.`,
    );
    const entry = entries[(hold.settledSeq ?? 0) - 1];
    demand(
      hold.settledSeq === null || entry?.kind === hold.kind,
      name,
      `hold ${hold.hold} of ${hold.kind} was settled by entry ${hold.settledSeq}, ${entry?.kind}.`,
    );
  }
  const settled = holds.map((hold) => hold.settledSeq).filter((seq) => seq !== null);
  demand(new Set(settled).size === settled.length, name, "one entry settles two holds.");
}

function checkKeys({ entries, holds }: Ledger): void {
  const keys = [
    ...entries.map((entry) => entry.key),
    ...holds.flatMap((hold) => [hold.key, hold.releaseKey]),
  ].filter((key) => key !== null);
  const repeated = keys.find((key, index) => keys.indexOf(key) !== index);
  demand(repeated === undefined, "6 (once)", `the key ${repeated} moved something twice.`);
}

function checkRowOrder({ rows, account }: Ledger): void {
  const name = "5 (rows)";
  rows.forEach((row, index) => {
    const before = rows[index - 1];
    const alike = rows.slice(0, index).filter((other) => other.category === row.category).length;
    demand(row.position === index + 1, name, `row ${index + 1} has position ${row.position}.`);
    demand(
      row.category === categoryOf(row.kind),
      name,
      `row ${row.position} (${row.kind}) is in ${row.category}.`,
    );
    demand(
      row.categoryPosition === alike + 1,
      name,
      `row ${row.position} is ${row.categoryPosition} of ${row.category}, not ${alike + 1}.`,
    );
    demand(
      row.balance === (before?.balance ?? 0n) + row.credits,
      name,
      `row ${row.position} says ${row.balance} above ${before?.balance ?? 0n} and ${row.credits}.`,
    );
    demand(
      before === undefined || before.firstSeq < row.firstSeq,
      name,
      `row ${row.position} began before the row beneath it.`,
    );
  });
  const top = rows.at(-1)?.balance ?? 0n;
  demand(account.balance === top, name, `the newest row says ${top}, the account ${account.balance}.`);
  const all = account.rows.all;
  demand(all === rows.length, name, `the account counts ${all} of ${rows.length} rows.`);
  for (const category of CATEGORIES) {
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
    const hasOriginal = members.some((entry) => entry.originalCredits !== null);
    const descriptions = new Set(members.map((entry) => entry.description));
    const moments = members.map((entry) => entry.occurredAt);
    const facts: [string, unknown, unknown][] = [
      ["entries", row.entries, members.length],
      ["first seq", row.firstSeq, first.seq],
      ["last seq", row.lastSeq, members.at(-1)?.seq],
      ["credits", row.credits, total(members.map((entry) => entry.credits))],
      [
        "original credits",
        row.originalCredits,
        hasOriginal ? total(members.map((entry) => entry.originalCredits ?? 0n)) : null,
      ],
      ["start", row.startedAt, Math.min(...moments)],
      ["end", row.endedAt, Math.max(...moments)],
      ["kind", row.kind, first.kind],
      ["title", row.title, first.title],
      ["project", row.project, first.project],
      ["source", JSON.stringify(parts(row.source)), JSON.stringify(parts(first.source))],
      ["discount", row.discount, discountOf(first)],
      ["description", row.description, descriptions.size === 1 ? first.description : null],
    ];
    for (const [fact, says, is] of facts) {
      demand(says === is, name, `row ${row.position} says ${fact} ${says}, its entries ${is}.`);
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
    const span = cellOf(row.endedAt) - cellOf(row.startedAt);
    demand(span <= 1, name, `row ${row.position} spans ${span + 1} windows.`);
    const within = entries.slice(row.firstSeq - 1, row.lastSeq);
    demand(
      row.entries === 1 || within.every((entry) => isUsage(entry.kind)),
      name,
      `row ${row.position} grew across an entry that is not usage.`,
    );
    // A row that began before this one's last entry stands in the same window; that is how windows show from outside.
    const sameWindow = rows.filter(
      (other) => other.position >= row.position && other.firstSeq <= row.lastSeq,
    );
    demand(
      sameWindow.length <= WINDOW_ROWS,
      name,
      `the window of row ${row.position} holds ${sameWindow.length} rows.`,
    );
    const cells = sameWindow.flatMap((other) => [cellOf(other.startedAt), cellOf(other.endedAt)]);
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

function parts(source: Line["source"]): readonly unknown[] {
  return source === null ? [] : [source.type, source.id, source.label];
}
