import { type Ledger, type SpendInput, toMicros } from "@credit-activity/server";
import type { Bench } from "./bench.js";
import { type CaseResult, toRateResult, withLone } from "./case-result.js";
import { HOT_ACCOUNT, toAccountId } from "./data.js";
import { interleave, load } from "./load.js";
import { createRandom, createZipf } from "./random.js";
import { openRowLock, ROW_LOCK_CONNECTIONS, type RowLock, type Work } from "./row-lock.js";
import type { Sizes } from "./sizes.js";
import { round, toFigures } from "./stats.js";

/** The number of calls of `spend` in flight. */
export const SPENDERS = 256;

const SOURCE = { type: "model", id: "atlas-large", label: "atlas-large" };
const DESCRIPTION = "Chat completion";
const SPEND: SpendInput = { credits: "0.01", source: SOURCE, description: DESCRIPTION };
const SPEND_MICROS = toMicros(SPEND.credits);

let keysMade = 0;
function createKey(): string {
  keysMade += 1;
  return `spend-${keysMade}`;
}

/** Posts single spends over many accounts by Zipf's law, many at once. */
export function writeSingles(bench: Bench, sizes: Sizes): Promise<CaseResult> {
  const draw = createZipf(sizes.accounts, createRandom(2));
  return spendInTurns("write.single.library", bench, sizes, () => toAccountId(draw()));
}

/** Posts single spends on one account, many at once. */
export function writeSinglesHot(bench: Bench, sizes: Sizes): Promise<CaseResult> {
  return spendInTurns("write.single.library.hot", bench, sizes, () => HOT_ACCOUNT);
}

/** Spends through the library with a new key. Returns the number of entries, which is 1. */
export async function spendOnce(ledger: Ledger, account: string): Promise<number> {
  await ledger.spend(account, SPEND, { key: createKey() });
  return 1;
}

/** Spends the same through the row-lock baseline. */
export async function spendRowLocked(rowLock: RowLock, account: string, work: Work): Promise<number> {
  const { label } = SOURCE;
  await rowLock.spend(
    { account, micros: SPEND_MICROS, description: DESCRIPTION, source: label, key: createKey() },
    work,
  );
  return 1;
}

async function spendInTurns(
  name: string,
  bench: Bench,
  sizes: Sizes,
  account: () => string,
): Promise<CaseResult> {
  const rowLock = openRowLock(bench.url);
  try {
    const spend = () => spendOnce(bench.ledger, account());
    const until = { seconds: sizes.turnSeconds };
    const spendLocked = (work: Work) => () =>
      load(ROW_LOCK_CONNECTIONS, until, () => spendRowLocked(rowLock, account(), work));
    const [measured, baseline, least] = await interleave(
      sizes.turns,
      () => load(SPENDERS, until, spend),
      spendLocked("same"),
      spendLocked("least"),
    );
    const lone = await load(1, { calls: sizes.loneCalls }, spend);
    const baselineName = `row lock, ${ROW_LOCK_CONNECTIONS} connections`;
    const entries = await bench.entries();
    const result = toRateResult({ name, callers: SPENDERS, entries, measured, baselineName, baseline });
    const leastPerSecond = toFigures(least).rate_per_s;
    return {
      ...withLone(result, lone),
      errors: result.errors + lone.errors + least.errors,
      baseline_least_work_per_s: leastPerSecond,
      ratio_to_least_work: round(result.rate_per_s / leastPerSecond),
    };
  } finally {
    await rowLock.close();
  }
}
