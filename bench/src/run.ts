import { type Bench, openBench } from "./bench.js";
import type { CaseResult } from "./case-result.js";
import { hotAccount, openAccounts, spreadAccount } from "./data.js";
import { type Growth, lengthsUpTo, measureGrowth } from "./growth.js";
import {
  historyEntries,
  historyRows,
  longAccount,
  short_entries,
  shortAccount,
  writeHistory,
} from "./history.js";
import { describeMachine } from "./machine.js";
import { measureMemory } from "./memory.js";
import type { Options } from "./options.js";
import { readBalance, readDeepPages, readNewestPage } from "./read.js";
import { readPagesOverHttp } from "./read-http.js";
import type { Report } from "./report.js";
import { createRowLocked } from "./row-lock.js";
import { connections, fullSizes, lanes, quickSizes, type Sizes } from "./sizes.js";
import { measureConcurrency } from "./spend-curve.js";
import { rounded } from "./stats.js";
import { verifyAll } from "./verified.js";
import { writeHot, writeZipf } from "./write-bulk.js";
import { writeEmbedded } from "./write-embedded.js";
import { writeSinglesOverHttp } from "./write-http.js";
import { writeSingles, writeSinglesHot } from "./write-single.js";

/** The cases in the order they run: reading first, on data that nothing else has touched. */
const cases: readonly [name: string, run: (bench: Bench, sizes: Sizes) => Promise<CaseResult>][] = [
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

const memory_name = "memory";

/** What can be asked for by name. */
export const caseNames = [...cases.map(([name]) => name), memory_name];

/** Makes the data, runs what the options ask for, and checks the database; `progress` is told what is under way. */
export async function run(options: Options, progress: (text: string) => void): Promise<Report> {
  const begin_ms = performance.now();
  const sizes = sizesOf(options);
  const isChosen = (name: string) =>
    options.only.length === 0 || options.only.some((beginning) => name.startsWith(beginning));
  progress("starting the database");
  const bench = await openBench(process.env.DATABASE_URL || undefined);
  try {
    const machine = await describeMachine(bench.pool);
    const growth = await prepare(bench, sizes, options.plots !== undefined, progress);
    const chosen = cases.filter(([name]) => isChosen(name));
    const results: CaseResult[] = [];
    for (const [name, runCase] of chosen) {
      progress(`measuring ${name} (${results.length + 1} of ${chosen.length})`);
      results.push(await runCase(bench, sizes));
    }
    progress("measuring the server's memory");
    const memory = isChosen(memory_name) ? await measureMemory(bench, sizes) : undefined;
    const concurrency =
      growth &&
      (await measureConcurrency(bench, sizes, (callers) => progress(`measuring ${callers} callers`)));
    const verify = await verifyAll(bench, (check) => progress(`verifying: ${check}`));
    return {
      machine,
      run: {
        is_quick: options.isQuick,
        history_entries: sizes.entries,
        history_rows: historyRows(sizes.entries),
        accounts: sizes.accounts,
        connections,
        lanes,
        seconds: rounded((performance.now() - begin_ms) / 1000),
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

function sizesOf({ isQuick, entries, turn_s }: Options): Sizes {
  const sizes = isQuick ? quickSizes : fullSizes;
  return { ...sizes, entries: historyEntries(entries ?? sizes.entries), turn_s: turn_s ?? sizes.turn_s };
}

/** Makes the accounts and histories that the cases need; where the long history's growth is asked for, measures it. */
async function prepare(
  bench: Bench,
  sizes: Sizes,
  isGrowthAsked: boolean,
  progress: (text: string) => void,
): Promise<Growth[] | undefined> {
  const { ledger, pool } = bench;
  await writeHistory(ledger, shortAccount, 0, short_entries, () => {});
  const growth: Growth[] = [];
  let written = 0;
  for (const length of isGrowthAsked ? lengthsUpTo(sizes.entries) : [sizes.entries]) {
    await writeHistory(ledger, longAccount, written, length, (entries) => {
      const percent = Math.floor((entries / sizes.entries) * 100);
      progress(`writing a history of ${sizes.entries.toLocaleString("en-US")} entries: ${percent} %`);
    });
    written = length;
    if (!isGrowthAsked) continue;
    await settle(bench);
    growth.push(await measureGrowth(bench, length, Math.ceil(sizes.samples / 4)));
  }
  progress(`opening ${sizes.accounts} accounts`);
  const spread = Array.from({ length: sizes.accounts }, (_, index) => spreadAccount(index));
  await openAccounts(ledger, [hotAccount, ...spread]);
  await createRowLocked(pool);
  progress("settling the database");
  await settle(bench);
  return isGrowthAsked ? growth : undefined;
}

/** Does at once what the server would do in time: statistics, the visibility map, and what waits to be written. */
async function settle({ pool }: Bench): Promise<void> {
  await pool.query("VACUUM (ANALYZE)");
  await pool.query("CHECKPOINT");
}
