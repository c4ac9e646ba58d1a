import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createCredits } from "@credit-activity/server";
import { PGlite } from "@electric-sql/pglite";
import { CREATE_BARE_ENTRIES, INSERT_LINES } from "./bare.js";
import { openAccounts, spreadAccount } from "./data.js";
import { randomFrom, zipf } from "./random.js";
import { byRate, type CaseResult } from "./report.js";
import { openScratch } from "./scratch.js";
import type { Sizes } from "./sizes.js";
import { callers, usageInTurns } from "./write-bulk.js";

const accounts = 1_000;

/** Usage in bulk on the embedded database, in a folder, against a bare INSERT of its lines into another one. */
export async function writeEmbedded(sizes: Sizes): Promise<CaseResult> {
  const scratch = await openScratch();
  const ledger = await createCredits({ database: { dataDir: join(scratch.folder, "ledger") } });
  const bare = await openBare(join(scratch.folder, "bare"));
  try {
    await openAccounts(
      ledger,
      Array.from({ length: accounts }, (_, index) => spreadAccount(index)),
    );
    const draw = zipf(accounts, randomFrom(4));
    const account = () => spreadAccount(draw());
    let inserted = 0;
    const measured = await usageInTurns(
      ledger,
      sizes.turns,
      sizes.events_embedded,
      account,
      1,
      async ({ count, parameters }) => {
        await bare.query(INSERT_LINES, [...parameters]);
        inserted += count;
      },
    );
    return byRate(
      "write.bulk.pglite",
      "bare multi-row INSERT, PGlite",
      callers,
      accounts + inserted,
      measured,
    );
  } finally {
    await ledger.close();
    await bare.close();
    await scratch.remove();
  }
}

/** An embedded database with the ledger's tables, of which only the copy of its entries is used. */
async function openBare(folder: string): Promise<PGlite> {
  const database = await PGlite.create({ dataDir: folder });
  const migrations = fileURLToPath(new URL("../sql/", import.meta.resolve("@credit-activity/server")));
  await database.exec("CREATE SCHEMA credits");
  for (const file of (await readdir(migrations)).sort()) {
    await database.exec(await readFile(join(migrations, file), "utf8"));
  }
  await database.exec(CREATE_BARE_ENTRIES);
  return database;
}
