import { type Entry, fromMicros, toMicros } from "@credit-activity/client";
import type { Books } from "./books.js";
import { checkClosure, checkErasure } from "./closure-checks.js";
import { checkEffects } from "./effect-checks.js";
import { type Check, type Finding, sum, ZERO } from "./finding.js";
import { checkEnds, checkExpired, checkGrantRefusals, checkGrants } from "./grant-checks.js";
import type { AccountHistory, Recorded } from "./history.js";
import { checkExtensions, checkHoldRecords, checkHolds } from "./hold-checks.js";
import { toSeq } from "./lifetimes.js";
import { checkLimits } from "./limit-checks.js";

/**
 * Checks the books of an account. No command is in flight, each has its final response, and nothing is due.
 *
 * @returns one finding per wrong record
 */
export function checkBooks(history: AccountHistory, books: Books): Finding[] {
  return CHECKS.flatMap((check) => [...check(history, books)]);
}

/** Entries are seq 1, 2, 3, ..., and each balance is the one before plus the credits. The account has the last one. */
function* checkChain(_: AccountHistory, { account, entries }: Books): Iterable<Finding> {
  let balance = ZERO;
  for (const [index, entry] of entries.entries()) {
    if (entry.seq !== index + 1)
      yield { problem: `Entry ${entry.seq} follows entry ${index}.`, evidence: entry };
    const due = balance + toMicros(entry.credits);
    balance = toMicros(entry.balance);
    if (balance !== due) {
      const problem = `Entry ${entry.seq} has balance ${entry.balance}, and ${fromMicros(due)} was due.`;
      yield { problem, evidence: entry };
    }
  }
  const moved = sum(entries.map(({ credits }) => credits));
  if (toMicros(account.balance) !== moved) {
    const problem = `The account has balance ${account.balance}, and its entries moved ${fromMicros(moved)}.`;
    yield { problem, evidence: account };
  }
}

/** Each accepted command has its one entry, as its response had it. All other entries are those of what expired. */
function* checkOnce(history: AccountHistory, { entries }: Books): Iterable<Finding> {
  const { commands } = history;
  const byKey = new Map<string, Entry>();
  for (const entry of entries) {
    if (entry.key === null) {
      if (entry.kind !== "expiry" || toMicros(entry.credits) > ZERO)
        yield { problem: `Entry ${entry.seq} has no key.`, evidence: entry };
      continue;
    }
    const other = byKey.get(entry.key);
    byKey.set(entry.key, entry);
    if (other !== undefined) {
      const problem = `A command was carried out twice, by the entries ${other.seq} and ${entry.seq}.`;
      yield { problem, evidence: { recorded: commands.get(entry.key), entries: [other, entry] } };
    }
    const recorded = commands.get(entry.key);
    if (recorded === undefined) {
      yield { problem: `Entry ${entry.seq} has a key that nobody sent.`, evidence: entry };
    } else if (recorded.response === null) {
      yield { problem: `A command that was refused has entry ${entry.seq}.`, evidence: { recorded, entry } };
    }
  }
  for (const recorded of commands.values()) {
    const { response } = recorded;
    const posted = response?.entry;
    if (response == null || posted == null) continue;
    const entry = byKey.get(posted.key ?? "");
    if (entry === undefined) {
      yield {
        problem: `A command was accepted with entry ${posted.seq}, and is lost.`,
        evidence: { recorded },
      };
    } else if (!history.isSame({ ...response, entry }, response)) {
      const problem = `Entry ${entry.seq} is not the one of its command's response.`;
      yield { problem, evidence: { recorded, entry } };
    }
  }
}

/** A command that had its response before another was sent has an earlier entry. */
function* checkOrder({ accepted }: AccountHistory): Iterable<Finding> {
  const posted = accepted
    .filter(({ response }) => response?.entry != null)
    .sort((one, other) => toSeq(one) - toSeq(other));
  let latest: Recorded | undefined;
  for (const recorded of posted) {
    if (latest !== undefined && (recorded.acceptedMs as number) < (latest.sentMs as number)) {
      const problem = `Entry ${toSeq(recorded)} was confirmed before the command of entry ${toSeq(latest)} was sent.`;
      yield { problem, evidence: { earlier: latest, later: recorded } };
    }
    if (latest === undefined || (recorded.sentMs as number) > (latest.sentMs as number)) latest = recorded;
  }
}

/** No entry is refunded beyond what it took. */
function* checkRefunds(_: AccountHistory, { entries }: Books): Iterable<Finding> {
  const refunded = new Map<number, bigint>();
  for (const { refundOf, credits } of entries) {
    if (refundOf !== null) refunded.set(refundOf, (refunded.get(refundOf) ?? ZERO) + toMicros(credits));
  }
  for (const [seq, credits] of refunded) {
    const entry = entries[seq - 1];
    if (entry !== undefined && credits <= -toMicros(entry.credits)) continue;
    yield { problem: `${fromMicros(credits)} were refunded of entry ${seq}.`, evidence: entry };
  }
}

/** The page adds up: each row's balance is that of the row beneath plus its credits, and every entry is in one row. */
function* checkPage(_: AccountHistory, { entries, rows, total, account }: Books): Iterable<Finding> {
  if (rows.length !== total)
    yield { problem: `The page has ${rows.length} of ${total} rows.`, evidence: null };
  for (const [index, row] of rows.entries()) {
    const beneath = rows[index + 1];
    const due = toMicros(beneath?.balance ?? "0") + toMicros(row.credits);
    if (toMicros(row.balance) !== due) {
      const problem = `Row ${row.position} has balance ${row.balance}, and ${fromMicros(due)} was due.`;
      yield { problem, evidence: { row, beneath } };
    }
    const members = entries.slice(row.firstSeq - 1, row.lastSeq).filter(({ kind }) => kind === row.kind);
    if (row.position !== rows.length - index || members.length < row.entries) {
      const problem = `Row ${row.position} is at place ${rows.length - index}, with ${members.length} entries of its kind.`;
      yield { problem, evidence: { row, members } };
    }
  }
  const shown = rows.reduce((count, row) => count + row.entries, 0);
  const top = rows[0]?.balance ?? "0";
  if (shown === entries.length && top === account.balance) return;
  const problem = `The page has ${shown} of ${entries.length} entries, and the balance ${top} instead of ${account.balance}.`;
  yield { problem, evidence: rows[0] };
}

const CHECKS: readonly Check[] = [
  checkChain,
  checkOnce,
  checkEffects,
  checkOrder,
  checkLimits,
  checkHolds,
  checkHoldRecords,
  checkExtensions,
  checkRefunds,
  checkExpired,
  checkGrants,
  checkEnds,
  checkGrantRefusals,
  checkClosure,
  checkErasure,
  checkPage,
];
