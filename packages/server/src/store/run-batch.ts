import { decideBatch } from "../ledger/batch.js";
import type { Command } from "../ledger/command.js";
import type { Outcome } from "../ledger/decide.js";
import type { Instant } from "../ledger/instant.js";
import type { Connection, Database } from "./database.js";
import type { KnownAccount } from "./known-account.js";
import { type LoadOptions, loadAccounts } from "./load-accounts.js";
import type { Memory } from "./memory.js";
import { type AccountChanges, type Writing, writingOf } from "./write-changes.js";

/** Commands by account, in the order of their arrival on it. */
export type Batch = ReadonlyMap<string, readonly Command[]>;

/** The outcomes of a batch's commands, by account, in the order of the commands. */
export type Outcomes = ReadonlyMap<string, readonly Outcome[]>;

/**
 * Runs a batch from what is remembered of its accounts: reads only those that are not, decides, and writes in one round
 * trip that fails when an account was not as remembered, or, unless `keys` were looked up, when a key is not new.
 *
 * @throws an error with the code STALE_ACCOUNT, KNOWN_KEY or UNIQUE_VIOLATION in those cases; nothing was written
 */
export async function runRemembered(
  database: Database,
  memory: Memory,
  batch: Batch,
  now: Instant,
  keys: boolean,
): Promise<Outcomes> {
  const remembered = new Map<string, KnownAccount>();
  for (const account of batch.keys()) {
    const known = memory.get(account);
    if (known !== undefined) remembered.set(account, known);
  }
  const { outcomes, writing } = await decideAll(database, batch, remembered, now, { locked: false, keys });
  if (writing.steps.length > 0) await database.run(writing.steps);
  memory.put(writing.after);
  return outcomes;
}

/** Runs a batch in a transaction that locks its accounts and looks up its keys, so that nobody can be ahead of it. */
export async function runLocked(database: Database, batch: Batch, now: Instant): Promise<Outcomes> {
  return database.transaction(async (connection) => {
    const { outcomes, writing } = await decideAll(connection, batch, new Map(), now, {
      locked: true,
      keys: true,
    });
    if (writing.steps.length > 0) await connection.run(writing.steps);
    return outcomes;
  });
}

interface Decided {
  readonly outcomes: Outcomes;
  readonly writing: Writing;
}

async function decideAll(
  connection: Connection,
  batch: Batch,
  remembered: ReadonlyMap<string, KnownAccount>,
  now: Instant,
  options: LoadOptions,
): Promise<Decided> {
  const loaded = await loadAccounts(connection, batch, remembered, options);
  const decided = new Map<string, AccountChanges>();
  const doubtful = new Map<string, readonly Command[]>();
  for (const [account, commands] of batch) {
    const found = loaded.get(account);
    if (found === undefined) continue;
    const result = decideBatch(found.known.state, commands, now, found.past);
    decided.set(account, { before: found.known, result });
    if (!options.keys && result.outcomes.some(({ refusal }) => refusal !== null))
      doubtful.set(account, commands);
  }
  if (doubtful.size > 0) {
    // What would be refused now may have been answered before, when its key was first used: that answer stands.
    const known = new Map([...loaded].map(([account, one]) => [account, one.known]));
    const again = await loadAccounts(connection, doubtful, known, { ...options, keys: true });
    for (const [account, { known: before, past }] of again) {
      const result = decideBatch(before.state, doubtful.get(account) ?? [], now, past);
      decided.set(account, { before, result });
    }
  }
  const outcomes = new Map<string, readonly Outcome[]>();
  for (const [account, commands] of batch) {
    const unknown = unknownAccount(account);
    outcomes.set(account, decided.get(account)?.result.outcomes ?? commands.map(() => unknown));
  }
  return { outcomes, writing: writingOf([...decided.values()], now) };
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
