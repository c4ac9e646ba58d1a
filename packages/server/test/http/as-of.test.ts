import { setTimeout as sleep } from "node:timers/promises";
import type { ActivityPage, ActivityRow, Entry } from "@credit-activity/client";
import { describe, expect, it } from "vitest";
import { parseCredits } from "../../src/ledger/credits.js";
import { formatInstant, type Instant, instantFromMillis, parseInstant } from "../../src/ledger/instant.js";
import { ENGINES } from "../databases.js";
import { openLedger, type TestLedger } from "./ledger.js";

/** How often all is read, and how many events may come in each time meanwhile. */
const ROUNDS = 5;
const AHEAD_MAX = 60;

const FILTERS = ["all", "added", "used", "adjustments"] as const;

/** Reads all pages of a view: the first as of now, the others as of what the first gave. */
async function walk(ledger: TestLedger, account: string, filter: string, perPage: number, asOf?: string) {
  const rows: ActivityRow[] = [];
  let pinned = asOf;
  let first: ActivityPage | undefined;
  for (let page = 1; page <= (first?.pages ?? 1); page++) {
    const at = pinned === undefined ? "" : `&as_of=${pinned}`;
    const query = `filter=${filter}&page=${page}&per_page=${perPage}${at}`;
    const { body } = await ledger.get<ActivityPage>(`/v1/accounts/${account}/activity?${query}`);
    first ??= body;
    expect([body.total, body.pages, body.as_of, body.balance]).toEqual([
      first.total,
      first.pages,
      pinned ?? body.as_of,
      first.balance,
    ]);
    pinned = body.as_of;
    rows.push(...body.rows);
  }
  return { rows, asOf: pinned as string, total: first?.total, balance: first?.balance };
}

/** All of these rows' balances are those beneath plus the rows' own credits, down to the account's beginning. */
function expectAddsUp(rows: readonly ActivityRow[], balance: string | undefined) {
  expect(rows.map((row) => row.position)).toEqual(rows.map((_, index) => rows.length - index));
  rows.forEach((row, index) => {
    const beneath = parseCredits(rows[index + 1]?.balance ?? "0");
    expect(parseCredits(row.balance), `row ${row.position}`).toBe(beneath + parseCredits(row.credits));
  });
  if (rows.length > 0) expect(rows[0]?.balance).toBe(balance);
}

describe.each(ENGINES)("as_of on %s", (engine) => {
  it("pins what a reader sees while usage streams into the open window", { timeout: 60_000 }, async () => {
    let now: Instant = parseInstant("2026-11-22T10:03:00Z");
    const ledger = await openLedger({ engine, now: () => now });
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
        // Events come late, yet never by as much as a window, so that they join the open one.
        now = (now + 3_000_000) as Instant;
        const events = Array.from({ length: 4 }, () => ({
          id: `e${++sent}`,
          account,
          kind: sent % 3 === 0 ? "build_usage" : "ai_usage",
          credits: `0.${(sent % 9) + 1}`,
          ...(sent % 5 === 0 ? { original_credits: "1.5" } : {}),
          project: `p${sent % 7}`,
          description: `d${sent % 2}`,
          occurred_at: formatInstant((now - (sent % 5) * 40_000_000) as Instant),
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

    const { entries } = await allEntries(ledger, account);
    for (const { rows, asOf, balance } of walks) {
      const again = await walk(ledger, account, "all", 7, asOf);
      expect(again.rows).toEqual(rows);
      expectRowsAreTheirEntries(rows, entries, asOf);
      expect(balance).toBe(entries.find((entry) => entry.seq === seqOf(asOf))?.balance);
    }
    expect((await ledger.credits.verify()).violations).toEqual([]);
    await ledger.drop();
  });
});

const seqOf = (asOf: string) => Number(Buffer.from(asOf, "base64url").toString().split(".")[4]);

async function allEntries(ledger: TestLedger, account: string) {
  const entries: Entry[] = [];
  let cursor = "";
  do {
    const path = `/v1/accounts/${account}/entries?order=asc&limit=1000${cursor}`;
    const { body } = await ledger.get<{ entries: Entry[]; next_cursor: string | null }>(path);
    entries.push(...body.entries);
    cursor = body.next_cursor === null ? "" : `&cursor=${body.next_cursor}`;
  } while (cursor !== "");
  return { entries };
}

/** Recomputes each row from the entries there were at a moment: none is missing, and none is in two rows. */
function expectRowsAreTheirEntries(rows: readonly ActivityRow[], all: readonly Entry[], asOf: string) {
  const entries = all.filter((entry) => entry.seq <= seqOf(asOf));
  expect(rows.reduce((sum, row) => sum + row.entries, 0)).toBe(entries.length);
  for (const row of rows) {
    const own = entries.filter(
      (entry) =>
        entry.seq >= row.first_seq &&
        entry.seq <= row.last_seq &&
        entry.kind === row.kind &&
        entry.project === row.project &&
        entry.discount_percent === row.discount_percent,
    );
    const sum = own.reduce((total, entry) => total + parseCredits(entry.credits), 0n);
    const times = own.map((entry) => entry.occurred_at).sort();
    expect({ entries: own.length, sum, from: times[0], to: times.at(-1) }, `row ${row.position}`).toEqual({
      entries: row.entries,
      sum: parseCredits(row.credits),
      from: row.started_at,
      to: row.ended_at,
    });
    const descriptions = new Set(own.map((entry) => entry.description));
    expect(row.common_description).toBe(descriptions.size === 1 ? own[0]?.description : null);
  }
}

it("an empty account's as_of still shows nothing when there is something", async () => {
  const now = instantFromMillis(Date.UTC(2026, 10, 22));
  const ledger = await openLedger({ engine: "pglite", now: () => now });
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
