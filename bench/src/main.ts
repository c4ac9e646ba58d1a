import { writeFile } from "node:fs/promises";
import { type Bench, openBench } from "./bench.js";
import { hotAccount, longAccount, openAccounts, shortAccount, spreadAccount, writeHistory } from "./data.js";
import { describeMachine } from "./machine.js";
import { parseOptions, usage } from "./options.js";
import { readBalance, readDeepPages, readNewestPage } from "./read.js";
import { readPagesOverHttp } from "./read-http.js";
import type { CaseResult, Report } from "./report.js";
import { connections, fullSizes, lanes, quickSizes, type Sizes } from "./sizes.js";
import { rounded } from "./stats.js";
import { renderTable } from "./table.js";
import { createBareEntries, writeHot, writeZipf } from "./write-bulk.js";
import { writeEmbedded } from "./write-embedded.js";
import { createRowLocked, writeSingles, writeSinglesHot } from "./write-single.js";

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
  ["write.bulk.pglite", (_, sizes) => writeEmbedded(sizes)],
];

const short_rows = 900;

/** Makes the accounts and histories that the cases need, and lets the server gather its statistics. */
async function prepare(bench: Bench, sizes: Sizes): Promise<void> {
  const { ledger, pool } = bench;
  await writeHistory(ledger, shortAccount, short_rows, () => {});
  await writeHistory(ledger, longAccount, sizes.rows, (share) =>
    progress(`writing a history of ${sizes.rows} activity rows: ${Math.floor(share * 100)} %`),
  );
  progress(`opening ${sizes.accounts} accounts`);
  const spread = Array.from({ length: sizes.accounts }, (_, index) => spreadAccount(index));
  await openAccounts(ledger, [hotAccount, ...spread]);
  await createBareEntries(bench);
  await createRowLocked(bench);
  await pool.query("VACUUM (ANALYZE)");
  await pool.query("CHECKPOINT");
}

/** One line on the terminal that the next one replaces; nothing where the error output is not a terminal. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

async function run(isQuick: boolean, only: readonly string[]): Promise<Report> {
  const begin_ms = performance.now();
  const sizes = isQuick ? quickSizes : fullSizes;
  const chosen = cases.filter(
    ([name]) => only.length === 0 || only.some((beginning) => name.startsWith(beginning)),
  );
  progress("starting the database");
  const bench = await openBench(process.env.DATABASE_URL || undefined);
  try {
    const machine = await describeMachine(bench.pool);
    await prepare(bench, sizes);
    const results: CaseResult[] = [];
    for (const [name, runCase] of chosen) {
      progress(`measuring ${name} (${results.length + 1} of ${chosen.length})`);
      results.push(await runCase(bench, sizes));
    }
    const { rows, accounts } = sizes;
    const seconds = rounded((performance.now() - begin_ms) / 1000);
    return {
      machine,
      run: { is_quick: isQuick, rows, accounts, connections, lanes, seconds },
      cases: results,
    };
  } finally {
    progress("");
    await bench.close();
  }
}

const options = parseOptions(
  process.argv.slice(2),
  cases.map(([name]) => name),
);
if ("problem" in options) {
  process.stderr.write(`${options.problem}\n\n${usage}`);
  process.exitCode = 2;
} else {
  const report = await run(options.isQuick, options.only);
  const table = renderTable(report);
  const document = `${JSON.stringify(report, null, 2)}\n`;
  if (options.json === "-") {
    process.stderr.write(table);
    process.stdout.write(document);
  } else {
    process.stdout.write(table);
    if (options.json !== undefined) await writeFile(options.json, document);
  }
  if (report.cases.some((result) => result.errors > 0)) process.exitCode = 1;
}
