import type { Command } from "../ledger/command.js";
import type { Outcome } from "../ledger/decide.js";
import type { Instant } from "../ledger/instant.js";
import type { Database } from "../store/database.js";
import { createLane, type Lane } from "./lane.js";

/** Gathers commands that arrive together into batches, one transaction each. */
export interface Writer {
  /**
   * Decides and writes a command, in the order of arrival on its account.
   *
   * @throws OverloadedError when too much is waiting already
   * @throws DatabaseUnavailableError when the database could not be reached; the same key can be sent again
   */
  submit(command: Command): Promise<Outcome>;
  /** Takes no more commands, and resolves when those that were taken are done. */
  close(): Promise<void>;
}

export interface WriterOptions {
  readonly database: Database;
  /** The clock commands are decided by. */
  readonly now: () => Instant;
}

/**
 * Makes a writer with one lane for each transaction the database can run at once. An account always goes to the same
 * lane, so its commands keep their order and batches of one server never wait for each other's locks.
 */
export function createWriter(options: WriterOptions): Writer {
  const lanes = Array.from({ length: options.database.concurrency }, () => createLane(options));
  return {
    submit: (command) => (lanes[laneOf(command.account, lanes.length)] as Lane).submit(command),
    close: async () => {
      await Promise.all(lanes.map((lane) => lane.close()));
    },
  };
}

/** A number from 0 to `lanes - 1` that depends on the account alone (FNV-1a over its UTF-16 units). */
function laneOf(account: string, lanes: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < account.length; index++) {
    hash = Math.imul(hash ^ account.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % lanes;
}
