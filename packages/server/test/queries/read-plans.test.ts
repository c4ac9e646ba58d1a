import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readValidKeys, toDigest } from "../../src/auth/keys.js";
import type { Command } from "../../src/core/command.js";
import { type Instant, parseInstant } from "../../src/core/instant.js";
import { CATEGORIES } from "../../src/core/kinds.js";
import { STATE_ENTRIES, WINDOW_MICROS, WINDOW_ROWS_MAX } from "../../src/core/windows.js";
import type { Database } from "../../src/db/port.js";
import { createEngine } from "../../src/engine/engine.js";
import { listAccounts, listDueAccounts, readAccount } from "../../src/queries/account.js";
import { type AsOf, listRowEntries, readActivity } from "../../src/queries/activity.js";
import { listHolds, readHold } from "../../src/queries/holds.js";
import { createLabels } from "../../src/queries/labels.js";
import {
  listEntries,
  listFilteredEntries,
  listGrants,
  readEntry,
  readEntryByKey,
} from "../../src/queries/lists.js";
import { findSeqsBefore, readMarks } from "../../src/queries/moments.js";
import { readTotals, TOTALS_BY } from "../../src/queries/totals.js";
import { toGrant, toHold, toRelease, toSpend, toUsage, toWriteOff } from "../commands.js";
import { openTestDatabase, putAccount, runScript, type TestDatabase } from "../databases.js";
import {
  explainRead,
  formatPlan,
  type Planning,
  type Statement,
  toBlocksTouched,
  toNodes,
  toRecorder,
  toRowsRead,
} from "./plans.js";

/** The tables that grow with use. */
const TABLES = [
  ...["accounts", "entries", "activity_rows", "window_states", "grants", "holds", "labels", "api_keys"],
];
const PAGE = 8;
const BLOCKS_MAX = 60;

const WINDOWS = 200;
const ROWS = 10;
/** The entries of one window. They lie between those of one of its rows, too. */
const WINDOW_ENTRIES = 100;
/** The entries of a busy window. */
const BUSY_ENTRIES = 5_000;
const START = parseInstant("2026-11-01T00:00:00Z");
const END = (START + WINDOWS * WINDOW_MICROS) as Instant;
const LATER = (END + 7_200_000_000) as Instant;

/** Returns what the account "big" does in a window: a grant, a writeoff, and usage of several rows by turns. */
function toWindow(window: number): Command[] {
  const usage = Array.from({ length: WINDOW_ENTRIES }, (_, index) =>
    toUsage("big", `u-${window}-${index}`, "0.1", {
      occurredAt: (START + window * WINDOW_MICROS + index) as Instant,
      project: { id: `project ${index % ROWS}`, label: `Project ${index % ROWS}` },
      member: { id: `member ${window}`, label: `Member ${window}` },
      task: { id: `task ${window}`, label: null },
    }),
  );
  return [toGrant("big", `grant-${window}`, "10.5"), toWriteOff("big", `off-${window}`, "0.5"), ...usage];
}

/** Returns what other accounts do, so that no table is so small that it is best read whole. */
function toOtherHistory(account: string): Command[] {
  const expiresAt = (END + 3_600_000_000) as Instant;
  const holds = Array.from({ length: 8 }, (_, index) => `h${index}`);
  const dimensions = Array.from({ length: 5 }, (_, index) => ({
    id: `p${index}`,
    label: `Project ${index}`,
  }));
  return [
    ...["g1", "g2", "g3"].map((key) => toGrant(account, key, "5", { expiresAt })),
    toSpend(account, "s", "1"),
    ...dimensions.map((project) => toSpend(account, project.id, "0.1", { project })),
    ...holds.map((key) => toHold(account, key, "1", { expiresIn: 60 })),
    ...holds.slice(1).map((key) => toRelease(account, `release-${key}`, `hold-${key}`)),
  ];
}

/** Returns usage of many groups by turns, all in one window. */
const toBusyPart = (part: number) =>
  Array.from({ length: 1_000 }, (_, index) =>
    toUsage("busy", `u-${part}-${index}`, "0.1", {
      occurredAt: END,
      project: { id: `project ${index % 100}`, label: null },
    }),
  );

const readMoment = async (database: Database, account = "big") => {
  const found = await readActivity(
    database,
    account,
    { filter: "all", offset: 0, limit: 1, asOf: null },
    END,
  );
  if (found === null) throw new Error("The account does not exist.");
  return found.asOf;
};

describe("the plans of statements that read", () => {
  let test: TestDatabase;
  let longAgo: AsOf;
  let justNow: AsOf;
  const busy: AsOf[] = [];
  let isAnalyzed = false;

  beforeAll(async () => {
    test = await openTestDatabase("postgres");
    const { database } = test;
    // Statistics are gathered only when the test does so.
    for (const table of TABLES) {
      await runScript(database, `ALTER TABLE credits.${table} SET (autovacuum_enabled = false)`);
    }
    const others = Array.from({ length: 200 }, (_, index) => `account-${index}`);
    await Promise.all(["big", "busy", ...others].map((account) => putAccount(database, account, {}, START)));
    const engine = createEngine({ database, now: () => END });
    const half = WINDOW_ENTRIES / 2;
    const windows = Array.from({ length: WINDOWS }, (_, index) => toWindow(index));
    const [first, second] = [windows.slice(0, WINDOWS / 2).flat(), windows.slice(WINDOWS / 2).flat()];
    await engine.submitAll(first.slice(0, -half));
    longAgo = await readMoment(database);
    await engine.submitAll([...first.slice(-half), ...second.slice(0, -half)]);
    justNow = await readMoment(database);
    await engine.submitAll(second.slice(-half));
    await engine.submitAll(others.flatMap(toOtherHistory));
    await putAccount(database, "quiet", {}, START);
    await engine.submitAll([toGrant("quiet", "g", "10")]);
    for (let part = 0; part < BUSY_ENTRIES / 1_000; part++) {
      await engine.submitAll(toBusyPart(part));
      busy.push(await readMoment(database, "busy"));
    }
    await engine.submitAll([
      toGrant("big", "last", "10"),
      toHold("big", "h", "1", { expiresIn: 60 }),
      ...toWindow(WINDOWS).slice(2, 2 + half),
    ]);
    await engine.close();
    await runScript(
      database,
      `INSERT INTO credits.api_keys (id, name, hint, hash, created_at)
      SELECT n, 'key', 'hint', sha256(n::text::bytea), now() FROM generate_series(1, 3000) AS n`,
    );
  });

  afterAll(() => test.drop());

  /** Runs a read, and checks the plans of all statements that it has sent, with and without statistics. */
  async function check(read: (database: Database) => Promise<unknown>, rowsMax: number): Promise<void> {
    const { database, statements } = toRecorder(test.database);
    await read(database);
    expect(statements.length).toBeGreaterThan(0);
    for (const statement of statements) {
      for (const planning of ["force_custom_plan", "force_generic_plan"] as const) {
        await checkPlan(statement, planning, rowsMax);
      }
    }
  }

  async function checkPlan(statement: Statement, planning: Planning, rowsMax: number): Promise<void> {
    const plan = await explainRead(test.database, statement, planning);
    const text = `${planning}${statement.sql}\n${formatPlan(plan)}\nblocks: ${toBlocksTouched(plan)}`;
    for (const node of toNodes(plan)) {
      const table = node["Relation Name"];
      if (table === undefined || !TABLES.includes(table)) continue;
      expect.soft(["Index Scan", "Index Only Scan"], text).toContain(node["Node Type"]);
      // The list of accounts is a range of their ids. All other tables are read by one account.
      const range = table === "accounts" ? /\b(account|due_at) (=|<=|>=)/ : /\b(account|hash) =/;
      expect.soft(String(node["Index Cond"]), text).toMatch(range);
      expect.soft(toRowsRead(node), text).toBeLessThanOrEqual(rowsMax);
    }
    expect.soft(toBlocksTouched(plan), text).toBeLessThanOrEqual(BLOCKS_MAX);
  }

  describe.each(["before", "after"])("%s ANALYZE", (when) => {
    beforeAll(async () => {
      if (when === "before" || isAnalyzed) return;
      await runScript(test.database, "ANALYZE");
      isAnalyzed = true;
    });

    it("of an account", () => check((database) => readAccount(database, "quiet", START), 1));

    // Its hold may keep credits of grants beyond their expiry. Without statistics PostgreSQL may take the primary key for as good
    // as the index of live grants, and read the account's other grants too.
    it("of an account on which something will come due", () =>
      check((database) => readAccount(database, "big", START), isAnalyzed ? PAGE : WINDOWS + 1));

    it("of accounts", async () => {
      for (const prefix of ["", "account-1", "zzz"]) {
        const range = { prefix, from: null, limit: PAGE / 2 };
        // Each of them has three grants, and a hold that may keep credits of them.
        await check((database) => listAccounts(database, range, START), 3 * PAGE);
      }
    });

    it("of an account on which something is due", () =>
      check((database) => readAccount(database, "account-7", LATER), PAGE));

    it("of an account with many grants on which something is due", () =>
      check((database) => readAccount(database, "big", LATER), PAGE));

    it("of any moment of a busy window", async () => {
      for (const asOf of busy) {
        await check(
          (database) => readActivity(database, "busy", { filter: "all", offset: 0, limit: PAGE, asOf }, END),
          STATE_ENTRIES,
        );
      }
    });

    it.each(["all", ...CATEGORIES] as const)("of pages of %s", async (filter) => {
      for (const asOf of [null, longAgo, justNow]) {
        const total = (asOf ?? (await readMoment(test.database))).totals[filter];
        for (const offset of [0, Math.floor(total / 2), Math.max(0, total - PAGE)]) {
          // Rows of a window that was open then are computed from the window's entries.
          const rowsMax = asOf === null ? PAGE : WINDOW_ENTRIES;
          await check(
            (database) => readActivity(database, "big", { filter, offset, limit: PAGE, asOf }, LATER),
            rowsMax,
          );
        }
      }
    });

    // Between the entries of a row are other entries of its window only.
    it("of the entries of a complete row", () =>
      check(
        (database) => listRowEntries(database, "big", longAgo.windowPosition - 20, 0, PAGE),
        WINDOW_ENTRIES,
      ));

    it("of the entries of an open row", async () => {
      const { totals } = await readMoment(test.database);
      await check((database) => listRowEntries(database, "big", totals.all - 1, 0, PAGE), WINDOW_ENTRIES);
    });

    it.each(["asc", "desc"] as const)("of entries in order %s", async (order) => {
      for (const from of [1, 10_000, 1_000_000]) {
        await check((database) => listEntries(database, "big", order, from, PAGE), PAGE);
      }
    });

    it("of grants", async () => {
      for (const from of [1_000_000, 10_000]) {
        await check((database) => listGrants(database, "big", from, PAGE), PAGE);
      }
    });

    it("of filtered entries", async () => {
      const filter = { kind: null, source: null, project: "project 3", member: null, task: null };
      const span = { first: 10_000, last: 10_000 + 2 * WINDOW_ENTRIES };
      for (const order of ["asc", "desc"] as const) {
        const read = (database: Database) => listFilteredEntries(database, "big", order, span, filter, 1_000);
        await check(read, 2 * WINDOW_ENTRIES + 1);
      }
    });

    it("of one entry", () => check((database) => readEntry(database, "big", 10_000), 1));

    it("of the entry of a key", () => check((database) => readEntryByKey(database, "big", "u-99-3"), 1));

    it("of holds", async () => {
      const from = { createdAt: END, id: "hold-h3" };
      for (const status of [null, "open", "released", "expired"] as const) {
        for (const place of [null, from]) {
          const range = { status, from: place, limit: 4 };
          await check((database) => listHolds(database, "account-7", range, END), PAGE);
        }
      }
    });

    it("of one hold", () => check((database) => readHold(database, "account-7", "hold-h3", END), 1));

    // An instant takes a lookup per bit of the account's last seq.
    it.each([START, END, LATER])("of the seq at an instant", (instant) =>
      check((database) => findSeqsBefore(database, "big", [instant]), 16),
    );

    it("of the marks of entries", () => check((database) => readMarks(database, "big", [1, 10_000]), 2));

    it.each(TOTALS_BY)("of totals by %s", async (by) => {
      const { totals } = await readMoment(test.database);
      for (const first of [longAgo.windowPosition - 40, totals.all - 40]) {
        const seqs = await test.database.query<{ seq: bigint; position: bigint }>(
          `SELECT seq, position FROM credits.entries WHERE account = 'big' AND position IN ($1::bigint, $2::bigint)
          ORDER BY seq LIMIT 1000`,
          [first, first + 36],
        );
        const bounds = [seqs[3], seqs.at(-2)].map((one) => ({
          ...{ seq: Number(one?.seq), position: Number(one?.position) },
        }));
        // The span has 36 rows, the bounds 64 on each side, and each of them cuts a window.
        const range = { by, bounds, offset: 0, limit: PAGE };
        await check((database) => readTotals(database, "big", range), 36 + 4 * WINDOW_ROWS_MAX);
      }
    });

    it("of accounts that are due", () => check((database) => listDueAccounts(database, LATER, PAGE), PAGE));

    it("of labels", () =>
      check(
        (database) =>
          createLabels(database).read("big", [
            {
              project: { id: "project 3", label: null },
              member: { id: "member 7", label: null },
              task: { id: "unknown", label: null },
            },
          ]),
        3,
      ));

    it("of a secret key", () =>
      check((database) => readValidKeys(database, [toDigest("unknown").toString("hex")]), 1));
  });
});
