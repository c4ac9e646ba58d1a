import { cp } from "node:fs/promises";
import { join } from "node:path";
import { createCredits } from "@credit-activity/server";
import { PGlite } from "@electric-sql/pglite";
import { createBareEntries, type Lines } from "./bare.js";
import type { Bench } from "./bench.js";
import { byRate, type CaseResult } from "./case-result.js";
import { openAccounts, spreadAccount } from "./data.js";
import { interleave } from "./load.js";
import { randomFrom, zipf } from "./random.js";
import { openScratch } from "./scratch.js";
import type { Sizes } from "./sizes.js";
import { callers, insertLines, postUsage, queryOf, usageCalls } from "./write-bulk.js";

const accounts = 1_000;

/**
 * Usage in bulk on the embedded database, in a folder, against a bare INSERT into another one. Only its ledger can look
 * into an embedded database, so the lines are those that the same events become in the run's own ledger.
 */
export async function writeEmbedded(bench: Bench, sizes: Sizes): Promise<CaseResult> {
  const scratch = await openScratch();
  const dataDir = join(scratch.folder, "ledger");
  const copy = join(scratch.folder, "bare");
  // The other database is a copy of the ledger's while that is empty, for it takes seconds to make one anew.
  await (await createCredits({ database: { dataDir } })).close();
  await cp(join(dataDir, "postgres"), copy, { recursive: true });
  const ledger = await createCredits({ database: { dataDir } });
  const bare = await PGlite.create({ dataDir: copy });
  try {
    const names = Array.from({ length: accounts }, (_, index) => spreadAccount(index));
    await openAccounts(ledger, names);
    const { insert } = await createBareEntries((text, values) => bare.query(text, values), "entries");
    const { lines: linesAt } = await createBareEntries(queryOf(bench), "embedded");
    const draw = zipf(accounts, randomFrom(4));
    let lines: Lines[] = [];
    const post = async () => {
      const calls = usageCalls(sizes.events_embedded, () => spreadAccount(draw()));
      const { measured } = await postUsage(ledger, calls);
      lines = await linesAt((await postUsage(bench.ledger, calls)).places);
      return measured;
    };
    const insertAgain = () => insertLines(1, lines, ({ parameters }) => bare.query(insert, [...parameters]));
    const [measured, baseline] = await interleave(sizes.turns, post, insertAgain);
    return byRate({
      name: "write.bulk.pglite",
      callers,
      entries: (await ledger.verify()).entries,
      measured,
      baseline_name: "bare multi-row INSERT, PGlite",
      baseline,
    });
  } finally {
    await ledger.close();
    await bare.close();
    await scratch.remove();
  }
}
