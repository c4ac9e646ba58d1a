import { decideBatch } from "../ledger/batch.js";
import type { Command } from "../ledger/command.js";
import type { Outcome } from "../ledger/decide.js";
import type { Instant } from "../ledger/instant.js";
import type { Changes } from "../ledger/state.js";
import type { Connection, Database, Step } from "./database.js";
import type { KnownAccount } from "./known-account.js";
import {
  type AccountCommands,
  type Batch,
  type LoadedAccount,
  type LoadOptions,
  loadAccounts,
} from "./load-accounts.js";
import type { Memory } from "./memory.js";
import { type AccountChanges, writingOf } from "./write-changes.js";

/** The outcomes of a batch's commands: those of each account, in the order of the batch. */
export type Outcomes = readonly (readonly Outcome[])[];

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
  try {
    const { outcomes, accounts, steps } = await decideAll(database, batch, now, memory, {
      locked: false,
      keys,
    });
    if (steps.length > 0) await database.run(steps);
    memory.put(accounts);
    return outcomes;
  } catch (error) {
    // What is remembered was changed as if the batch had been written.
    for (const { account } of batch) memory.forget(account);
    throw error;
  }
}

/** Runs a batch in a transaction that locks its accounts and looks up its keys, so that nobody can be ahead of it. */
export async function runLocked(database: Database, batch: Batch, now: Instant): Promise<Outcomes> {
  return database.transaction(async (connection) => {
    const { outcomes, steps } = await decideAll(connection, batch, now, null, { locked: true, keys: true });
    if (steps.length > 0) await connection.run(steps);
    return outcomes;
  });
}

interface Decided {
  readonly outcomes: Outcomes;
  /** The accounts as the batch leaves them. */
  readonly accounts: readonly KnownAccount[];
  readonly steps: readonly Step[];
}

async function decideAll(
  connection: Connection,
  batch: Batch,
  now: Instant,
  memory: Memory | null,
  options: LoadOptions,
): Promise<Decided> {
  const accounts = await loadAccounts(connection, batch, (account) => memory?.get(account), options);
  const decided = batch.map(({ commands }, at) => decideOne(accounts[at], commands, now));
  if (!options.keys) {
    // What would be refused now may have been answered before, when its key was first used: that answer stands.
    const doubtful = [...batch.keys()].filter((at) =>
      decided[at]?.result.outcomes.some(({ refusal }) => refusal !== null),
    );
    if (doubtful.length > 0) {
      const again = doubtful.map((at) => batch[at] as AccountCommands);
      // Where all was refused, the account is as it was remembered. Others have been changed, and are read anew.
      const unchanged = new Map<string, KnownAccount>();
      for (const at of doubtful) {
        const one = decided[at];
        if (one != null && isUnchanged(one.result.changes)) unchanged.set(one.known.state.account, one.known);
      }
      for (const { account } of again) if (!unchanged.has(account)) memory?.forget(account);
      const loaded = await loadAccounts(connection, again, (account) => unchanged.get(account), {
        ...options,
        keys: true,
      });
      doubtful.forEach((at, index) => {
        decided[at] = decideOne(loaded[index], again[index]?.commands ?? [], now);
      });
    }
  }
  const outcomes = batch.map(
    ({ account, commands }, at) =>
      decided[at]?.result.outcomes ?? commands.map(() => unknownAccount(account)),
  );
  const found = decided.filter((one) => one !== null);
  return { outcomes, accounts: found.map(({ known }) => known), steps: writingOf(found, now) };
}

function isUnchanged({ entries, grants, holds, rows }: Changes): boolean {
  return entries.length + grants.length + holds.length + rows.length === 0;
}

function decideOne(
  loaded: LoadedAccount | null | undefined,
  commands: readonly Command[],
  now: Instant,
): AccountChanges | null {
  if (loaded == null) return null;
  return { known: loaded.known, result: decideBatch(loaded.known.state, commands, now, loaded.past) };
}

const FREE = "SELECT account FROM credits.accounts WHERE account = ANY ($1::text[]) FOR UPDATE SKIP LOCKED";
const ALL = "SELECT account FROM credits.accounts WHERE account = ANY ($1::text[])";

/** Those of some accounts that something else has locked, found without waiting for it. */
export async function findLocked(database: Database, accounts: readonly string[]): Promise<Set<string>> {
  const params = [accounts];
  const [free, all] = (await database.run([
    { sql: FREE, params },
    { sql: ALL, params },
  ])) as [{ account: string }[], { account: string }[]];
  const locked = new Set(all.map(({ account }) => account));
  for (const { account } of free) locked.delete(account);
  return locked;
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
