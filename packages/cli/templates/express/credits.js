import { createLedger } from "@credit-activity/server";
import { toNodeHandler } from "@credit-activity/server/node";
import { Router } from "express";

const url = process.env.CREDITS_DATABASE_URL;

/** The ledger: on PostgreSQL, or on the embedded database in a directory. */
export const ledger = await createLedger({ database: url ? { url } : { dataDir: ".credits" } });

/** Returns the account of the user who is signed in. Replace it with what your session says. */
export async function getAccount(_request /*: import("express").Request */) {
  await ledger.putAccount("demo", { name: "Demo" });
  await ledger.grant("demo", { kind: "bonus", credits: "100" }, { key: "welcome-demo" });
  return "demo";
}

/** The API of the ledger, and the token with which a page reads the account of its user. */
export const credits = Router();
credits.post("/token", async (request, response, next) => {
  try {
    response.json(await ledger.createToken(await getAccount(request)));
  } catch (error) {
    next(error);
  }
});
credits.use(toNodeHandler(ledger));
