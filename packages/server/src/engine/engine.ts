import { randomFillSync } from "node:crypto";
import type { AnyCommand, Command } from "../core/command.js";
import type { Outcome } from "../core/decide.js";
import type { Instant } from "../core/instant.js";
import type { Database } from "../db/port.js";
import { createAccountCache } from "./account-cache.js";
import { createLane, OverloadedError } from "./lane.js";
import type { Call } from "./queue.js";

/** The most commands, and bytes of them, that may be in flight before others are turned away. */
const COMMANDS_MAX = 50_000;
const BYTES_MAX = 64_000_000;

/** The commands in flight from which more are only taken while all are written in time. */
const BUSY_COMMANDS = 500;

/**
 * The most lanes. One thread decides for all of them, and two connections keep up with it. With more lanes each batch is
 * smaller and costs more.
 */
const LANES_MAX = 2;

/** Thrown when the engine has been closed. */
export class ClosedError extends Error {
  override readonly name = "ClosedError";
}

/** Gathers commands that arrive together into batches, one transaction each. */
export interface Engine {
  /** True if too much is in flight to take more, or to write it in time. */
  readonly isFull: boolean;
  /**
   * Decides and writes a command, in the order of arrival on its account.
   *
   * @throws OverloadedError when too much is in flight already
   * @throws ClosedError when no more commands are taken
   * @throws DatabaseError when the database could not be reached; the same key may be sent again
   */
  submit(command: AnyCommand): Promise<Outcome>;
  /**
   * Submits several commands: all are taken or none. Their outcomes come in their order. A command that the ledger or the
   * database failed has an error instead, and fails no other.
   */
  submitAll(commands: readonly AnyCommand[]): Promise<readonly (Outcome | Error)[]>;
  /** Evicts an account that was changed by other means. */
  evict(account: string): void;
  /** Takes no more commands, and resolves when those that were taken have settled. */
  close(): Promise<void>;
}

export interface EngineOptions {
  readonly database: Database;
  /** The clock by which commands are decided. */
  readonly now: () => Instant;
  /**
   * Returns null if commands can be decided now, or a promise that resolves when they can. It throws or rejects while they
   * can't.
   */
  readonly admit?: () => Promise<void> | null;
}

/**
 * Makes an engine. Its lanes run one transaction each at the same time. An account always goes to the same lane, so its
 * commands keep their order, and batches of one server never wait for each other's locks.
 */
export function createEngine({ database, now, admit = () => null }: EngineOptions): Engine {
  const count = Math.min(database.concurrency, LANES_MAX);
  const salt = createSalts();
  const lanes = Array.from({ length: count }, () => {
    const cache = createAccountCache(1 / count);
    const lane = createLane({ database, cache, circumstances: () => ({ now: now(), salt }) });
    return { cache, lane };
  });
  const toLane = (account: string) => lanes[toHash(account) % count] as (typeof lanes)[number];
  const inFlight: InFlight = { commands: 0, bytes: 0 };
  let isClosed = false;

  /** Returns why commands can't be taken, or null. */
  function refusal(commands: number, bytes: number): Error | null {
    if (isClosed) return new ClosedError("The ledger is closed. Send the command to another server.");
    const isFull = inFlight.commands + commands > COMMANDS_MAX || inFlight.bytes + bytes > BYTES_MAX;
    if (inFlight.commands === 0 || !isFull) return null;
    return new OverloadedError(
      `The ledger is busy with ${inFlight.commands} commands and did nothing of this. Send it again in a second.`,
    );
  }

  function submitAll(commands: readonly AnyCommand[], resolve: Resolve, reject: Reject): void {
    const admitted = admit();
    if (admitted === null) take(commands, resolve, reject);
    else admitted.then(() => take(commands, resolve, reject), reject);
  }

  function take(commands: readonly AnyCommand[], resolve: Resolve, reject: Reject): void {
    if (commands.length === 0) {
      resolve([]);
      return;
    }
    const sizes = commands.map(toBytes);
    let bytes = 0;
    for (const size of sizes) bytes += size;
    const refused = refusal(commands.length, bytes);
    if (refused !== null) {
      reject(refused);
      return;
    }
    const call = new TakenCall(commands.length, bytes, inFlight, resolve, reject);
    commands.forEach((command, index) => {
      toLane(command.account).lane.add({ command, call, index, bytes: sizes[index] as number });
    });
  }

  return {
    get isFull() {
      const isAtLimit = inFlight.commands >= COMMANDS_MAX || inFlight.bytes >= BYTES_MAX;
      return isAtLimit || (inFlight.commands >= BUSY_COMMANDS && lanes.every(({ lane }) => lane.isLate));
    },
    submit: (command) =>
      new Promise((resolve, reject) => {
        submitAll(
          [command],
          ([outcome]) => (outcome instanceof Error ? reject(outcome) : resolve(outcome as Outcome)),
          reject,
        );
      }),
    submitAll: (commands) =>
      new Promise((resolve, reject) => {
        submitAll(commands, resolve, reject);
      }),
    evict: (account) => toLane(account).cache.evict(account),
    close: async () => {
      isClosed = true;
      await Promise.all(lanes.map(({ lane }) => lane.idle()));
    },
  };
}

type Resolve = (outcomes: readonly (Outcome | Error)[]) => void;
type Reject = (error: Error) => void;

/** The commands that were taken and have not settled. */
interface InFlight {
  commands: number;
  bytes: number;
}

/** A call that was taken. */
class TakenCall implements Call {
  readonly sinceMs = performance.now();
  isBegun = false;
  isUnconfirmed = false;
  isDone = false;
  readonly #outcomes: (Outcome | Error)[];
  readonly #bytes: number;
  readonly #inFlight: InFlight;
  readonly #resolve: Resolve;
  readonly #reject: Reject;
  #left: number;

  constructor(commands: number, bytes: number, inFlight: InFlight, resolve: Resolve, reject: Reject) {
    this.#outcomes = new Array<Outcome | Error>(commands);
    this.#left = commands;
    this.#bytes = bytes;
    this.#inFlight = inFlight;
    this.#resolve = resolve;
    this.#reject = reject;
    inFlight.commands += commands;
    inFlight.bytes += bytes;
  }

  settle(outcome: Outcome | Error, index: number): void {
    this.#outcomes[index] = outcome;
    this.#left -= 1;
    if (this.#left > 0) return;
    this.#end();
    this.#resolve(this.#outcomes);
  }

  fail(error: Error): void {
    this.#end();
    this.#reject(error);
  }

  #end(): void {
    this.isDone = true;
    this.#inFlight.commands -= this.#outcomes.length;
    this.#inFlight.bytes -= this.#bytes;
  }
}

/** The memory of a command apart from what a caller can make large. */
const COMMAND_BYTES = 500;

/** Estimates the memory that a command takes until it is written. */
function toBytes(command: AnyCommand): number {
  if (command.operation === null) return COMMAND_BYTES;
  const { description, metadata, privateMetadata, quantities } = (command as Command<Sizable>).input;
  return (
    COMMAND_BYTES +
    (description?.length ?? 0) +
    toRecordBytes(metadata) +
    toRecordBytes(privateMetadata) +
    toRecordBytes(quantities)
  );
}

type SizableRecord = Readonly<Record<string, unknown>> | null;

/** The fields of inputs that a caller can make large. */
interface Sizable {
  readonly description?: string | null;
  readonly metadata?: SizableRecord;
  readonly privateMetadata?: SizableRecord;
  readonly quantities?: SizableRecord;
}

function toRecordBytes(record: SizableRecord | undefined): number {
  let bytes = 0;
  for (const name in record) bytes += name.length + String(record[name]).length + 16;
  return bytes;
}

const SALT_BYTES = 16;
const SALTS = 256;

/** Makes a source of 16 random bytes in hex. They are drawn many at a time, which costs a tenth. */
function createSalts(): () => string {
  const pool = Buffer.alloc(SALT_BYTES * SALTS);
  let at = pool.length;
  return () => {
    if (at === pool.length) {
      randomFillSync(pool);
      at = 0;
    }
    at += SALT_BYTES;
    return pool.toString("hex", at - SALT_BYTES, at);
  };
}

/** Returns a number that depends on the account alone (FNV-1a over its UTF-16 units). */
function toHash(account: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < account.length; index++) {
    hash = Math.imul(hash ^ account.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
