import { createClient, NotFoundError, type UsageEvent, type UsageResult } from "@credit-activity/client";
import { createCredits } from "../../create-credits.js";
import { CommandError, type DatabaseFlags, databaseOf, stderrLogger } from "../open.js";

/** Where usage is posted: a running server, or a database that this process opens. Both speak the same protocol. */
export interface Target {
  /** Makes the account unless it exists, and says whether it did. */
  ensureAccount(account: string): Promise<boolean>;
  post(events: readonly UsageEvent[]): Promise<readonly UsageResult[]>;
  balanceOf(account: string): Promise<string>;
  close(): Promise<void>;
}

export interface TargetFlags extends DatabaseFlags {
  readonly url?: string;
  readonly key?: string;
}

/** A secret key that is known only to this process, for a server that lives only in it. */
const OWN_KEY = "import";

/** Opens the target the flags and the environment name. */
export async function openTarget(flags: TargetFlags): Promise<Target> {
  const url = flags.url ?? process.env.CREDITS_URL;
  if (url !== undefined && url !== "") {
    const key = flags.key ?? process.env.CREDITS_SECRET_KEY ?? "";
    if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
      throw new CommandError(`"${url}" is not an address. Write it like http://127.0.0.1:3000.`);
    }
    if (key === "")
      throw new CommandError("Give the server's secret key with --key, or as CREDITS_SECRET_KEY.");
    return target(url, key, fetch, async () => {});
  }
  const credits = await createCredits({
    database: databaseOf(flags),
    secretKeys: [OWN_KEY],
    logger: stderrLogger,
  });
  const local: typeof fetch = (input, init) => credits.fetch(new Request(input, init));
  return target("http://ledger.invalid", OWN_KEY, local, () => credits.close());
}

function target(baseUrl: string, token: string, via: typeof fetch, close: () => Promise<void>): Target {
  const client = createClient({ baseUrl, token, fetch: via, timeoutMs: 60_000 });
  return {
    async ensureAccount(account) {
      try {
        await client.getAccount(account);
        return false;
      } catch (error) {
        if (!(error instanceof NotFoundError)) throw error;
        await client.putAccount(account, {});
        return true;
      }
    },
    post: async (events) => (await client.usage(events)).results,
    balanceOf: async (account) => (await client.getAccount(account)).balance,
    close,
  };
}
