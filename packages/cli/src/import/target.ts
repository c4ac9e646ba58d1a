import { createLedgerClient, type Ledger } from "@credit-activity/client";
import { CommandError, type DatabaseFlags, openLedger, readVariable } from "../open.js";

/** The ledger that usage is posted to. */
export interface Target {
  readonly ledger: Ledger;
  close(): Promise<void>;
}

export interface TargetFlags extends DatabaseFlags {
  readonly url?: string;
  readonly key?: string;
}

/** The time limit of one request to a server. */
const TIMEOUT_MS = 60_000;

/**
 * Opens the target of the options and the environment: a running server, or else a database.
 *
 * @throws CommandError if the server's address is not valid or its key is missing
 */
export async function openTarget(flags: TargetFlags): Promise<Target> {
  const url = flags.url ?? readVariable("CREDITS_URL");
  if (url === undefined) {
    const ledger = await openLedger(flags);
    return { ledger, close: () => ledger.close() };
  }
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    throw new CommandError(`"${url}" is not an address. Write it as http://127.0.0.1:3000.`);
  }
  const key = flags.key ?? readVariable("CREDITS_SECRET_KEY") ?? "";
  if (key === "") {
    throw new CommandError("The server's secret key is missing. Set --key, or CREDITS_SECRET_KEY.");
  }
  const ledger = createLedgerClient({ baseUrl: url, key, timeoutMs: TIMEOUT_MS });
  return { ledger, close: async () => {} };
}
