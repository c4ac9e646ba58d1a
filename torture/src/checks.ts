import { isDeepStrictEqual } from "node:util";
import { type Amount, type Entry, fromMicros, type Hold, toMicros } from "@credit-activity/client";
import type { Books } from "./books.js";
import type { Command } from "./commands.js";
import type { AccountHistory, Recorded } from "./history.js";

/** A violation that the books of an account show. */
export interface Finding {
  readonly problem: string;
  readonly evidence: unknown;
}

/** A check of the books of an account against what its clients have seen. */
type Check = (history: AccountHistory, books: Books) => Iterable<Finding>;

/**
 * Checks the books of an account. No command is in flight, each has its final response, and nothing is due.
 *
 * @returns one finding per wrong record
 */
export function checkBooks(history: AccountHistory, books: Books): Finding[] {
  return CHECKS.flatMap((check) => [...check(history, books)]);
}

const ZERO = 0n;

function sum(amounts: Iterable<Amount>): bigint {
  let total = ZERO;
  for (const amount of amounts) total += toMicros(amount);
  return total;
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
function* checkOnce({ commands }: AccountHistory, { entries }: Books): Iterable<Finding> {
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
    const posted = recorded.response?.entry;
    if (posted == null) continue;
    const entry = byKey.get(posted.key ?? "");
    if (entry === undefined) {
      yield {
        problem: `A command was accepted with entry ${posted.seq}, and is lost.`,
        evidence: { recorded },
      };
    } else if (!isDeepStrictEqual(entry, posted)) {
      const problem = `Entry ${entry.seq} is not the one of its command's response.`;
      yield { problem, evidence: { recorded, entry } };
    }
  }
}

/** Each entry does what its command states. */
function* checkEffects(history: AccountHistory): Iterable<Finding> {
  for (const recorded of history.commands.values()) {
    const { command, response } = recorded;
    const entry = response?.entry;
    if (entry == null) continue;
    const { kind, least, most } = toExpected(command, history);
    const credits = toMicros(entry.credits);
    const isDescribed = command.name === "release" || entry.description === command.input.description;
    if (entry.kind === kind && credits >= least && credits <= most && isDescribed) continue;
    const problem = `Entry ${entry.seq} is not what its command states.`;
    yield { problem, evidence: { recorded, kind, least: fromMicros(least), most: fromMicros(most) } };
  }
}

interface Expected {
  readonly kind: string;
  readonly least: bigint;
  readonly most: bigint;
}

function toExpected(command: Command, history: AccountHistory): Expected {
  const exactly = (kind: string, credits: bigint): Expected => ({ kind, least: credits, most: credits });
  switch (command.name) {
    case "grant":
      return exactly(command.input.kind, toMicros(command.input.credits));
    case "spend": {
      const credits = toMicros(command.input.credits);
      return { kind: "ai_usage", least: -credits, most: command.input.atMost ? -1n : -credits };
    }
    case "usage":
      return exactly(command.input.kind, -toMicros(command.input.credits));
    case "settle": {
      const credits = toMicros(command.input.credits);
      const held = toMicros(findHold(history, command.hold)?.credits ?? "0");
      const isCapped = command.input.excess === "cap" && held < credits;
      return { kind: "ai_usage", least: -credits, most: isCapped ? -held : -credits };
    }
    case "refund": {
      const { credits } = command.input;
      return credits == null
        ? { kind: "refund", least: 1n, most: toTaken(history, command.input.entry) }
        : exactly("refund", toMicros(credits));
    }
    case "adjust":
      return exactly("adjustment", toMicros(command.input.credits));
    case "writeOff":
      return exactly("writeoff", -toMicros(command.input.credits));
    default:
      throw new Error(`A ${command.name} has no entry. Check its response.`);
  }
}

function findHold({ accepted }: AccountHistory, id: string | null): Hold | null {
  const opened = accepted.find(
    ({ command, response }) => command.name === "hold" && response?.hold?.id === id,
  );
  return opened?.response?.hold ?? null;
}

function toTaken({ accepted }: AccountHistory, seq: number): bigint {
  const returned = accepted.find(({ response }) => response?.entry?.seq === seq);
  return -toMicros(returned?.response?.entry?.credits ?? "0");
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

const toSeq = ({ response }: Recorded) => response?.entry?.seq ?? 0;

/** The first moment at which a hold may have been ended, and the commands that ended it. */
interface Ending {
  sentMs: number;
  readonly accepted: Recorded[];
}

function toEndings({ commands }: AccountHistory): Map<string, Ending> {
  const endings = new Map<string, Ending>();
  for (const recorded of commands.values()) {
    const { command, sentMs, response } = recorded;
    if (command.hold === null || sentMs === null) continue;
    const ending = endings.get(command.hold) ?? { sentMs, accepted: [] };
    ending.sentMs = Math.min(ending.sentMs, sentMs);
    if (response !== null) ending.accepted.push(recorded);
    endings.set(command.hold, ending);
  }
  return endings;
}

/**
 * No spend and no write-off takes the account below its overdraft limit, or takes what was set aside meanwhile. A hold
 * counts if it was confirmed before the command was sent, and if nobody tried to end it before the command was confirmed.
 */
function* checkLimits(history: AccountHistory): Iterable<Finding> {
  const endings = toEndings(history);
  const reserved = history.accepted.flatMap((recorded) => {
    const aside = toAside(recorded);
    if (aside === null) return [];
    const { hold } = recorded.response as NonNullable<Recorded["response"]>;
    const endMs = (hold && endings.get(hold.id)?.sentMs) ?? Number.POSITIVE_INFINITY;
    return [{ ...aside, sinceMs: recorded.acceptedMs as number, endMs, recorded }];
  });
  for (const recorded of history.accepted) {
    const { command, response } = recorded;
    const entry = response?.entry;
    if (entry == null || (command.name !== "spend" && command.name !== "writeOff")) continue;
    const kept = reserved.filter(
      ({ sinceMs, endMs, until }) =>
        sinceMs < (recorded.sentMs as number) &&
        endMs > (recorded.acceptedMs as number) &&
        Date.parse(until) > Date.parse(entry.recordedAt),
    );
    const left = toMicros(entry.balance) - sum(kept.map(({ credits }) => credits));
    if (left >= -toMicros(history.overdraftLimit)) continue;
    const problem = `Entry ${entry.seq} leaves ${fromMicros(left)} available, beyond the overdraft limit of ${history.overdraftLimit}.`;
    yield { problem, evidence: { recorded, kept: kept.map(({ recorded: one }) => one) } };
  }
}

/** Returns the credits that a command sets aside, and the time until which it does. */
function toAside({ command, response }: Recorded): { credits: Amount; until: string } | null {
  if (command.name === "hold" && response?.hold != null) {
    return { credits: response.hold.credits, until: response.hold.expiresAt };
  }
  if (command.name !== "grant" || response?.entry == null || command.input.effectiveAt == null) return null;
  return { credits: response.entry.credits, until: toIso(command.input.effectiveAt) };
}

const toIso = (time: string | Date) => new Date(time).toISOString();

/** A hold is ended once, and only an ended hold is closed. The account has set aside what is open, and no more. */
function* checkHolds(history: AccountHistory, { account }: Books): Iterable<Finding> {
  const endings = toEndings(history);
  for (const [hold, { accepted }] of endings) {
    if (accepted.length > 1) yield { problem: `The hold ${hold} was ended twice.`, evidence: accepted };
  }
  for (const recorded of history.commands.values()) {
    const { command, refusal, refusedAt, response } = recorded;
    if (refusal === null || refusedAt === null || response !== null || command.hold === null) continue;
    const hold = findHold(history, command.hold);
    const isEnded = (endings.get(command.hold)?.accepted.length ?? 0) > 0;
    const isExpired = hold !== null && Date.parse(hold.expiresAt) <= refusedAt;
    const isBeyond =
      command.name === "settle" && toMicros(command.input.credits) > toMicros(hold?.credits ?? "0");
    if (refusal === "hold_closed" ? isEnded || isExpired : isBeyond) continue;
    yield { problem: `The end of an open hold was refused with ${refusal}.`, evidence: { recorded, hold } };
  }
  const held = toHeld(history);
  if (toMicros(account.held) !== held) {
    const problem = `The account has set ${account.held} aside, and its open holds are ${fromMicros(held)}.`;
    yield { problem, evidence: account };
  }
}

/** Returns the sum of the open holds, and of the grants that are not effective yet. */
export function toHeld(history: AccountHistory): bigint {
  const endings = toEndings(history);
  const isEnded = ({ response }: Recorded) =>
    (endings.get(response?.hold?.id ?? "")?.accepted.length ?? 0) > 0;
  const nowMs = Date.now();
  return sum(
    history.accepted.flatMap((recorded) => {
      const aside = toAside(recorded);
      return aside === null || isEnded(recorded) || Date.parse(aside.until) <= nowMs ? [] : [aside.credits];
    }),
  );
}

/** No entry is refunded beyond what it took, and no more expires than was granted for a time. */
function* checkReturns({ accepted }: AccountHistory, { entries }: Books): Iterable<Finding> {
  const refunded = new Map<number, bigint>();
  let expired = ZERO;
  for (const { kind, refundOf, credits } of entries) {
    if (refundOf !== null) refunded.set(refundOf, (refunded.get(refundOf) ?? ZERO) + toMicros(credits));
    if (kind === "expiry") expired -= toMicros(credits);
  }
  for (const [seq, credits] of refunded) {
    const entry = entries[seq - 1];
    if (entry !== undefined && credits <= -toMicros(entry.credits)) continue;
    yield { problem: `${fromMicros(credits)} were refunded of entry ${seq}.`, evidence: entry };
  }
  const granted = sum(
    accepted.flatMap(({ command, response }) =>
      command.name === "grant" && command.input.expiresAt != null && response?.entry != null
        ? [response.entry.credits]
        : [],
    ),
  );
  if (expired > granted) {
    const problem = `${fromMicros(expired)} expired, and ${fromMicros(granted)} were granted for a time.`;
    yield { problem, evidence: entries.filter(({ kind }) => kind === "expiry") };
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
  checkReturns,
  checkPage,
];
