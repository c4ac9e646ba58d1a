import type { Credits, Entry } from "@credit-activity/server";
import { CREATE_BARE_ENTRIES, INSERT_LINES, type Lines, linesOf } from "./bare.js";
import type { Bench } from "./bench.js";
import { hotAccount, liveUsage, spreadAccount } from "./data.js";
import { interleave, load, type Pair } from "./load.js";
import { randomFrom, zipf } from "./random.js";
import { byRate, type CaseResult } from "./report.js";
import { lanes, type Sizes } from "./sizes.js";
import type { Measured } from "./stats.js";

/** How many events one call of `usage` carries, and how many calls are under way at once. */
export const events_per_call = 1_000;
export const callers = 8;

const baseline = "bare multi-row INSERT";

/** Makes the table that the baseline writes to. */
export async function createBareEntries({ pool }: Bench): Promise<void> {
  await pool.query(CREATE_BARE_ENTRIES);
}

/** Usage in bulk on one account, against a bare INSERT of its lines on one connection. */
export async function writeHot(bench: Bench, sizes: Sizes): Promise<CaseResult> {
  const measured = await writeInTurns(bench, sizes, () => hotAccount, 1);
  return byRate("write.bulk.hot", baseline, callers, await bench.entries(), measured);
}

/** Usage in bulk over many accounts by Zipf's law, against bare INSERTs of its lines on as many connections as the ledger has lanes. */
export async function writeZipf(bench: Bench, sizes: Sizes): Promise<CaseResult> {
  const draw = zipf(sizes.accounts, randomFrom(1));
  const measured = await writeInTurns(bench, sizes, () => spreadAccount(draw()), lanes);
  return byRate("write.bulk.zipf", baseline, callers, await bench.entries(), measured);
}

function writeInTurns(
  { ledger, pool }: Bench,
  sizes: Sizes,
  account: () => string,
  connections: number,
): Promise<Pair> {
  const insert = ({ parameters }: Lines) =>
    pool.query({ name: "bench_insert", text: INSERT_LINES, values: [...parameters] });
  return usageInTurns(ledger, sizes.turns, sizes.events, account, connections, insert);
}

/**
 * Posts usage through the library, and inserts the lines it became with a bare statement, in turns. The lines of the
 * baseline are made before its time is taken.
 */
export function usageInTurns(
  ledger: Credits,
  turns: number,
  events: number,
  account: () => string,
  connections: number,
  insert: (lines: Lines) => Promise<unknown>,
): Promise<Pair> {
  let posted: Entry[] = [];
  const post = async (): Promise<Measured> => {
    posted = [];
    const calls = Array.from({ length: Math.ceil(events / events_per_call) }, () =>
      liveUsage(events_per_call, account),
    );
    return load(callers, { calls: calls.length }, async (index) => {
      const results = await ledger.usage(calls[index] ?? []);
      for (const { entry, id, status } of results) {
        if (entry === null || status !== "posted")
          throw new Error(`The ledger did not post ${id}: ${status}.`);
        posted.push(entry);
      }
      return results.length;
    });
  };
  const insertSame = async (): Promise<Measured> => {
    const parts = linesOf(posted);
    return load(connections, { calls: parts.length }, async (index) => {
      const part = parts[index];
      if (part === undefined) return 0;
      await insert(part);
      return part.count;
    });
  };
  return interleave(turns, post, insertSame);
}
