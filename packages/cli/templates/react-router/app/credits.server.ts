import { existsSync } from "node:fs";
import { lazyLedger } from "@credit-activity/server";

// Variables that are set already stay as they are.
if (existsSync(".env")) process.loadEnvFile();
const url = process.env.CREDITS_DATABASE_URL;

/** Returns the ledger of this process: on PostgreSQL, or on the embedded database in a directory. */
export const getLedger = lazyLedger({
  database: url ? { url } : { dataDir: ".credits" },
  basePath: "/api/credits",
});

/** Returns the account of the user who is signed in. Replace it with what your session says. */
export async function getAccount(_request: Request): Promise<string> {
  const ledger = await getLedger();
  await ledger.putAccount("demo", { name: "Demo" });
  await ledger.grant("demo", { kind: "bonus", credits: "100" }, { key: "welcome-demo" });
  return "demo";
}
