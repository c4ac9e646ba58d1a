import { randomBytes } from "node:crypto";
import type { AnyCommand } from "../core/command.js";
import type { Outcome } from "../core/decide.js";
import type { Instant } from "../core/instant.js";
import type { Reader } from "../db/port.js";
import type { AccountCache } from "./account-cache.js";
import { decide } from "./decision.js";
import type { Engine } from "./engine.js";
import type { AccountCommands } from "./load.js";

/** The cache of a transaction, which may be rolled back to any point. So it is always empty. */
const NO_CACHE: AccountCache = {
  get: () => undefined,
  put() {},
  evict() {},
  contend() {},
  isContended: () => false,
};

const salt = () => randomBytes(16).toString("hex");

export interface TransactionEngineOptions {
  readonly reader: Reader;
  readonly now: () => Instant;
  /** Returns null if commands can be decided now, or a promise that resolves when they can. It reads by the reader alone. */
  readonly admit: (reader: Reader) => Promise<void> | null;
}

/**
 * Makes an engine that decides and writes commands inside a transaction of the application. It locks the accounts of a call
 * in the order of their ids, and reads all that it decides from. The transaction keeps the locks, so nothing of it changes
 * before the end. A refused command writes nothing, and so leaves the transaction as it is. Servers that have an account
 * cached find another version of it after the commit, and the same one after a rollback.
 */
export function createTransactionEngine({ reader, now, admit }: TransactionEngineOptions): Engine {
  const circumstances = () => ({ now: now(), salt });

  async function submitAll(commands: readonly AnyCommand[]): Promise<Outcome[]> {
    await admit(reader);
    const outcomes = new Map<AnyCommand, Outcome>();
    let left = toBatch(commands);
    // More may be due than is posted at once.
    while (left.length > 0) left = await post(left, outcomes);
    return commands.map((command) => outcomes.get(command) as Outcome);
  }

  /** Decides and writes a batch. Returns the part of it that has to be decided again. */
  async function post(
    batch: readonly AccountCommands[],
    outcomes: Map<AnyCommand, Outcome>,
  ): Promise<AccountCommands[]> {
    const options = { cache: NO_CACHE, locked: true, keys: true };
    const decision = await decide(reader.query, batch, circumstances(), options);
    for (const outcome of decision.outcomes) if (outcome instanceof Error) throw outcome;
    const { statement } = decision;
    if (statement !== null) await reader.query(statement.sql, statement.params);
    return batch.filter(({ commands }, index) => {
      const decided = decision.outcomes[index] as readonly Outcome[] | null;
      decided?.forEach((outcome, place) => {
        outcomes.set(commands[place] as AnyCommand, outcome);
      });
      return decided === null;
    });
  }

  return {
    isFull: false,
    submit: async (command) => (await submitAll([command]))[0] as Outcome,
    submitAll,
    evict() {},
    async close() {},
  };
}

/** Returns commands by account, in the order of the ids. Those of one account keep their order. */
function toBatch(commands: readonly AnyCommand[]): AccountCommands[] {
  const byAccount = new Map<string, AnyCommand[]>();
  for (const command of commands) {
    const own = byAccount.get(command.account);
    if (own === undefined) byAccount.set(command.account, [command]);
    else own.push(command);
  }
  return [...byAccount].map(([account, own]) => ({ account, commands: own }));
}
