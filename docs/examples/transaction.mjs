import { createLedger, InsufficientCreditsError } from "@credit-activity/server";
import { CompiledQuery, Kysely, PostgresDialect } from "kysely";
import pg from "pg";

// The application and the ledger share a pool.
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const db = new Kysely({ dialect: new PostgresDialect({ pool }) });
const ledger = await createLedger({ database: { pool } });

await db.schema
  .createTable("exports")
  .ifNotExists()
  .addColumn("account", "text")
  .addColumn("file", "text")
  .execute();
await ledger.putAccount("acme");
await ledger.grant("acme", { kind: "purchase", credits: "10" }, { key: "order-4821" });

/** Returns the commands of the ledger inside a transaction of Kysely. */
const within = (trx) =>
  ledger.within({ query: (text, values) => trx.executeQuery(CompiledQuery.raw(text, values)) });

/** Stores an export and charges for it: both happen, or none. */
async function exportFile(account, file, credits) {
  return db.transaction().execute(async (trx) => {
    await trx.insertInto("exports").values({ account, file }).execute();
    const { entry } = await within(trx).spend(account, { credits, description: file }, { key: file });
    return entry.balance;
  });
}

console.log(`The first export leaves ${await exportFile("acme", "january.csv", "4")} credits.`);
try {
  await exportFile("acme", "everything.csv", "400");
} catch (error) {
  if (!(error instanceof InsufficientCreditsError)) throw error;
  console.log(`The second one is refused: ${error.facts.available} of ${error.facts.required} credits.`);
}
const exports = await db.selectFrom("exports").select("file").execute();
console.log(`Stored: ${exports.map(({ file }) => file).join(", ")}.`);

await ledger.close();
await db.destroy();
