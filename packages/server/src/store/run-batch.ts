import { decideBatch } from "../ledger/batch.js";
import type { Command } from "../ledger/command.js";
import type { Outcome } from "../ledger/decide.js";
import type { Instant } from "../ledger/instant.js";
import type { Database } from "./database.js";
import { loadAccounts } from "./load-accounts.js";
import { type AccountChanges, writeChanges } from "./write-changes.js";

/**
 * Runs a batch of commands in one transaction: locks and loads their accounts, decides, writes.
 *
 * @returns one outcome a command, in the order given
 */
export async function runBatch(
  database: Database,
  commands: readonly Command[],
  now: Instant,
): Promise<Outcome[]> {
  const batch = new Map<string, number[]>();
  commands.forEach((command, index) => {
    const indexes = batch.get(command.account);
    if (indexes === undefined) batch.set(command.account, [index]);
    else indexes.push(index);
  });
  return database.transaction(async (connection) => {
    const pick = (indexes: readonly number[]) => indexes.map((index) => commands[index] as Command);
    const loaded = await loadAccounts(
      connection,
      new Map([...batch].map(([account, indexes]) => [account, pick(indexes)])),
    );
    const outcomes = new Array<Outcome>(commands.length);
    const changes: AccountChanges[] = [];
    for (const [account, indexes] of batch) {
      const found = loaded.get(account);
      if (found === undefined) {
        for (const index of indexes) outcomes[index] = unknownAccount(account);
        continue;
      }
      const result = decideBatch(found.state, pick(indexes), now, found.past);
      changes.push(result);
      result.outcomes.forEach((outcome, at) => {
        outcomes[indexes[at] as number] = outcome;
      });
    }
    await writeChanges(connection, changes);
    return outcomes;
  });
}

function unknownAccount(account: string): Outcome {
  return {
    refusal: {
      code: "account_not_found",
      detail: `There is no account "${account}". Create it first with PUT /v1/accounts/{account}.`,
      facts: {},
    },
  };
}
