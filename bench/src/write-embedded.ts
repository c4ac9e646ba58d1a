import { cp } from "node:fs/promises";
import { join } from "node:path";
import { createLedger } from "@credit-activity/server";
import { PGlite } from "@electric-sql/pglite";
import { createBareEntries, type RowBatch } from "./bare.js";
import type { Bench } from "./bench.js";
import { type CaseResult, toRateResult } from "./case-result.js";
import { openAccounts, toAccountId } from "./data.js";
import { interleave } from "./load.js";
import { createRandom, createZipf } from "./random.js";
import { openScratch } from "./scratch.js";
import type { Sizes } from "./sizes.js";
import { CALLERS, createCalls, createQuery, insertRows, postUsage } from "./write-bulk.js";

const ACCOUNTS = 1_000;

/**
 * Posts usage in bulk on the embedded database, in a directory, against a bare INSERT into another one. Only its ledger can
 * read an embedded database, so the rows come from the run's ledger, to which the same events are posted.
 */
export async function writeEmbedded(bench: Bench, sizes: Sizes): Promise<CaseResult> {
  const scratch = await openScratch();
  const dataDir = join(scratch.directory, "ledger");
  const copy = join(scratch.directory, "bare");
  // The other database is a copy of the ledger's while that is empty, because it takes seconds to create one.
  await (await createLedger({ database: { dataDir } })).close();
  await cp(join(dataDir, "postgres"), copy, { recursive: true });
  const ledger = await createLedger({ database: { dataDir } });
  const bare = await PGlite.create({ dataDir: copy });
  try {
    const names = Array.from({ length: ACCOUNTS }, (_, index) => toAccountId(index));
    await openAccounts(ledger, names);
    const { insert } = await createBareEntries((text, values) => bare.query(text, values), "entries");
    const { read } = await createBareEntries(createQuery(bench), "embedded");
    const draw = createZipf(ACCOUNTS, createRandom(4));
    let batches: RowBatch[] = [];
    const post = async () => {
      const calls = createCalls(sizes.eventsEmbedded, () => toAccountId(draw()));
      const { measured } = await postUsage(ledger, calls);
      batches = await read((await postUsage(bench.ledger, calls)).places);
      return measured;
    };
    const insertAgain = () => insertRows(1, batches, ({ parameters }) => bare.query(insert, [...parameters]));
    const [measured, baseline] = await interleave(sizes.turns, post, insertAgain);
    return toRateResult({
      name: "write.bulk.pglite",
      callers: CALLERS,
      entries: (await ledger.verify()).entries,
      measured,
      baselineName: "bare multi-row INSERT, PGlite",
      baseline,
    });
  } finally {
    await ledger.close();
    await bare.close();
    await scratch.remove();
  }
}
