import {
  DatabaseError,
  isKnownKey,
  isStaleAccount,
  serverMessage,
  staleAccounts,
  UnreadableError,
} from "../db/errors.js";
import type { Batch } from "./batch.js";
import type { Call } from "./queue.js";

const LOCKED =
  "The account is locked by another session of the database, and nothing was done. Send the command again with the same key.";
const LOCKED_AFTER_TRY =
  "The account is locked by another session of the database, and the command may have been posted. Send it again with the same key.";

/** Thrown when the books of accounts do not add up that were cached, or read without a lock. */
export class DoubtfulBooksError extends Error {
  override readonly name = "DoubtfulBooksError";
  constructor(readonly accounts: readonly string[]) {
    super("The books of accounts do not add up. Read the accounts again under a lock.");
  }
}

/** Returns the error of a command on an account that another session has locked. */
export function toLocked(call: Call): Error {
  return new DatabaseError("locked", call.isUnconfirmed ? LOCKED_AFTER_TRY : LOCKED);
}

/** Returns the error of the commands on an account whose records can't be read. */
export function toUnreadable(account: string, error: UnreadableError): Error {
  return new UnreadableError(`The records of account "${account}" can't be read: ${error.message}`, {
    cause: error,
  });
}

/** Returns the accounts that another server changes too, by the error of an optimistic try, or null. */
export function toContended(error: unknown, batch: Batch): readonly string[] | null {
  if (error instanceof DoubtfulBooksError) return error.accounts;
  if (!isStaleAccount(error) && !isKnownKey(error)) return null;
  return staleAccounts(error) ?? batch.map(({ account }) => account);
}

/** Returns the error of a batch that the database did not confirm. */
export function toUnconfirmed(error: unknown): DatabaseError {
  const reason = error instanceof DatabaseError ? error.message : serverMessage(error);
  const problem = reason === null ? "The database can't be reached" : `The database can't write: ${reason}`;
  const message = `${problem.replace(/\.$/, "")}. The command may have been posted. Send it again with the same key.`;
  return new DatabaseError("unavailable", message, { cause: error });
}

/** Returns the error of a batch that the database takes from nobody until a person has changed it. */
export function toRefused(error: unknown): Error {
  const message = `The database refused the statement: ${serverMessage(error)}. Correct the schema or the rights of the role.`;
  return new Error(message, { cause: error });
}
