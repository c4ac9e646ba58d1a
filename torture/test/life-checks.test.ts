import { type Entry, type Grant, type Hold, LedgerError } from "@credit-activity/client";
import { createLedger, type LocalLedger } from "@credit-activity/server";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Books, readBooks, readGrants } from "../src/books.js";
import { checkBooks } from "../src/checks.js";
import type { Response, SingleCommand } from "../src/commands.js";
import { hasText, PERSON } from "../src/free-text.js";
import { AccountHistory } from "../src/history.js";
import { isQuiet } from "../src/quiet.js";
import { addAccepted, copyHistory, find, refuse, send, toCommand } from "./recording.js";

/*
 * The checks of what begins and ends: holds that are extended, grants that are voided, extended or for some kinds only, and
 * accounts that are closed and anonymized. A real ledger makes two histories that are right, and each test makes one thing
 * of them wrong.
 */

const [OPEN, CLOSED] = ["open", "closed"];
const HOUR_MS = 3_600_000;

let ledger: LocalLedger;
let open: AccountHistory;
let openBooks: Books;
let closed: AccountHistory;
let closedBooks: Books;

const later = (ms: number) => new Date(Date.now() + ms).toISOString();

async function sendRefused(
  history: AccountHistory,
  name: SingleCommand["name"],
  input: object,
  code: string,
): Promise<void> {
  const failed = await send(ledger, history, name, input).catch((error) => error);
  expect(failed).toBeInstanceOf(LedgerError);
  expect(failed.code).toBe(code);
  const recorded = find(history, toCommand("", name, input).key);
  history.refuse(recorded, failed.code, recorded.sentMs as number);
}

async function makeOpen(): Promise<void> {
  open = new AccountHistory(OPEN as string, "0");
  await ledger.putAccount(open.account);
  const on = (name: SingleCommand["name"], input: object, hold?: string, key?: string) =>
    send(ledger, open, name, input, hold, key);
  const grant = async (description: string, credits: string, more: object = {}) =>
    (await on("grant", { kind: "purchase", credits, description, ...more })).entry?.seq as number;
  const hold = async (description: string, expiresIn = 60) =>
    (await on("hold", { credits: "1", description, expiresIn })).hold?.id as string;
  const paid = await grant("paid", "20");
  await grant("runtime", "7", { only: ["runtime_usage"] });
  const runtime = await grant("runtime to void", "5", { only: ["runtime_usage"] });
  await grant("runtime to expire", "3", { only: ["runtime_usage"], expiresAt: later(2_000) });
  const extended = await grant("extended", "4", { expiresAt: later(HOUR_MS), priority: 200 });
  await on("extendGrant", { grant: extended, expiresAt: later(2 * HOUR_MS), description: "later" });
  const charged = await grant("charged back", "2", { priority: 300 });
  await on("voidGrant", { grant: charged, description: "void" });
  await on("voidGrant", { grant: runtime, description: "void runtime" });
  const kept = await grant("kept", "2", { priority: 1 });
  const keeping = await hold("keeping");
  await on("voidGrant", { grant: kept, description: "void kept" });
  await on("release", {}, keeping);
  const lasting = await hold("lasting");
  await on("extend", { expiresIn: 3_600 }, lasting, "longer");
  await on("extend", { expiresIn: 1 }, lasting, "shorter");
  await on("settle", { credits: "0", description: "nothing" }, await hold("for nothing"));
  await on("settle", { credits: "500", excess: "cap", description: "capped" }, await hold("to cap"));
  await grant("refill", "6");
  await on("spend", { credits: "500", atMost: true, description: "at most" });
  await grant("last", "10");
  await sendRefused(open, "voidGrant", { grant: charged, description: "again" }, "grant_ended");
  await sendRefused(
    open,
    "extendGrant",
    { grant: paid, expiresAt: null, description: "forever" },
    "not_extended",
  );
  // A settlement takes what its hold has set aside, also from an account in debt.
  const beyond = await hold("beyond");
  const inDebt = await hold("kept in debt");
  await on("settle", { credits: "30", excess: "debt", description: "into debt" }, beyond);
  await on("settle", { credits: "3", excess: "cap", description: "capped in debt" }, inDebt);
}

async function makeClosed(): Promise<void> {
  closed = new AccountHistory(CLOSED as string, "0");
  await ledger.putAccount(closed.account, { name: PERSON });
  const on = (name: SingleCommand["name"], input: object, hold?: string, key?: string) =>
    send(ledger, closed, name, input, hold, key);
  await on("grant", { kind: "bonus", credits: "9", title: `For ${PERSON}`, description: "granted" });
  const source = { type: "model", label: `${PERSON}'s` };
  const spent = { credits: "2", description: "spent", source, member: PERSON, cost: "0.5" };
  await on("spend", { ...spent, project: { id: "p", label: PERSON }, metadata: { by: PERSON } });
  const { hold } = await on("hold", { credits: "1", description: "held", expiresIn: 3_600 });
  await sendRefused(closed, "anonymizeAccount", {}, "account_open");
  await on("closeAccount", { description: `${PERSON} asked for it` }, undefined, "close");
  await sendRefused(closed, "grant", { kind: "bonus", credits: "1", description: "late" }, "account_closed");
  closed.commands.delete("anonymizeAccount");
  await on("anonymizeAccount", {});
  await on("release", {}, hold?.id);
}

beforeAll(async () => {
  ledger = await createLedger({ database: { memory: true } });
  await makeOpen();
  await makeClosed();
  const isDone = async () => {
    await ledger.sweep();
    return isQuiet(open, await ledger.getAccount(open.account), await readGrants(ledger, open.account));
  };
  await vi.waitUntil(isDone, { timeout: 60_000, interval: 100 });
  openBooks = await readBooks(ledger, open.account);
  closedBooks = await readBooks(ledger, closed.account);
});
afterAll(() => ledger.close());

const entryOf = (key: string) => find(open, key).response?.entry as Entry;
const holdOf = (key: string) => find(open, key).response?.hold as Hold;

function withGrant(key: string, change: Partial<Grant>): Books {
  const { seq } = entryOf(key);
  return {
    ...openBooks,
    grants: openBooks.grants.map((one) => (one.seq === seq ? { ...one, ...change } : one)),
  };
}

function withHold(key: string, change: Partial<Hold>): Books {
  return {
    ...openBooks,
    holds: openBooks.holds.map((one) => (one.key === key ? { ...one, ...change } : one)),
  };
}

/** Returns books with one more entry. */
function withMore(books: Books, change: Partial<Entry>): Books {
  const last = books.entries.at(-1) as Entry;
  return { ...books, entries: [...books.entries, { ...last, key: null, seq: last.seq + 1, ...change }] };
}

/** Returns books with one more expiry of a grant. */
function withExpiry(of: string, credits: Entry["credits"], occurredAt: string = later(3 * HOUR_MS)): Books {
  return withMore(openBooks, { kind: "expiry", description: of, credits, occurredAt });
}

/** Returns a history in which a response or an input is another one. */
function withResponse(history: AccountHistory, key: string, change: Partial<Response>): AccountHistory {
  const copy = copyHistory(history);
  const recorded = find(copy, key);
  recorded.response = { ...(recorded.response as Response), ...change };
  return copy;
}

function withInput(key: string, change: object): AccountHistory {
  const copy = copyHistory(open);
  const recorded = find(copy, key);
  const command = { ...recorded.command, input: { ...recorded.command.input, ...change } };
  Object.assign(recorded, { command });
  return copy;
}

/** Returns a command as if it named another grant. */
function withGrantOf(key: string, of: string): object {
  const { command } = find(open, key);
  return { ...command, input: { ...command.input, grant: entryOf(of).seq } };
}

/** Returns a history with one more command that was refused just now. */
function withRefusal(name: SingleCommand["name"], input: object, code: string): AccountHistory {
  const copy = copyHistory(open);
  refuse(copy.add(toCommand(open.account, name, { ...input, description: "refused" })), code);
  return copy;
}

describe("the checks of what begins and ends", () => {
  it("find nothing in histories that are right", () => {
    expect(checkBooks(open, openBooks)).toEqual([]);
    expect(checkBooks(closed, closedBooks)).toEqual([]);
    expect(openBooks.entries.filter(({ kind }) => kind === "expiry").map(({ credits }) => credits)).toEqual([
      "-1",
      "-3",
    ]);
    expect(entryOf("void kept").credits).toBe("-1");
    expect(entryOf("void runtime").credits).toBe("-5");
    expect(find(open, "nothing").response).toMatchObject({ entry: null, hold: { status: "released" } });
    expect(closedBooks.entries.map(({ kind }) => kind)).toEqual([
      "bonus",
      "ai_usage",
      "closure",
      "anonymization",
    ]);
  });

  it.each<[violation: string, problem: RegExp, wrong: () => [AccountHistory, Books]]>([
    [
      "a hold without its latest extension",
      /^The hold hold_\S+ expires at \S+, and \S+ was confirmed\.$/,
      () => [open, withHold("lasting", { expiresAt: holdOf("lasting").expiresAt })],
    ],
    [
      "a hold that is missing",
      /^The hold hold_\S+ is lost\.$/,
      () => [open, { ...openBooks, holds: openBooks.holds.slice(1) }],
    ],
    [
      "a hold that was opened twice",
      /^The hold hold_2 is not that of its command\.$/,
      () => [open, { ...openBooks, holds: [...openBooks.holds, { ...holdOf("lasting"), id: "hold_2" }] }],
    ],
    [
      "a released hold that is open",
      /^The hold hold_\S+ is open, and was released\.$/,
      () => [open, withHold("for nothing", { status: "open" })],
    ],
    [
      "a settled hold of another entry",
      /^The hold hold_\S+ is settled, and was settled\.$/,
      () => [open, withHold("to cap", { settledSeq: 1 })],
    ],
    [
      "an extension that makes its hold shorter",
      /^An extension of the hold hold_\S+ lets it last until \S+, too short a time\.$/,
      () => [withResponse(open, "shorter", { hold: holdOf("lasting") }), openBooks],
    ],
    [
      "an extension that is shorter than it states",
      /^An extension of the hold hold_\S+ lets it last until \S+, too short a time\.$/,
      () => [withInput("longer", { expiresIn: 4_000 }), openBooks],
    ],
    [
      "an extension that closes its hold",
      /^The command extend has no entry, or another hold than it states\.$/,
      () => [withResponse(open, "longer", { hold: { ...holdOf("longer"), status: "released" } }), openBooks],
    ],
    [
      "a settlement of nothing that has an entry",
      /^The command settle has an entry, or another hold than it states\.$/,
      () => [withResponse(open, "nothing", { entry: entryOf("capped"), hold: null }), openBooks],
    ],
    [
      "a settlement that has no entry",
      /^The command settle has no entry, or another hold than it states\.$/,
      () => [withResponse(open, "capped", { entry: null, hold: holdOf("to cap") }), openBooks],
    ],
    [
      "a spend and a settlement that take less than was covered",
      /^Entry \d+ takes less than was covered, and leaves 0\.$/,
      () => [copyHistory(open, "5"), openBooks],
    ],
    [
      "a spend of credits that are for other kinds only",
      /^Entry \d+ leaves -23 available, beyond the overdraft limit of 0\.$/,
      () => [withResponse(withInput("runtime", { credits: "30" }), "runtime", {}), openBooks],
    ],
    [
      "a grant that is missing",
      /^The grant 1 is lost\.$/,
      () => [open, { ...openBooks, grants: openBooks.grants.filter(({ seq }) => seq !== 1) }],
    ],
    [
      "a grant that became one for all kinds",
      /^The grant 2 is not what its command states\.$/,
      () => [open, withGrant("runtime", { only: null })],
    ],
    [
      "a grant without its extension",
      /^The grant \d+ ends at \S+, and \S+ was confirmed\.$/,
      () => [open, withGrant("extended", { expiresAt: later(HOUR_MS) })],
    ],
    [
      "an extension that shortens its grant",
      /^Entry \d+ moved the end of the grant \d+ from \S+ to \S+\.$/,
      () => [withInput("extended", { expiresAt: later(3 * HOUR_MS) }), openBooks],
    ],
    [
      "an extension of a grant that was voided",
      /^Entry \d+ moved the end of the grant \d+ from \S+ to \S+\.$/,
      () => {
        const earlier = { ...entryOf("void"), seq: entryOf("later").seq - 1 };
        const copy = withResponse(open, "void", { entry: earlier });
        Object.assign(find(copy, "later"), { command: withGrantOf("later", "charged back") });
        return [copy, openBooks];
      },
    ],
    [
      "a voided grant with something left",
      /^The grant \d+ has ended, and has 2 left\.$/,
      () => [open, withGrant("charged back", { remaining: "2" })],
    ],
    [
      "a grant that was voided twice",
      /^The grant \d+ was ended twice\.$/,
      () => {
        const copy = copyHistory(open);
        const input = { grant: entryOf("charged back").seq, description: "twice" };
        const response = { entry: entryOf("void"), hold: null, repeated: false };
        addAccepted(copy, toCommand(open.account, "voidGrant", input), response, 0);
        return [copy, openBooks];
      },
    ],
    [
      "a void of another grant",
      /^Entry \d+ is not what its command states\.$/,
      () => [withInput("void", { grant: 1 }), openBooks],
    ],
    [
      "a void that left something",
      /^Entry \d+ left 5 of the grant \d+, and 0 were reserved\.$/,
      () => [open, withExpiry("charged back", "-5")],
    ],
    [
      "a grant whose end took more than it had",
      /^6 were taken at the end of the grant 4\.$/,
      () => [open, withExpiry("runtime to expire", "-3")],
    ],
    [
      "a grant that expired at the time before its extension",
      /^Entry \d+ expires the grant \d+ before \S+\.$/,
      () => [open, withExpiry("extended", "-4", later(HOUR_MS))],
    ],
    [
      "a draw on a grant for other kinds only",
      /^The grant 2 of 7 has 6, and its end took 0, though nobody drew on it\.$/,
      () => [open, withGrant("runtime", { remaining: "6" })],
    ],
    [
      "a void that took less than remained",
      /^The grant 3 of 5 has 0, and its end took 4, though nobody drew on it\.$/,
      () => [
        withResponse(open, "void runtime", { entry: { ...entryOf("void runtime"), credits: "-4" } }),
        openBooks,
      ],
    ],
    [
      "a live grant that is refused as ended",
      /^A command on the grant 1 was refused with grant_ended\.$/,
      () => [withRefusal("voidGrant", { grant: 1 }, "grant_ended"), openBooks],
    ],
    [
      "an extension that is refused as none",
      /^A command on the grant \d+ was refused with not_extended\.$/,
      () => {
        const input = { grant: entryOf("extended").seq, expiresAt: later(3 * HOUR_MS) };
        return [withRefusal("extendGrant", input, "not_extended"), openBooks];
      },
    ],
    [
      "an open account that refuses a command as closed",
      /^The command spend was refused as if the account was closed\.$/,
      () => [withRefusal("spend", { credits: "1" }, "account_closed"), openBooks],
    ],
    [
      "an open account that is closed",
      /^The account is closed since \S+, and its closure is of no time\.$/,
      () => [open, { ...openBooks, account: { ...openBooks.account, closedAt: later(0) } }],
    ],
    [
      "a closed account that is open",
      /^The account is closed since null, and its closure is of \S+\.$/,
      () => [closed, { ...closedBooks, account: { ...closedBooks.account, closedAt: null } }],
    ],
    [
      "an account that was closed twice",
      /^Entry 5 closed the account again\.$/,
      () => [closed, withMore(closedBooks, { key: "again", kind: "closure" })],
    ],
    [
      "an entry after the closure",
      /^Entry 5 is of a command after the account was closed\.$/,
      () => [closed, withMore(closedBooks, { key: "spent", kind: "ai_usage" })],
    ],
    [
      "a hold that was accepted after the closure",
      /^The command hold was accepted after the account was closed\.$/,
      () => {
        const copy = copyHistory(closed);
        const input = { credits: "1", description: "late hold" };
        const { response } = find(closed, "held");
        addAccepted(copy, toCommand(closed.account, "hold", input), response as Response, performance.now());
        return [copy, closedBooks];
      },
    ],
    [
      "a name that was not erased",
      /^1 records of an anonymized account have free text\.$/,
      () => [closed, { ...closedBooks, account: { ...closedBooks.account, name: PERSON } }],
    ],
    [
      "text and costs that were not erased",
      /^2 records of an anonymized account have free text\.$/,
      () => {
        const [first, second, ...others] = closedBooks.entries as [Entry, Entry, ...Entry[]];
        const entries = [
          { ...first, title: `For ${PERSON}` },
          { ...second, cost: "0.5" as const },
          ...others,
        ];
        return [closed, { ...closedBooks, entries }];
      },
    ],
  ])("name %s", (_, problem, wrong) => {
    const problems = checkBooks(...wrong()).map((finding) => finding.problem);
    expect(problems).toContainEqual(expect.stringMatching(problem));
  });

  it("take the first response without its text, once the account is anonymized", () => {
    const copy = copyHistory(closed);
    const recorded = find(copy, "spent");
    const entry = closedBooks.entries[1] as Entry;
    expect(hasText(recorded.response)).toBe(true);
    expect(hasText(entry)).toBe(false);
    expect(() => copy.accept(recorded, { entry, hold: null, repeated: true }, 0)).not.toThrow();
    const other = { entry: { ...entry, credits: "-1" as const }, hold: null, repeated: true };
    expect(() => copy.accept(recorded, other, 0)).toThrow("Two responses to one key differ.");
    copy.commands.delete("anonymizeAccount");
    expect(() => copy.accept(recorded, { entry, hold: null, repeated: true }, 0)).toThrow(/differ/);
  });

  it("refuse a state of the account that it can't have", () => {
    const copy = copyHistory(open);
    const recorded = copy.add(toCommand(open.account, "spend", { credits: "1", description: "new" }));
    expect(() => copy.refuse(recorded, "account_closed", 0)).toThrow(/closed that nobody has closed/);
    const after = copyHistory(closed);
    const again = after.add(toCommand(closed.account, "anonymizeAccount", { description: "again" }));
    expect(() => after.refuse(again, "account_closed", 0)).not.toThrow();
    expect(() => after.refuse(again, "account_open", 0)).not.toThrow();
    expect(() => after.refuse(again, "account_open", performance.now())).toThrow(/open after it was closed/);
  });
});
