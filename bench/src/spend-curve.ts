import type { Bench } from "./bench.js";
import { toAccountId } from "./data.js";
import { interleave, load } from "./load.js";
import { createRandom, createZipf } from "./random.js";
import { openRowLock } from "./row-lock.js";
import type { Sizes } from "./sizes.js";
import { toFigures } from "./stats.js";
import { spendOnce, spendRowLocked } from "./write-single.js";

/** The rate of single spends by a number of callers. */
export interface Concurrency {
  readonly callers: number;
  readonly ledger_per_s: number;
  readonly row_lock_per_s: number;
  readonly errors: number;
}

const CALLER_COUNTS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/** The turns per number of callers. They are shorter and fewer than a case's, because only the shape counts. */
const TURNS = 2;

/** Measures single spends through the library by the number of callers, against the row lock. */
export async function measureConcurrency(
  bench: Bench,
  sizes: Sizes,
  progress: (callers: number) => void,
): Promise<Concurrency[]> {
  const rowLock = openRowLock(bench.url);
  const draw = createZipf(sizes.accounts, createRandom(7));
  const account = () => toAccountId(draw());
  const until = { seconds: sizes.turnSeconds / 2 };
  const curve: Concurrency[] = [];
  try {
    for (const callers of CALLER_COUNTS) {
      progress(callers);
      const [ledger, baseline] = await interleave(
        TURNS,
        () => load(callers, until, () => spendOnce(bench.ledger, account())),
        () => load(callers, until, () => spendRowLocked(rowLock, account(), "same")),
      );
      curve.push({
        callers,
        ledger_per_s: toFigures(ledger).rate_per_s,
        row_lock_per_s: toFigures(baseline).rate_per_s,
        errors: ledger.errors + baseline.errors,
      });
    }
    return curve;
  } finally {
    await rowLock.close();
  }
}
