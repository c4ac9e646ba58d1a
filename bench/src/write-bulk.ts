import type { Credits, UsageEventInput } from "@credit-activity/server";
import { type BareEntries, createBareEntries, type Lines, type Place, type Query } from "./bare.js";
import type { Bench } from "./bench.js";
import { byRate, type CaseResult } from "./case-result.js";
import { hotAccount, liveUsage, spreadAccount } from "./data.js";
import { interleave, load } from "./load.js";
import { randomFrom, zipf } from "./random.js";
import { lanes, type Sizes } from "./sizes.js";
import { figuresOf, type Measured } from "./stats.js";

/** How many events one call of `usage` carries, and how many calls are under way at once. */
export const events_per_call = 1_000;
export const callers = 8;

/** Usage in bulk on one account, against a bare INSERT of its lines. */
export function writeHot(bench: Bench, sizes: Sizes): Promise<CaseResult> {
  return writeInTurns("write.bulk.hot", "hot", bench, sizes, () => hotAccount);
}

/** Usage in bulk over many accounts by Zipf's law, against a bare INSERT of its lines. */
export function writeZipf(bench: Bench, sizes: Sizes): Promise<CaseResult> {
  const draw = zipf(sizes.accounts, randomFrom(1));
  return writeInTurns("write.bulk.zipf", "zipf", bench, sizes, () => spreadAccount(draw()));
}

/**
 * Posts usage through the library, and inserts the lines it became with a bare statement, on one connection and on
 * several, in turns. The faster of the two is the baseline. Events and lines are made ready before the time is taken.
 */
async function writeInTurns(
  name: string,
  table: string,
  bench: Bench,
  sizes: Sizes,
  account: () => string,
): Promise<CaseResult> {
  const query = queryOf(bench);
  const one = await createBareEntries(query, `${table}_one`);
  const several = await createBareEntries(query, `${table}_several`);
  let lines: Lines[] = [];
  const post = async (): Promise<Measured> => {
    const { measured, places } = await postUsage(bench.ledger, usageCalls(sizes.events, account));
    lines = await one.lines(places);
    return measured;
  };
  const insertOn = (connections: number, { insert }: BareEntries) => {
    const statement = { name: `bench_insert_${table}_${connections}`, text: insert };
    return () =>
      insertLines(connections, lines, ({ parameters }) =>
        bench.pool.query({ ...statement, values: [...parameters] }),
      );
  };
  const [measured, onOne, onSeveral] = await interleave(
    sizes.turns,
    post,
    insertOn(1, one),
    insertOn(lanes, several),
  );
  const one_per_s = figuresOf(onOne).rate_per_s;
  const several_per_s = figuresOf(onSeveral).rate_per_s;
  const isOneFaster = one_per_s > several_per_s;
  const result = byRate({
    name,
    callers,
    entries: await bench.entries(),
    measured,
    baseline_name: `bare multi-row INSERT, ${isOneFaster ? "1 connection" : `${lanes} connections`}`,
    baseline: isOneFaster ? onOne : onSeveral,
  });
  return {
    ...result,
    errors: measured.errors + onOne.errors + onSeveral.errors,
    baseline_one_connection_per_s: one_per_s,
    baseline_several_connections_per_s: several_per_s,
  };
}

/** A plain query on the run's database. */
export function queryOf({ pool }: Bench): Query {
  return (text, values) => pool.query<Record<string, string | null>>(text, values);
}

/** So many events of live usage, as calls in bulk. */
export function usageCalls(events: number, account: () => string): UsageEventInput[][] {
  return Array.from({ length: Math.ceil(events / events_per_call) }, () =>
    liveUsage(events_per_call, account),
  );
}

/** Posts usage, several calls at once, and says where its entries are. */
export async function postUsage(
  ledger: Credits,
  calls: readonly UsageEventInput[][],
): Promise<{ measured: Measured; places: Place[] }> {
  const places: Place[] = [];
  const measured = await load(callers, { calls: calls.length }, async (index) => {
    const results = await ledger.usage(calls[index] ?? []);
    for (const { entry, id, status } of results) {
      if (entry === null || status !== "posted") throw new Error(`The ledger did not post ${id}: ${status}.`);
      places.push(entry);
    }
    return results.length;
  });
  return { measured, places };
}

/** Inserts lines, one statement after the other on each connection. */
export function insertLines(
  connections: number,
  lines: readonly Lines[],
  insert: (lines: Lines) => Promise<unknown>,
): Promise<Measured> {
  return load(connections, { calls: lines.length }, async (index) => {
    const part = lines[index];
    if (part === undefined) return 0;
    await insert(part);
    return part.count;
  });
}
