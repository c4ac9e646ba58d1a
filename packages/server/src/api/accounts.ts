import type { Account, AccountSettings, AccountToken, CallOptions, Ledger } from "@credit-activity/client";
import { TOKEN_SECONDS_DEFAULT } from "../auth/credentials.js";
import { formatInstant } from "../core/instant.js";
import { toClosed } from "../core/refusal.js";
import { putSettings } from "../engine/settings.js";
import { checkOptions, type MethodOptions, settled } from "./calls.js";
import { toRefused } from "./errors.js";
import { check } from "./inputs.js";
import { requireKnown, toAccountId } from "./known.js";
import * as request from "./requests.js";

/** The methods of accounts. */
export interface AccountMethods extends Pick<Ledger, "putAccount" | "createToken"> {
  /** Puts an account like `putAccount`, and states whether it was created. */
  putAccountCreated(
    account: string,
    settings?: AccountSettings,
    options?: CallOptions,
  ): Promise<{ readonly account: Account; readonly created: boolean }>;
}

type AccountOptions = Pick<MethodOptions, "database" | "engine" | "credentials" | "presenter" | "now">;

/** Makes the methods of accounts. */
export function createAccountMethods(options: AccountOptions): AccountMethods {
  const { database, engine, credentials, presenter, now } = options;

  async function put(id: string, settings: unknown) {
    const { name, timeZone, overdraftLimit, metadata } = check(request.accountSettings, settings);
    const given = settings as AccountSettings;
    const created = await putSettings(
      database,
      id,
      {
        // A name of null is removed. All other settings of null stay as they are.
        name: given.name === undefined ? undefined : name,
        timeZone: timeZone ?? undefined,
        overdraftLimit: overdraftLimit ?? undefined,
        // Empty metadata is null inside, and yet it was given.
        metadata: given.metadata == null ? undefined : (metadata ?? {}),
      },
      now(),
    );
    engine.evict(id);
    const account = presenter.account(await requireKnown(database, id, now));
    if (created === null) throw toRefused(toClosed(id, account.closedAt ?? ""));
    return { account, created };
  }

  async function issue(id: string, seconds: number): Promise<AccountToken> {
    await requireKnown(database, id, now);
    const { token, expiresAt } = await credentials.issue(id, seconds);
    return { token, expiresAt: formatInstant(expiresAt) };
  }

  const putAccountCreated: AccountMethods["putAccountCreated"] = async (account, settings = {}, given) => {
    const signal = checkOptions(given);
    return settled(put(toAccountId(account), settings), signal);
  };

  return {
    putAccountCreated,
    putAccount: async (...args) => (await putAccountCreated(...args)).account,
    async createToken(account, input = {}, given) {
      const signal = checkOptions(given);
      const id = toAccountId(account);
      const { expiresIn } = check(request.tokenInput, input);
      return settled(issue(id, expiresIn ?? TOKEN_SECONDS_DEFAULT), signal);
    },
  };
}
