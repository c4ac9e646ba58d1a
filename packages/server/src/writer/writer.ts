import type { Command } from "../ledger/command.js";
import type { Outcome } from "../ledger/decide.js";
import type { Instant } from "../ledger/instant.js";
import type { Database } from "../store/database.js";
import { createMemory } from "../store/memory.js";
import { createLane, OverloadedError } from "./lane.js";
import type { Call } from "./queue.js";

/** How many commands, and how many bytes of them, may be under way before further ones are turned away. */
const COMMANDS_MAX = 50_000;
const BYTES_MAX = 64_000_000;

/**
 * How many lanes there are at most. One thread decides for all of them, and two connections keep up with it; with more
 * lanes each batch is smaller and costs more.
 */
const LANES_MAX = 2;

/** Thrown when the writer has been closed. */
export class ClosedError extends Error {
  override readonly name = "ClosedError";
}

/** Gathers commands that arrive together into batches, one transaction each. */
export interface Writer {
  /**
   * Decides and writes a command, in the order of arrival on its account.
   *
   * @throws OverloadedError when too much is under way already
   * @throws ClosedError when no more commands are taken
   * @throws DatabaseUnavailableError when the database could not be reached; the same key can be sent again
   */
  submit(command: Command): Promise<Outcome>;
  /** The same for several commands: all are taken or none. Their outcomes come in their order. */
  submitAll(commands: readonly Command[]): Promise<readonly Outcome[]>;
  /** Drops what is remembered of an account that has been changed by other means. */
  forget(account: string): void;
  /** Takes no more commands, and resolves when those that were taken are done. */
  close(): Promise<void>;
}

export interface WriterOptions {
  readonly database: Database;
  /** The clock commands are decided by. */
  readonly now: () => Instant;
}

/**
 * Makes a writer. Its lanes run a transaction each at the same time; an account always goes to the same lane,
 * so its commands keep their order and batches of one server never wait for each other's locks.
 */
export function createWriter({ database, now }: WriterOptions): Writer {
  const count = Math.min(database.concurrency, LANES_MAX);
  const lanes = Array.from({ length: count }, () => {
    const memory = createMemory(1 / count);
    return { memory, ...createLane({ database, now, memory }) };
  });
  const laneOf = (account: string) => lanes[hashOf(account) % count] as (typeof lanes)[number];
  let commandsUnderWay = 0;
  let bytesUnderWay = 0;
  let isClosed = false;

  /** Says why commands can't be taken, or null. */
  function refusal(commands: number, bytes: number): Error | null {
    if (isClosed) return new ClosedError("The ledger is closing and takes no more commands.");
    const isFull = commandsUnderWay + commands > COMMANDS_MAX || bytesUnderWay + bytes > BYTES_MAX;
    if (commandsUnderWay === 0 || !isFull) return null;
    return new OverloadedError(
      `${commandsUnderWay} commands are waiting already. Nothing of this was taken; send it again in a second.`,
    );
  }

  function submitAll(
    commands: readonly Command[],
    resolve: (outcomes: readonly Outcome[]) => void,
    reject: Reject,
  ): void {
    if (commands.length === 0) {
      resolve([]);
      return;
    }
    const sizes = commands.map(bytesOf);
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    const refused = refusal(commands.length, bytes);
    if (refused !== null) {
      reject(refused);
      return;
    }
    commandsUnderWay += commands.length;
    bytesUnderWay += bytes;
    const outcomes = new Array<Outcome>(commands.length);
    let left = commands.length;
    const end = () => {
      commandsUnderWay -= commands.length;
      bytesUnderWay -= bytes;
      call.isDone = true;
    };
    const call: Call = {
      sinceMs: performance.now(),
      isBegun: false,
      isDone: false,
      settle(outcome, index) {
        outcomes[index] = outcome;
        left -= 1;
        if (left > 0) return;
        end();
        resolve(outcomes);
      },
      fail(error) {
        end();
        reject(error);
      },
    };
    commands.forEach((command, index) => {
      laneOf(command.account).add({ command, call, index, bytes: sizes[index] as number });
    });
  }

  return {
    submit: (command) =>
      new Promise((resolve, reject) => {
        submitAll([command], ([outcome]) => resolve(outcome as Outcome), reject);
      }),
    submitAll: (commands) =>
      new Promise((resolve, reject) => {
        submitAll(commands, resolve, reject);
      }),
    forget: (account) => laneOf(account).memory.forget(account),
    close: async () => {
      isClosed = true;
      await Promise.all(lanes.map((lane) => lane.idle()));
    },
  };
}

type Reject = (error: unknown) => void;

/** Roughly what a command takes in memory until it is written: what a caller can make large. */
function bytesOf(command: Command): number {
  let bytes = 500;
  if ("description" in command) bytes += command.description?.length ?? 0;
  if ("metadata" in command) {
    for (const key in command.metadata) bytes += key.length + String(command.metadata[key]).length + 16;
  }
  return bytes;
}

/** A number that depends on the account alone (FNV-1a over its UTF-16 units). */
function hashOf(account: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < account.length; index++) {
    hash = Math.imul(hash ^ account.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
