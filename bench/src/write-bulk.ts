import type { Ledger, UsageEvent } from "@credit-activity/server";
import { type BareEntries, createBareEntries, type Place, type Query, type RowBatch } from "./bare.js";
import type { Bench } from "./bench.js";
import { type CaseResult, toRateResult } from "./case-result.js";
import { createUsage, HOT_ACCOUNT, toAccountId } from "./data.js";
import { interleave, load } from "./load.js";
import { createRandom, createZipf } from "./random.js";
import { LANES, type Sizes } from "./sizes.js";
import { type Measured, toFigures } from "./stats.js";

/** The number of events per call of `usage`, and the number of calls in flight. */
export const EVENTS_PER_CALL = 1_000;
export const CALLERS = 8;

/** Posts usage in bulk on one account, against a bare INSERT of its entries. */
export function writeHot(bench: Bench, sizes: Sizes): Promise<CaseResult> {
  return writeInTurns("write.bulk.hot", "hot", bench, sizes, () => HOT_ACCOUNT);
}

/** Posts usage in bulk over many accounts by Zipf's law, against a bare INSERT of its entries. */
export function writeZipf(bench: Bench, sizes: Sizes): Promise<CaseResult> {
  const draw = createZipf(sizes.accounts, createRandom(1));
  return writeInTurns("write.bulk.zipf", "zipf", bench, sizes, () => toAccountId(draw()));
}

/**
 * Posts usage through the library, and inserts the same entries with a bare statement, on one connection and on several,
 * in turns. The faster INSERT is the baseline. Events and rows are made before the time is taken.
 */
async function writeInTurns(
  name: string,
  table: string,
  bench: Bench,
  sizes: Sizes,
  account: () => string,
): Promise<CaseResult> {
  const query = createQuery(bench);
  const one = await createBareEntries(query, `${table}_one`);
  const several = await createBareEntries(query, `${table}_several`);
  let batches: RowBatch[] = [];
  const post = async (): Promise<Measured> => {
    const { measured, places } = await postUsage(bench.ledger, createCalls(sizes.events, account));
    batches = await one.read(places);
    return measured;
  };
  const insertOn = (connections: number, { insert }: BareEntries) => {
    const statement = { name: `bench_insert_${table}_${connections}`, text: insert };
    return () =>
      insertRows(connections, batches, ({ parameters }) =>
        bench.pool.query({ ...statement, values: [...parameters] }),
      );
  };
  const [measured, onOne, onSeveral] = await interleave(
    sizes.turns,
    post,
    insertOn(1, one),
    insertOn(LANES, several),
  );
  const onePerSecond = toFigures(onOne).rate_per_s;
  const severalPerSecond = toFigures(onSeveral).rate_per_s;
  const isOneFaster = onePerSecond > severalPerSecond;
  const result = toRateResult({
    name,
    callers: CALLERS,
    entries: await bench.entries(),
    measured,
    baselineName: `bare multi-row INSERT, ${isOneFaster ? "1 connection" : `${LANES} connections`}`,
    baseline: isOneFaster ? onOne : onSeveral,
  });
  return {
    ...result,
    errors: measured.errors + onOne.errors + onSeveral.errors,
    baseline_one_connection_per_s: onePerSecond,
    baseline_several_connections_per_s: severalPerSecond,
  };
}

/** Creates a function that runs plain queries on the run's database. */
export function createQuery({ pool }: Bench): Query {
  return (text, values) => pool.query<Record<string, string | null>>(text, values);
}

/** Creates events of live usage, as calls in bulk. */
export function createCalls(events: number, account: () => string): UsageEvent[][] {
  return Array.from({ length: Math.ceil(events / EVENTS_PER_CALL) }, () =>
    createUsage(EVENTS_PER_CALL, account),
  );
}

/** Posts usage with several calls at once, and returns the places of its entries. */
export async function postUsage(
  ledger: Ledger,
  calls: readonly UsageEvent[][],
): Promise<{ measured: Measured; places: Place[] }> {
  const places: Place[] = [];
  const measured = await load(CALLERS, { calls: calls.length }, async (index) => {
    const events = calls[index] ?? [];
    const { results } = await ledger.usage(events);
    results.forEach((result, nth) => {
      if (result.status !== "posted")
        throw new Error(`The ledger did not post ${result.id}: ${result.status}.`);
      places.push({ account: events[nth]?.account ?? "", seq: result.entry.seq });
    });
    return results.length;
  });
  return { measured, places };
}

/** Inserts rows, one statement after the other on each connection. */
export function insertRows(
  connections: number,
  batches: readonly RowBatch[],
  insert: (batch: RowBatch) => Promise<unknown>,
): Promise<Measured> {
  return load(connections, { calls: batches.length }, async (index) => {
    const batch = batches[index];
    if (batch === undefined) return 0;
    await insert(batch);
    return batch.count;
  });
}
