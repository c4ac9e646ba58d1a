"use server";

import { getAccount, getLedger } from "../../lib/credits";

/** Creates a token with which the page of the user who is signed in reads their account. */
export async function createToken(): Promise<string> {
  const ledger = await getLedger();
  const { token } = await ledger.createToken(await getAccount());
  return token;
}
