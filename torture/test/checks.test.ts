import {
  addAmounts,
  type Entry,
  type Hold,
  InsufficientCreditsError,
  toError,
} from "@credit-activity/client";
import { createLedger, type LocalLedger } from "@credit-activity/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Books, readBooks } from "../src/books.js";
import { checkBooks } from "../src/checks.js";
import { toFailure } from "../src/clients.js";
import { type Response, type SingleCommand, sendSingle, sendUsage } from "../src/commands.js";
import { AccountHistory, ViolationError } from "../src/history.js";
import { checkPages } from "../src/readers.js";
import {
  addAccepted,
  copyHistory as copyRecorded,
  find,
  refuse,
  send as sendRecorded,
  toCommand as toAccountCommand,
} from "./recording.js";

/*
 * The checks have to name each violation. A real ledger makes a history that is right, and each test makes one thing of it
 * wrong.
 */

const ACCOUNT = "acme";
const OVERDRAFT_LIMIT = "5";

let ledger: LocalLedger;
let history: AccountHistory;
let books: Books;
/** The books without what the last command did. */
let booksBefore: Books;
/** The time by which the ledger's clock is ahead. */
let aheadMs = 0;
let openHold: Hold;

beforeAll(async () => {
  ledger = await createLedger({ database: { memory: true }, now: () => new Date(Date.now() + aheadMs) });
  await ledger.putAccount(ACCOUNT, { overdraftLimit: OVERDRAFT_LIMIT });
  history = new AccountHistory(ACCOUNT, OVERDRAFT_LIMIT);
  const expiresAt = new Date(Date.now() + 30_000).toISOString();
  await send("grant", { kind: "purchase", credits: "20", description: "grant" });
  await send("grant", { kind: "bonus", credits: "3", description: "soon", expiresAt, priority: 200 });
  await send("spend", { credits: "2.5", description: "spend" });
  const [settled, released, open] = [await hold("one"), await hold("two"), await hold("three")];
  await send("settle", { credits: "0.75", description: "settle" }, settled.id);
  await send("release", {}, released.id);
  openHold = open;
  await send("refund", { entry: 3, credits: "1", description: "refund" });
  await send("adjust", { credits: "-2", description: "adjust" });
  await send("writeOff", { credits: "1.5", description: "writeOff" });
  await sendEvents("0.25", "0.5");
  await sendRefused("spend", { credits: "500", description: "refused" });
  await send("spend", { credits: "14", description: "into the hold's part of the overdraft" });
  aheadMs = 60_000;
  await ledger.sweep();
  booksBefore = await readBooks(ledger, ACCOUNT);
  await send("spend", { credits: "2", description: "into the overdraft" });
  books = await readBooks(ledger, ACCOUNT);
});
afterAll(() => ledger.close());

const toCommand = (name: SingleCommand["name"], input: object, of: string | null = null) =>
  toAccountCommand(ACCOUNT, name, input, of);

const send = (name: SingleCommand["name"], input: object, of: string | null = null) =>
  sendRecorded(ledger, history, name, input, of);

async function hold(description: string): Promise<Hold> {
  return (await send("hold", { credits: "1", description, expiresIn: 3_600 })).hold as Hold;
}

async function sendRefused(name: SingleCommand["name"], input: object): Promise<void> {
  const recorded = history.add(toCommand(name, input));
  const sentMs = performance.now();
  recorded.sentMs = sentMs;
  const failed = await sendSingle(
    ledger,
    recorded.command as SingleCommand,
    AbortSignal.timeout(30_000),
  ).catch((error) => error);
  expect(failed).toBeInstanceOf(InsufficientCreditsError);
  history.refuse(recorded, failed.code, sentMs);
}

async function sendEvents(...credits: `${number}`[]): Promise<void> {
  const commands = credits.map((one) => ({
    ...({ name: "usage", account: ACCOUNT, key: `usage ${one}`, hold: null } as const),
    input: { kind: "ai_usage", credits: one, description: `usage ${one}` },
  }));
  const recorded = commands.map((command) =>
    Object.assign(history.add(command), { sentMs: performance.now() }),
  );
  const results = await sendUsage(ledger, commands, AbortSignal.timeout(30_000));
  for (const [index, one] of recorded.entries()) {
    const result = results[index];
    if (result?.status !== "posted") throw new Error(`An event is ${result?.status}.`);
    history.accept(one, { entry: result.entry, hold: null, repeated: false }, performance.now());
  }
}

const copyHistory = (overdraftLimit?: Books["account"]["overdraftLimit"]) =>
  copyRecorded(history, overdraftLimit);

/** Returns the books with an entry changed. */
function withEntry(seq: number, change: Partial<Entry>): Books {
  return { ...books, entries: books.entries.map((one) => (one.seq === seq ? { ...one, ...change } : one)) };
}

/** Returns the books with one more entry, which adds up in itself. */
function withMore(change: Partial<Entry>): Books {
  const last = books.entries.at(-1) as Entry;
  const balance = addAmounts(last.balance, change.credits ?? "0");
  const entry: Entry = { ...last, seq: last.seq + 1, ...change, balance };
  return { ...books, account: { ...books.account, balance }, entries: [...books.entries, entry] };
}

const entryOf = (key: string) => find(history, key).response?.entry as Entry;
const released = (id: string) => ({ entry: null, hold: { ...openHold, id }, repeated: false });

describe("the checks of an account's books", () => {
  it("find nothing in a history that is right, with expired credits and an open hold", () => {
    expect(books.entries.some(({ kind }) => kind === "expiry")).toBe(true);
    expect(books.account.held).toBe("1");
    expect(Number(books.account.balance)).toBeLessThan(0);
    expect(checkBooks(history, books)).toEqual([]);
  });

  it.each<[violation: string, problem: RegExp, wrong: () => [AccountHistory, Books]]>([
    [
      "a lost command",
      /^A command was accepted with entry \d+, and is lost\.$/,
      () => [history, booksBefore],
    ],
    [
      "a command that was carried out twice",
      /^A command was carried out twice, by the entries 3 and \d+\.$/,
      () => [history, withMore({ ...entryOf("spend"), seq: books.entries.length + 1 })],
    ],
    [
      "a wrong balance",
      /^Entry 3 has balance 21, and 20.5 was due\.$/,
      () => [history, withEntry(3, { balance: "21" })],
    ],
    [
      "a gap",
      /^Entry 4 follows entry 2\.$/,
      () => [history, { ...books, entries: books.entries.filter(({ seq }) => seq !== 3) }],
    ],
    [
      "a balance of the account that is not the sum of its entries",
      /^The account has balance 7, and its entries moved -[\d.]+\.$/,
      () => [history, { ...books, account: { ...books.account, balance: "7" } }],
    ],
    [
      "a refused command that was carried out",
      /^A command that was refused has entry 3\.$/,
      () => {
        const copy = copyHistory();
        Object.assign(find(copy, "spend"), { response: null, refusal: "insufficient_credits" });
        return [copy, books];
      },
    ],
    [
      "an entry of a key that nobody sent",
      /^Entry 3 has a key that nobody sent\.$/,
      () => {
        const copy = copyHistory();
        copy.commands.delete("spend");
        return [copy, books];
      },
    ],
    [
      "an entry without a key",
      /^Entry \d+ has no key\.$/,
      () => [history, withMore({ key: null, kind: "adjustment", credits: "1" })],
    ],
    [
      "an entry that is not the one of the response",
      /^Entry 3 is not the one of its command's response\.$/,
      () => [history, withEntry(3, { hash: "00" })],
    ],
    [
      "an entry with another amount than its command",
      /^Entry 3 is not what its command states\.$/,
      () => {
        const copy = copyHistory();
        const recorded = find(copy, "spend");
        const input = { credits: "2.4", description: "spend" } as const;
        Object.assign(recorded, { command: { ...recorded.command, input } });
        return [copy, books];
      },
    ],
    [
      "an entry before the one that was confirmed earlier",
      /^Entry \d+ was confirmed before the command of entry 3 was sent\.$/,
      () => {
        const copy = copyHistory();
        find(copy, "spend").sentMs = performance.now();
        return [copy, books];
      },
    ],
    [
      "a spend beyond the overdraft limit",
      /^Entry \d+ leaves -[\d.]+ available, beyond the overdraft limit of 0\.$/,
      () => [copyHistory("0"), books],
    ],
    [
      "a spend of what a hold had set aside",
      /^Entry 3 leaves -9.5 available, beyond the overdraft limit of 5\.$/,
      () => {
        const copy = copyHistory();
        const command = toCommand("hold", { credits: "30", description: "earlier" });
        const response = {
          ...released("earlier"),
          hold: { ...openHold, id: "earlier", credits: "30" },
        } as const;
        addAccepted(copy, command, response, (find(copy, "spend").sentMs as number) - 2);
        return [copy, books];
      },
    ],
    [
      "a spend of credits that were not effective yet",
      /^Entry 3 leaves -79.5 available, beyond the overdraft limit of 5\.$/,
      () => {
        const copy = copyHistory();
        const effectiveAt = new Date(Date.now() + 3_600_000).toISOString();
        const command = toCommand("grant", { credits: "100", description: "later", effectiveAt });
        const entry: Entry = { ...entryOf("grant"), credits: "100", key: "later" };
        const sentMs = (find(copy, "spend").sentMs as number) - 2;
        addAccepted(copy, command, { entry, hold: null, repeated: false }, sentMs);
        return [copy, books];
      },
    ],
    [
      "a hold that ended twice",
      /^The hold hold_\S+ was ended twice\.$/,
      () => {
        const copy = copyHistory();
        const { hold: id } = find(copy, "settle").command;
        addAccepted(copy, toCommand("release", { description: "again" }, id), released(id as string), 0);
        return [copy, books];
      },
    ],
    [
      "an open hold that is refused as closed",
      /^A command on an open hold was refused with hold_closed\.$/,
      () => {
        const copy = copyHistory();
        const recorded = copy.add(toCommand("settle", { credits: "1", description: "late" }, openHold.id));
        refuse(recorded, "hold_closed");
        return [copy, books];
      },
    ],
    [
      "a settlement within its hold that is refused",
      /^A command on an open hold was refused with insufficient_credits\.$/,
      () => {
        const copy = copyHistory();
        const recorded = copy.add(toCommand("settle", { credits: "1", description: "late" }, openHold.id));
        refuse(recorded, "insufficient_credits");
        return [copy, books];
      },
    ],
    [
      "a lost hold",
      /^The account has set 0 aside, and its open holds are 1\.$/,
      () => [history, { ...books, account: { ...books.account, held: "0" } }],
    ],
    [
      "a refund beyond its entry",
      /^2.6 were refunded of entry 3\.$/,
      () => [history, withEntry(entryOf("refund").seq, { credits: "2.6" })],
    ],
    [
      "an expiry of more than was granted for a time",
      /^[\d.]+ expired, and 3 were granted for a time\.$/,
      () => [history, withMore({ key: null, kind: "expiry", credits: "-5" })],
    ],
    [
      "a row that does not add up",
      /^Row \d+ has balance 9, and -?[\d.]+ was due\.$/,
      () => [
        history,
        { ...books, rows: books.rows.map((row, index) => (index === 2 ? { ...row, balance: "9" } : row)) },
      ],
    ],
    [
      "a row of more entries than there are",
      /^Row 1 is at place 1, with 1 entries of its kind\.$/,
      () => [
        history,
        { ...books, rows: books.rows.map((row) => (row.position === 1 ? { ...row, entries: 2 } : row)) },
      ],
    ],
    [
      "a row that is missing on the page",
      /^The page has \d+ of \d+ rows\.$/,
      () => [history, { ...books, rows: books.rows.slice(1) }],
    ],
    [
      "an entry that no row has",
      /^The page has \d+ of \d+ entries, and the balance/,
      () => [history, withMore({ key: null, kind: "expiry", credits: "0" })],
    ],
  ])("name %s", (_, problem, wrong) => {
    const problems = checkBooks(...wrong()).map((finding) => finding.problem);
    expect(problems).toContainEqual(expect.stringMatching(problem));
  });
});

describe("the checks of responses", () => {
  const accepted = (key: string) => structuredClone(find(history, key).response) as Response;

  it("refuse two responses that differ, two first responses, and a refusal after an acceptance", () => {
    const copy = copyHistory();
    const recorded = find(copy, "spend");
    const repeated = { ...accepted("spend"), repeated: true };
    expect(() => copy.accept(recorded, repeated, 0)).not.toThrow();
    const other = { ...repeated, entry: { ...(repeated.entry as Entry), balance: "1" } } as const;
    expect(() => copy.accept(recorded, other, 0)).toThrow("Two responses to one key differ.");
    expect(() => copy.accept(recorded, accepted("spend"), 0)).toThrow(/both claim to be the first/);
    const laterMs = (recorded.acceptedMs as number) + 1;
    expect(() => copy.refuse(recorded, "key_conflict", laterMs)).toThrow(/repetition is key_conflict/);
    expect(() => copy.refuse(recorded, "insufficient_credits", 0)).not.toThrow();
  });

  it("take only what may pass for a missing response, and only the refusals that a command can have", () => {
    const recorded = find(history, "spend");
    const fail = (code: string, detail = "") => toFailure(toError({ code, detail }), recorded);
    expect(fail("insufficient_credits")).toMatchObject({ kind: "refused" });
    expect(fail("unavailable", "The command may have been posted.")).toMatchObject({ isDoubtful: true });
    expect(fail("unavailable", "The account is locked, and nothing was done.")).toMatchObject({
      isDoubtful: false,
    });
    for (const code of ["internal", "unauthorized", "bad_request", "account_not_found", "hold_closed"]) {
      expect(() => fail(code), code).toThrow(ViolationError);
    }
  });

  it("refuse pages that do not add up", async () => {
    const first = await ledger.activity(ACCOUNT, { perPage: 3 });
    const second = await ledger.activity(ACCOUNT, { perPage: 3, page: 2, asOf: first.asOf });
    expect(second.rows).toHaveLength(3);
    expect(() => checkPages(ACCOUNT, first, second)).not.toThrow();
    const { rows } = second;
    for (const wrong of [
      { ...second, rows: rows.slice(1) },
      { ...second, rows: rows.toReversed() },
    ]) {
      expect(() => checkPages(ACCOUNT, first, wrong)).toThrow(/does not add up/);
    }
    expect(() => checkPages(ACCOUNT, { ...first, balance: "77" }, second)).toThrow(
      /is not that of its first row/,
    );
  });
});
