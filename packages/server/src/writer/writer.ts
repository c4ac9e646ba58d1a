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
  const underWay: UnderWay = { commands: 0, bytes: 0 };
  let isClosed = false;

  /** Says why commands can't be taken, or null. */
  function refusal(commands: number, bytes: number): Error | null {
    if (isClosed) return new ClosedError("The ledger is closing and takes no more commands.");
    const isFull = underWay.commands + commands > COMMANDS_MAX || underWay.bytes + bytes > BYTES_MAX;
    if (underWay.commands === 0 || !isFull) return null;
    return new OverloadedError(
      `${underWay.commands} commands are waiting already. Nothing of this was taken; send it again in a second.`,
    );
  }

  function submitAll(commands: readonly Command[], resolve: Resolve, reject: Reject): void {
    if (commands.length === 0) {
      resolve([]);
      return;
    }
    let bytes = 0;
    for (const command of commands) bytes += bytesOf(command);
    const refused = refusal(commands.length, bytes);
    if (refused !== null) {
      reject(refused);
      return;
    }
    const call = new Taken(commands.length, bytes, underWay, resolve, reject);
    for (let index = 0; index < commands.length; index++) {
      const command = commands[index] as Command;
      laneOf(command.account).add({ command, call, index, bytes: bytesOf(command) });
    }
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

type Resolve = (outcomes: readonly Outcome[]) => void;
type Reject = (error: unknown) => void;

/** What has been taken and not been answered. */
interface UnderWay {
  commands: number;
  bytes: number;
}

/** A call that was taken, until its commands have been answered. */
class Taken implements Call {
  readonly sinceMs = performance.now();
  isBegun = false;
  isDone = false;
  readonly #outcomes: Outcome[];
  readonly #bytes: number;
  readonly #underWay: UnderWay;
  readonly #resolve: Resolve;
  readonly #reject: Reject;
  #left: number;

  constructor(commands: number, bytes: number, underWay: UnderWay, resolve: Resolve, reject: Reject) {
    this.#outcomes = new Array<Outcome>(commands);
    this.#left = commands;
    this.#bytes = bytes;
    this.#underWay = underWay;
    this.#resolve = resolve;
    this.#reject = reject;
    underWay.commands += commands;
    underWay.bytes += bytes;
  }

  settle(outcome: Outcome, index: number): void {
    this.#outcomes[index] = outcome;
    this.#left -= 1;
    if (this.#left > 0) return;
    this.#end();
    this.#resolve(this.#outcomes);
  }

  fail(error: unknown): void {
    this.#end();
    this.#reject(error);
  }

  #end(): void {
    this.isDone = true;
    this.#underWay.commands -= this.#outcomes.length;
    this.#underWay.bytes -= this.#bytes;
  }
}

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
