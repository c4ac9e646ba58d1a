import { type Credits, credits } from "@credit-activity/server";
import type { Bench } from "./bench.js";
import { byRate, type CaseResult, withLone } from "./case-result.js";
import { hotAccount, spreadAccount } from "./data.js";
import { interleave, load } from "./load.js";
import { randomFrom, zipf } from "./random.js";
import { openRowLock, type RowLock, row_lock_connections, type Work } from "./row-lock.js";
import type { Sizes } from "./sizes.js";
import { figuresOf, rounded } from "./stats.js";

/** How many calls of `spend` are under way at once. */
export const spenders = 256;

const spent = credits("0.01");
const source = { type: "model", id: "atlas-large", label: "atlas-large" };
const description = "Chat completion";

let keys_made = 0;
function nextKey(): string {
  keys_made += 1;
  return `spend-${keys_made}`;
}

/** Single spends over many accounts by Zipf's law, many at once. */
export function writeSingles(bench: Bench, sizes: Sizes): Promise<CaseResult> {
  const draw = zipf(sizes.accounts, randomFrom(2));
  return spendInTurns("write.single.library", bench, sizes, () => spreadAccount(draw()));
}

/** Single spends on one account, many at once. */
export function writeSinglesHot(bench: Bench, sizes: Sizes): Promise<CaseResult> {
  return spendInTurns("write.single.library.hot", bench, sizes, () => hotAccount);
}

/** A spend through the library under a key of its own; it answers how many entries that was. */
export async function spendOnce(ledger: Credits, account: string): Promise<number> {
  await ledger.spend(account, { credits: spent, source, description }, { key: nextKey() });
  return 1;
}

/** The same through the row-lock baseline. */
export async function spendRowLocked(rowLock: RowLock, account: string, work: Work): Promise<number> {
  await rowLock.spend({ account, credits: spent, description, source: source.label, key: nextKey() }, work);
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
    const until = { seconds: sizes.turn_s };
    const spendLocked = (work: Work) => () =>
      load(row_lock_connections, until, () => spendRowLocked(rowLock, account(), work));
    const [measured, baseline, least] = await interleave(
      sizes.turns,
      () => load(spenders, until, spend),
      spendLocked("same"),
      spendLocked("least"),
    );
    const lone = await load(1, { calls: sizes.lone_calls }, spend);
    const baseline_name = `row lock, ${row_lock_connections} connections`;
    const entries = await bench.entries();
    const result = byRate({ name, callers: spenders, entries, measured, baseline_name, baseline });
    const least_rate = figuresOf(least).rate_per_s;
    return {
      ...withLone(result, lone),
      errors: result.errors + lone.errors + least.errors,
      baseline_least_work_per_s: least_rate,
      ratio_to_least_work: rounded(result.rate_per_s / least_rate),
    };
  } finally {
    await rowLock.close();
  }
}
