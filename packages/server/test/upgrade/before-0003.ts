import { decodeAsOf, encodeAsOf } from "../../src/api/cursor.js";
import type { Command } from "../../src/core/command.js";
import type { ActivityRow } from "../../src/core/entry.js";
import { type Instant, parseInstant } from "../../src/core/instant.js";
import { CATEGORIES, type Category } from "../../src/core/kinds.js";
import type { Database } from "../../src/db/port.js";
import { createEngine } from "../../src/engine/engine.js";
import { readAccount } from "../../src/queries/account.js";
import { readActivity } from "../../src/queries/activity.js";
import {
  credits,
  toAdjust,
  toGrant,
  toHold,
  toRefund,
  toRelease,
  toSettle,
  toSpend,
  toUsage,
  toWriteOff,
} from "../commands.js";
import { putAccount } from "../databases.js";

/** The end of the history, when all reads are made. */
export const END = parseInstant("2020-03-01T12:04:59Z");

const EMPTY = 'nobody "yet" \\ пусто';
export const ACCOUNTS = ["acme", "debt", "pending", "overdue", "sealed", EMPTY];

/** The content of before-0003.json: what the version before the migration read of each account at the end. */
export type Recorded = Record<string, { account: unknown; activity: unknown[]; asOf: string | null }>;

/** A string that is easily changed on its way through SQL, JSON or COPY. */
const ODD = 'It\'s "50% off" \\ {1,2} NULL\n\ttab, ö€😀 \u2028 end';
const MODEL = { type: "model", id: null, label: "Opus, large" };
const ODD_SOURCE = { type: "a,b", id: "", label: '"\\"' };

const ROWS_PER_PAGE = 3;

/** Makes a project as the version before named it. */
export const toProject = (id: string) => ({ project: { id, label: null } });

/**
 * Writes the history of before-0003.sql, which the version before the migration wrote.
 *
 * @returns the moment of a page of acme's activity, before its open window was what it is at the end
 */
export async function writeHistory(database: Database): Promise<string> {
  let now = END;
  const engine = createEngine({ database, now: () => now });
  const at = async (time: string, ...commands: Command[]) => {
    now = parseInstant(`2020-${time}Z`);
    for (const command of commands) {
      const { refusal } = await engine.submit(command);
      if (refusal !== null) throw new Error(refusal.detail);
    }
  };

  for (const account of ACCOUNTS)
    await putAccount(database, account, {}, parseInstant("2020-01-01T00:00:00Z"));
  await putAccount(
    database,
    "acme",
    {
      ...{ name: ODD, timeZone: "Europe/Berlin", overdraftLimit: credits("5") },
      metadata: { plan: "team", odd: ODD, seats: 12, trial: false },
    },
    parseInstant("2020-01-02T00:00:00.000001Z"),
  );

  await at(
    "01-03T09:00:00.123456",
    toGrant("acme", "monthly", "100", {
      kind: "monthly_grant",
      priority: 10,
      expiresAt: parseInstant("2020-02-03T09:00:00Z"),
      source: { type: "plan", id: "p1", label: "Team" },
    }),
    toGrant("acme", "bonus", "20.000001", {
      kind: "bonus",
      title: ODD,
      priority: 50,
      metadata: { odd: ODD },
    }),
    toGrant("acme", "purchase", "200"),
  );
  await at(
    "01-03T10:00:10",
    toSpend("acme", "s1", "3"),
    toSpend("acme", "s2", "4.5", { description: ODD, source: ODD_SOURCE }),
  );
  await at(
    "01-03T10:02:00",
    toSpend("acme", "s3", "2", { description: "another" }),
    toHold("acme", "h1", "8", { expiresIn: 600 }),
  );
  await at(
    "01-03T10:03:00",
    toSettle("acme", "settle-h1", "hold-h1", "6", { originalCredits: credits("8"), description: "settled" }),
  );
  await at(
    "01-05T10:00:00",
    toRefund("acme", "refund-s2", 5, { credits: credits("1.5"), description: "too much" }),
    toAdjust("acme", "up", "2.25", { description: "a correction" }),
    toWriteOff("acme", "off", "1", { description: ODD, source: MODEL }),
    toHold("acme", "h2", "5", { expiresIn: 86_400 }),
    toHold("acme", "h3", "7", { expiresIn: 60 }),
    toRelease("acme", "release-h2", "hold-h2"),
  );
  // The monthly grant has expired by then, and so has the hold that was not released.
  await at(
    "02-10T08:00:00",
    toSpend("acme", "s4", "10"),
    toHold("acme", "open", "4", { expiresIn: 30 * 86_400 }),
  );
  await at("02-10T08:06:00", toSpend("acme", "s5", "9"));

  // The window that is open at the end.
  const site = { source: MODEL, ...toProject("site") };
  await at(
    "03-01T12:00:00.000001",
    toSpend("acme", "w1", "1", { description: ODD, ...site }),
    toSpend("acme", "w2", "1.5", { description: ODD, ...site }),
    toSpend("acme", "w3", "2", { description: "same", source: ODD_SOURCE, ...toProject(ODD) }),
    toSpend("acme", "w4", "3", { originalCredits: credits("4"), kind: "build_usage" }),
    toSpend("acme", "w5", "0", { originalCredits: credits("0.5"), metadata: { odd: ODD } }),
  );
  const { asOf } = await readPage(database, "acme", "all", 1, null);
  await at(
    "03-01T12:03:00",
    toSpend("acme", "w7", "2.5", site),
    toSpend("acme", "w8", "6", { originalCredits: credits("8"), kind: "build_usage" }),
    toUsage("acme", "w6", "0.75", {
      kind: "runtime_usage",
      occurredAt: parseInstant("2020-03-01T11:57:30.5Z"),
    }),
    toUsage("acme", "w9", "0.000001", { kind: "runtime_usage", description: "" }),
  );

  await at(
    "01-04T00:00:00",
    toGrant("debt", "g", "10"),
    toUsage("debt", "u1", "7"),
    toUsage("debt", "u2", "25.5", { source: MODEL }),
    toUsage("debt", "u3", "1", { originalCredits: credits("3") }),
  );

  const later = parseInstant("2199-01-01T00:00:00Z");
  await at(
    "02-01T00:00:00",
    toGrant("pending", "later", "9007199254.740993", { effectiveAt: later }),
    toGrant("pending", "bonus-later", "5", {
      kind: "bonus",
      effectiveAt: later,
      expiresAt: (later + 1) as Instant,
    }),
    toGrant("pending", "soon", "30", { effectiveAt: parseInstant("2020-02-02T00:00:00Z") }),
  );
  await at(
    "02-02T00:00:00",
    toSpend("pending", "s", "12"),
    toHold("pending", "h", "3", { expiresIn: 30 * 86_400 }),
  );

  // By the end all of this has come due, and the account has not been touched since.
  await at(
    "02-20T00:00:00",
    toGrant("overdue", "expiring", "40", { expiresAt: parseInstant("2020-02-22T00:00:00Z") }),
    toGrant("overdue", "soon", "6", { kind: "bonus", effectiveAt: parseInstant("2020-02-25T00:00:00Z") }),
    toSpend("overdue", "s", "1"),
    toHold("overdue", "h", "2", { expiresIn: 3600 }),
  );

  await at("02-29T23:59:59.999999", toGrant("sealed", "g1", "50"), toSpend("sealed", "s1", "20"));
  await at("03-01T00:00:00", toSpend("sealed", "s2", "10", { source: MODEL }), toGrant("sealed", "g2", "1"));
  await engine.close();
  return asOf;
}

/** Reads what the page shows of every account at the end of the history, as the version before recorded it. */
export async function record(database: Database, earlier: string): Promise<Recorded> {
  const recorded: Recorded = {};
  for (const account of ACCOUNTS) {
    const activity: unknown[] = [];
    for (const asOf of account === "acme" ? [null, earlier] : [null]) {
      for (const filter of ["all", ...CATEGORIES] as const) {
        for (let page = 1, pages = 1; page <= pages; page++) {
          const found = await readPage(database, account, filter, page, asOf);
          pages = found.pages;
          activity.push({ filter, ...found });
        }
      }
    }
    recorded[account] = toPlain({
      account: await recordAccount(database, account),
      activity,
      asOf: account === "acme" ? earlier : null,
    });
  }
  return recorded;
}

async function recordAccount(database: Database, id: string): Promise<object> {
  const found = await readAccount(database, id, END);
  if (found === null) throw new Error(`The account "${id}" does not exist.`);
  // The version before had none of these.
  const { id: account, pending, nextExpiry, closedAt, ...rest } = found;
  return { account, ...rest, remaining: Object.fromEntries(found.remaining) };
}

async function readPage(
  database: Database,
  account: string,
  filter: Category | "all",
  page: number,
  asOf: string | null,
) {
  const offset = (page - 1) * ROWS_PER_PAGE;
  const range = { filter, offset, limit: ROWS_PER_PAGE, asOf: asOf === null ? null : decodeAsOf(asOf) };
  const found = await readActivity(database, account, range, END);
  if (found === null || found.isUnknown) throw new Error(`The account "${account}" does not have that page.`);
  const total = found.asOf.totals[filter];
  const shown = found.rows.length;
  return {
    rows: found.rows.map(recordRow),
    from: shown === 0 ? 0 : offset + 1,
    to: shown === 0 ? 0 : offset + shown,
    total,
    page,
    pages: Math.max(1, Math.ceil(total / ROWS_PER_PAGE)),
    asOf: encodeAsOf(found.asOf),
    balance: found.balance,
  };
}

/** Returns a row as the version before had it: without members and tasks, and with signed amounts before discounts. */
function recordRow({ originalCredits: original, various, ...all }: ActivityRow): object {
  const { project, member, task, ...row } = all;
  if (member !== null || task !== null) throw new Error("The version before had no members and no tasks.");
  if (various.length > 0) throw new Error("The version before had no rows that groups share.");
  return {
    ...row,
    originalCredits: original === null ? null : -original,
    project: project === null ? null : project.id,
  };
}

/** Returns a value as JSON has it, with amounts as digits. */
export function toPlain<T>(value: T): T {
  return JSON.parse(
    JSON.stringify(value, (_key, part) => (typeof part === "bigint" ? part.toString() : part)),
  ) as T;
}
