import { type Bench, openBench } from "./bench.js";
import type { CaseResult } from "./case-result.js";
import { HOT_ACCOUNT, openAccounts, toAccountId } from "./data.js";
import { type Growth, listLengths, measureGrowth } from "./growth.js";
import {
  countRows,
  LONG_ACCOUNT,
  SHORT_ACCOUNT,
  SHORT_ENTRIES,
  toWholeBlocks,
  writeHistory,
} from "./history.js";
import { describeMachine } from "./machine.js";
import { measureMemory } from "./memory.js";
import type { Options } from "./options.js";
import { readBalance, readDeepPages, readNewestPage } from "./read.js";
import { readPagesOverHttp } from "./read-http.js";
import type { Report } from "./report.js";
import { createRowLock } from "./row-lock.js";
import { CONNECTIONS, FULL_SIZES, LANES, QUICK_SIZES, type Sizes } from "./sizes.js";
import { measureConcurrency } from "./spend-curve.js";
import { round } from "./stats.js";
import { verifyAll } from "./verified.js";
import { writeHot, writeZipf } from "./write-bulk.js";
import { writeEmbedded } from "./write-embedded.js";
import { writeSinglesOverHttp } from "./write-http.js";
import { writeSingles, writeSinglesHot } from "./write-single.js";

/** The cases in the order in which they run. Those that read come first, on data that nothing else has touched. */
const CASES: readonly [name: string, run: (bench: Bench, sizes: Sizes) => Promise<CaseResult>][] = [
  ["read.page.newest", readNewestPage],
  ["read.page.deep", readDeepPages],
  ["read.page.http", readPagesOverHttp],
  ["read.balance", readBalance],
  ["write.bulk.hot", writeHot],
  ["write.bulk.zipf", writeZipf],
  ["write.single.library", writeSingles],
  ["write.single.library.hot", writeSinglesHot],
  ["write.single.http", writeSinglesOverHttp],
  ["write.bulk.pglite", writeEmbedded],
];

const MEMORY = "memory";

/** The names that can be chosen on the command line. */
export const CASE_NAMES = [...CASES.map(([name]) => name), MEMORY];

/** Makes the data, runs the chosen cases, and verifies the database. `progress` is called with what is in progress. */
export async function run(options: Options, progress: (message: string) => void): Promise<Report> {
  const beganMs = performance.now();
  const sizes = toSizes(options);
  const isChosen = (name: string) =>
    options.only.length === 0 || options.only.some((beginning) => name.startsWith(beginning));
  progress("starting the database");
  const bench = await openBench(process.env.DATABASE_URL || undefined);
  try {
    const machine = await describeMachine(bench.pool);
    const growth = await prepare(bench, sizes, options.plots !== undefined, progress);
    const chosen = CASES.filter(([name]) => isChosen(name));
    const results: CaseResult[] = [];
    for (const [name, runCase] of chosen) {
      progress(`measuring ${name} (${results.length + 1} of ${chosen.length})`);
      results.push(await runCase(bench, sizes));
    }
    progress("measuring the server's memory");
    const memory = isChosen(MEMORY) ? await measureMemory(bench, sizes) : undefined;
    const concurrency =
      growth &&
      (await measureConcurrency(bench, sizes, (callers) => progress(`measuring ${callers} callers`)));
    const verify = await verifyAll(bench, (check) => progress(`verifying: ${check}`));
    return {
      machine,
      run: {
        is_quick: options.isQuick,
        history_entries: sizes.entries,
        history_rows: countRows(sizes.entries),
        accounts: sizes.accounts,
        connections: CONNECTIONS,
        lanes: LANES,
        seconds: round((performance.now() - beganMs) / 1000),
      },
      cases: results,
      ...(memory && { memory }),
      ...(growth && { growth }),
      ...(concurrency && { concurrency }),
      verify,
    };
  } finally {
    progress("");
    await bench.close();
  }
}

function toSizes({ isQuick, entries, turnSeconds }: Options): Sizes {
  const sizes = isQuick ? QUICK_SIZES : FULL_SIZES;
  return {
    ...sizes,
    entries: toWholeBlocks(entries ?? sizes.entries),
    turnSeconds: turnSeconds ?? sizes.turnSeconds,
  };
}

/** Makes the accounts and histories of the cases. Measures the growth of the long history on request. */
async function prepare(
  bench: Bench,
  sizes: Sizes,
  hasGrowth: boolean,
  progress: (message: string) => void,
): Promise<Growth[] | undefined> {
  const { ledger, pool } = bench;
  await writeHistory(ledger, SHORT_ACCOUNT, 0, SHORT_ENTRIES, () => {});
  const growth: Growth[] = [];
  let written = 0;
  for (const length of hasGrowth ? listLengths(sizes.entries) : [sizes.entries]) {
    await writeHistory(ledger, LONG_ACCOUNT, written, length, (entries) => {
      const percent = Math.floor((entries / sizes.entries) * 100);
      progress(`writing a history of ${sizes.entries.toLocaleString("en-US")} entries: ${percent} %`);
    });
    written = length;
    if (!hasGrowth) continue;
    await settle(bench);
    growth.push(await measureGrowth(bench, length, Math.ceil(sizes.samples / 4)));
  }
  progress(`opening ${sizes.accounts} accounts`);
  const spread = Array.from({ length: sizes.accounts }, (_, index) => toAccountId(index));
  await openAccounts(ledger, [HOT_ACCOUNT, ...spread]);
  await createRowLock(pool);
  progress("settling the database");
  await settle(bench);
  return hasGrowth ? growth : undefined;
}

/** Does at once what the server would do in time: statistics, the visibility map and a checkpoint. */
async function settle({ pool }: Bench): Promise<void> {
  await pool.query("VACUUM (ANALYZE)");
  await pool.query("CHECKPOINT");
}
