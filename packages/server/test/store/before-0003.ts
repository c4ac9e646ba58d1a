import type { Command, HoldCommand } from "../../src/ledger/command.js";
import { credits } from "../../src/ledger/credits.js";
import type { Source } from "../../src/ledger/entry.js";
import { type Instant, parseInstant } from "../../src/ledger/instant.js";
import { CATEGORIES } from "../../src/ledger/kinds.js";
import { createService } from "../../src/service/service.js";
import { putAccount } from "../../src/store/accounts.js";
import type { Database } from "../../src/store/database.js";
import { createWriter } from "../../src/writer/writer.js";
import { grantOf, spendOf, usageOf } from "../commands.js";

/** When the history ends, and all questions about it are asked. */
export const END = parseInstant("2020-03-01T12:04:59Z");

export const EMPTY = 'nobody "yet" \\ пусто';
export const ACCOUNTS = ["acme", "debt", "pending", "overdue", "sealed", EMPTY];

/** What before-0003.json keeps: what the version before the migration answered of each account at the end. */
export type Answers = Record<string, { account: unknown; activity: unknown[]; asOf: string | null }>;

/** Texts that are easily changed on their way through SQL, JSON or COPY. */
const ODD = 'It\'s "50% off" \\ {1,2} NULL\n\ttab, ö€😀 \u2028 end';
const MODEL: Source = { type: "model", id: null, label: "Opus, large" };
const ODD_SOURCE: Source = { type: "a,b", id: "", label: '"\\"' };

export function holdOf(account: string, key: string, amount: string, expiresInSeconds: number): HoldCommand {
  const { kind, source, project, description } = spendOf(account, key, amount);
  return {
    ...{ op: "hold", account, key, hold: `hold-${key}`, kind, source, project, description },
    ...{ credits: credits(amount), expiresInSeconds },
  };
}

/**
 * Writes the history that before-0003.sql keeps, as it was written by the version before the migration.
 *
 * @returns a token of acme's activity from before its open window was what it is at the end
 */
export async function writeHistory(database: Database): Promise<string> {
  let now = END;
  const writer = createWriter({ database, now: () => now });
  const at = async (time: string, ...commands: Command[]) => {
    now = parseInstant(`2020-${time}Z`);
    for (const command of commands) {
      const { refusal } = await writer.submit(command);
      if (refusal !== null) throw new Error(refusal.detail);
    }
  };
  const described = (from: string, key: string, description: string) => ({
    ...{ account: from, key, description, metadata: {}, source: null },
  });

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

  const acme = (key: string, amount: string) => spendOf("acme", key, amount);
  await at(
    "01-03T09:00:00.123456",
    {
      ...{ ...grantOf("acme", "monthly", "100"), kind: "monthly_grant", priority: 10 },
      ...{
        expiresAt: parseInstant("2020-02-03T09:00:00Z"),
        source: { type: "plan", id: "p1", label: "Team" },
      },
    },
    {
      ...grantOf("acme", "bonus", "20.000001"),
      kind: "bonus",
      title: ODD,
      priority: 50,
      metadata: { odd: ODD },
    },
    grantOf("acme", "purchase", "200"),
  );
  await at("01-03T10:00:10", acme("s1", "3"), { ...acme("s2", "4.5"), description: ODD, source: ODD_SOURCE });
  await at("01-03T10:02:00", { ...acme("s3", "2"), description: "another" }, holdOf("acme", "h1", "8", 600));
  await at("01-03T10:03:00", {
    ...{ op: "settle", hold: "hold-h1", credits: credits("6"), originalCredits: credits("8") },
    ...{ account: "acme", key: "settle-h1", description: "settled", metadata: {} },
  });
  await at(
    "01-05T10:00:00",
    { ...described("acme", "refund-s2", "too much"), op: "refund", entry: 5, credits: credits("1.5") },
    { ...described("acme", "up", "a correction"), op: "adjust", credits: credits("2.25") },
    { ...described("acme", "off", ODD), op: "writeoff", credits: credits("1"), source: MODEL },
    holdOf("acme", "h2", "5", 86_400),
    holdOf("acme", "h3", "7", 60),
    { op: "release", account: "acme", key: "release-h2", hold: "hold-h2" },
  );
  // The monthly grant has expired by then, and the hold nobody released.
  await at("02-10T08:00:00", acme("s4", "10"), holdOf("acme", "open", "4", 30 * 86_400));
  await at("02-10T08:06:00", acme("s5", "9"));

  // The window that is open at the end.
  const inWindow = [
    { ...acme("w1", "1"), description: ODD, source: MODEL, project: "site" },
    { ...acme("w2", "1.5"), description: ODD, source: MODEL, project: "site" },
    { ...acme("w3", "2"), description: "same", source: ODD_SOURCE, project: ODD },
    { ...acme("w4", "3"), originalCredits: credits("4"), kind: "build_usage" as const },
    { ...acme("w5", "0"), originalCredits: credits("0.5"), metadata: { odd: ODD } },
  ];
  await at("03-01T12:00:00.000001", ...inWindow);
  const service = createService({ database, writer, now: () => now });
  const page = await service.activity("acme", { filter: "all", page: 1, perPage: 3, asOf: null });
  const late = usageOf("acme", "w6", "0.75", parseInstant("2020-03-01T11:57:30.5Z"));
  await at(
    "03-01T12:03:00",
    { ...acme("w7", "2.5"), source: MODEL, project: "site" },
    { ...acme("w8", "6"), originalCredits: credits("8"), kind: "build_usage" },
    { ...late, kind: "runtime_usage" },
    { ...usageOf("acme", "w9", "0.000001"), kind: "runtime_usage", description: "" },
  );

  await at(
    "01-04T00:00:00",
    grantOf("debt", "g", "10"),
    usageOf("debt", "u1", "7"),
    { ...usageOf("debt", "u2", "25.5"), source: MODEL },
    { ...usageOf("debt", "u3", "1"), originalCredits: credits("3") },
  );

  const later = parseInstant("2199-01-01T00:00:00Z");
  await at(
    "02-01T00:00:00",
    { ...grantOf("pending", "later", "9007199254.740993"), effectiveAt: later },
    {
      ...grantOf("pending", "bonus-later", "5"),
      kind: "bonus",
      effectiveAt: later,
      expiresAt: (later + 1) as Instant,
    },
    { ...grantOf("pending", "soon", "30"), effectiveAt: parseInstant("2020-02-02T00:00:00Z") },
  );
  await at("02-02T00:00:00", spendOf("pending", "s", "12"), holdOf("pending", "h", "3", 30 * 86_400));

  // By the end all of this has come due, and nobody has touched the account since.
  await at(
    "02-20T00:00:00",
    { ...grantOf("overdue", "expiring", "40"), expiresAt: parseInstant("2020-02-22T00:00:00Z") },
    { ...grantOf("overdue", "soon", "6"), kind: "bonus", effectiveAt: parseInstant("2020-02-25T00:00:00Z") },
    spendOf("overdue", "s", "1"),
    holdOf("overdue", "h", "2", 3600),
  );

  await at("02-29T23:59:59.999999", grantOf("sealed", "g1", "50"), spendOf("sealed", "s1", "20"));
  await at(
    "03-01T00:00:00",
    { ...spendOf("sealed", "s2", "10"), source: MODEL },
    grantOf("sealed", "g2", "1"),
  );
  await writer.close();
  return page.asOf;
}

/** Asks a database for what the page shows of every account at the end of the history. */
export async function answersOf(database: Database, earlier: string): Promise<Answers> {
  const writer = createWriter({ database, now: () => END });
  const service = createService({ database, writer, now: () => END });
  const answers: Answers = {};
  for (const account of ACCOUNTS) {
    const activity: unknown[] = [];
    const moments = account === "acme" ? [null, earlier] : [null];
    for (const asOf of moments) {
      for (const filter of ["all", ...CATEGORIES] as const) {
        for (let page = 1, pages = 1; page <= pages; page++) {
          const answer = await service.activity(account, { filter, page, perPage: 3, asOf });
          pages = answer.pages;
          activity.push({ filter, ...answer });
        }
      }
    }
    answers[account] = plain({
      account: await service.getAccount(account),
      activity,
      asOf: account === "acme" ? earlier : null,
    });
  }
  await writer.close();
  return answers;
}

/** A value as JSON keeps it, with amounts as texts. */
export function plain<T>(value: T): T {
  return JSON.parse(
    JSON.stringify(value, (_key, one) => (typeof one === "bigint" ? one.toString() : one)),
  ) as T;
}
