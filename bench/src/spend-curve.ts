import type { Bench } from "./bench.js";
import { spreadAccount } from "./data.js";
import { interleave, load } from "./load.js";
import { randomFrom, zipf } from "./random.js";
import { openRowLock } from "./row-lock.js";
import type { Sizes } from "./sizes.js";
import { figuresOf } from "./stats.js";
import { spendOnce, spendRowLocked } from "./write-single.js";

/** How many single spends so many callers get done. */
export interface Concurrency {
  readonly callers: number;
  readonly ledger_per_s: number;
  readonly row_lock_per_s: number;
  readonly errors: number;
}

const callers_counts = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/** Turns of each number of callers: half as long as a case's, and fewer, for it is the shape that counts. */
const turns = 2;

/** Single spends through the library by the number of callers, against the row lock on its eight connections. */
export async function measureConcurrency(
  bench: Bench,
  sizes: Sizes,
  progress: (callers: number) => void,
): Promise<Concurrency[]> {
  const rowLock = openRowLock(bench.url);
  const draw = zipf(sizes.accounts, randomFrom(7));
  const account = () => spreadAccount(draw());
  const until = { seconds: sizes.turn_s / 2 };
  const curve: Concurrency[] = [];
  try {
    for (const callers of callers_counts) {
      progress(callers);
      const [ledger, baseline] = await interleave(
        turns,
        () => load(callers, until, () => spendOnce(bench.ledger, account())),
        () => load(callers, until, () => spendRowLocked(rowLock, account(), "same")),
      );
      curve.push({
        callers,
        ledger_per_s: figuresOf(ledger).rate_per_s,
        row_lock_per_s: figuresOf(baseline).rate_per_s,
        errors: ledger.errors + baseline.errors,
      });
    }
    return curve;
  } finally {
    await rowLock.close();
  }
}
