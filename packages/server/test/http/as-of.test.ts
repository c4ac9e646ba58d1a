import { setTimeout as sleep } from "node:timers/promises";
import {
  type ActivityPage,
  type ActivityRow,
  addAmounts,
  type Entry,
  type EntryList,
  toMicros,
} from "@credit-activity/client";
import { describe, expect, it } from "vitest";
import { ENGINES } from "../databases.js";
import { openLedger, type TestLedger } from "./ledger.js";

/** The number of readings, and of the events that may arrive during each. */
const ROUNDS = 5;
const AHEAD_MAX = 60;

const FILTERS = ["all", "added", "used", "adjustments"] as const;

/** Reads all pages of a view: the first as of now, the others with the asOf of the first. */
async function walk(ledger: TestLedger, account: string, filter: string, perPage: number, asOf?: string) {
  const rows: ActivityRow[] = [];
  let pinned = asOf;
  let first: ActivityPage | undefined;
  for (let page = 1; page <= (first?.pages ?? 1); page++) {
    const at = pinned === undefined ? "" : `&asOf=${pinned}`;
    const query = `filter=${filter}&page=${page}&perPage=${perPage}${at}`;
    const { body } = await ledger.get<ActivityPage>(`/v1/accounts/${account}/activity?${query}`);
    first ??= body;
    expect([body.total, body.pages, body.asOf, body.balance]).toEqual([
      first.total,
      first.pages,
      pinned ?? body.asOf,
      first.balance,
    ]);
    pinned = body.asOf;
    rows.push(...body.rows);
  }
  return { rows, asOf: pinned as string, total: first?.total, balance: first?.balance };
}

/** Expects that each balance is the balance of the row beneath plus the credits of the row, down to the first row. */
function expectAddsUp(rows: readonly ActivityRow[], balance: string | undefined) {
  expect(rows.map((row) => row.position)).toEqual(rows.map((_, index) => rows.length - index));
  rows.forEach((row, index) => {
    const beneath = rows[index + 1]?.balance ?? "0";
    expect(row.balance, `row ${row.position}`).toBe(addAmounts(beneath, row.credits));
  });
  if (rows.length > 0) expect(rows[0]?.balance).toBe(balance);
}

describe.each(ENGINES)("asOf on %s", (engine) => {
  it("pins the view of a reader while usage streams into the open window", async () => {
    let nowMs = Date.parse("2026-11-22T10:03:00Z");
    const ledger = await openLedger({ engine, now: () => new Date(nowMs) });
    const account = await ledger.account("1000");
    let isOver = false;
    let sent = 0;
    let rounds = 0;
    const stream = async () => {
      while (!isOver) {
        if (sent >= (rounds + 1) * AHEAD_MAX) {
          await sleep(1);
          continue;
        }
        // Events are late, but by less than a window, so they join the open one.
        nowMs += 3_000;
        const events = Array.from({ length: 4 }, () => ({
          id: `e${++sent}`,
          account,
          kind: sent % 3 === 0 ? "build_usage" : "ai_usage",
          credits: `0.${(sent % 9) + 1}`,
          ...(sent % 5 === 0 ? { originalCredits: "1.5" } : {}),
          project: `p${sent % 7}`,
          description: `d${sent % 2}`,
          occurredAt: new Date(nowMs - (sent % 5) * 40_000).toISOString(),
        }));
        await ledger.post("/v1/usage", { events });
        if (sent % 60 === 0)
          await ledger.post(`/v1/accounts/${account}/grants`, { kind: "bonus", credits: "5" });
        if (sent % 100 === 0) {
          await ledger.post(`/v1/accounts/${account}/adjustments`, { credits: "-1", description: "x" });
        }
      }
    };
    const read = async () => {
      const walks = [];
      for (; rounds < ROUNDS; rounds++) {
        while (sent < rounds * AHEAD_MAX + 20) await sleep(1);
        const all = await walk(ledger, account, "all", 3 + rounds);
        expectAddsUp(all.rows, all.balance);
        expect(all.rows).toHaveLength(all.total as number);
        for (const filter of FILTERS) {
          const seen = await walk(ledger, account, filter, 5, all.asOf);
          expect(seen.rows).toEqual(all.rows.filter((row) => filter === "all" || row.category === filter));
        }
        walks.push(all);
      }
      isOver = true;
      return walks;
    };
    const [walks] = await Promise.all([read(), stream()]);
    expect(sent).toBeGreaterThan((ROUNDS - 1) * AHEAD_MAX);

    const entries = await readEntries(ledger, account);
    for (const { rows, asOf, balance } of walks) {
      const again = await walk(ledger, account, "all", 7, asOf);
      expect(again.rows).toEqual(rows);
      expectRowsAreTheirEntries(rows, entries, asOf);
      expect(balance).toBe(entries.find((entry) => entry.seq === toSeq(asOf))?.balance);
    }
    expect((await ledger.local.verify()).violations).toEqual([]);
    await ledger.drop();
  });
});

const toSeq = (asOf: string) => Number(Buffer.from(asOf, "base64url").toString().split(".")[4]);

async function readEntries(ledger: TestLedger, account: string) {
  const entries: Entry[] = [];
  let cursor = "";
  do {
    const path = `/v1/accounts/${account}/entries?order=asc&limit=1000${cursor}`;
    const { body } = await ledger.get<EntryList>(path);
    entries.push(...body.entries);
    cursor = body.nextCursor === null ? "" : `&cursor=${body.nextCursor}`;
  } while (cursor !== "");
  return entries;
}

/** Calculates each row again from the entries of a moment. None is missing, and none is in two rows. */
function expectRowsAreTheirEntries(rows: readonly ActivityRow[], all: readonly Entry[], asOf: string) {
  const entries = all.filter((entry) => entry.seq <= toSeq(asOf));
  expect(rows.reduce((sum, row) => sum + row.entries, 0)).toBe(entries.length);
  for (const row of rows) {
    const own = entries.filter(
      (entry) =>
        entry.seq >= row.firstSeq &&
        entry.seq <= row.lastSeq &&
        entry.kind === row.kind &&
        entry.project?.id === row.project?.id &&
        entry.discountPercent === row.discountPercent,
    );
    const sum = own.reduce((total, entry) => total + toMicros(entry.credits), 0n);
    const times = own.map((entry) => entry.occurredAt).sort();
    expect({ entries: own.length, sum, from: times[0], to: times.at(-1) }, `row ${row.position}`).toEqual({
      entries: row.entries,
      sum: toMicros(row.credits),
      from: row.startedAt,
      to: row.endedAt,
    });
    const descriptions = new Set(own.map((entry) => entry.description));
    expect(row.description).toBe(descriptions.size === 1 ? own[0]?.description : null);
  }
}

it("the asOf of an empty account still shows no rows after the first entry", async () => {
  const ledger = await openLedger({ engine: "pglite", now: () => "2026-11-22T00:00:00Z" });
  const account = await ledger.account();
  const empty = await walk(ledger, account, "all", 8);
  await ledger.post(`/v1/accounts/${account}/grants`, { kind: "purchase", credits: "1" });
  expect(await walk(ledger, account, "all", 8, empty.asOf)).toMatchObject({
    rows: [],
    total: 0,
    balance: "0",
  });
  expect(await walk(ledger, account, "all", 8)).toMatchObject({ total: 1, balance: "1" });
  await ledger.drop();
});
