import type { Command } from "../ledger/command.js";
import type { Outcome } from "../ledger/decide.js";

/** How many commands of one account a batch takes before those of others have had their turn. */
const TURN = 64;

/** How many commands a batch takes at most, and how many bytes. */
const BATCH_MAX = 2_000;
const BATCH_BYTES_MAX = 4_000_000;

/** For how long a call may wait for its first command to be taken, in milliseconds. */
const WAIT_MS_MAX = 10_000;

/** Commands that were submitted together and are answered together. */
export interface Call {
  readonly outcomes: Outcome[];
  /** How many commands have no outcome yet. */
  left: number;
  /** Whether a batch has taken one of its commands. */
  isBegun: boolean;
  readonly sinceMs: number;
  resolve(outcomes: Outcome[]): void;
  reject(error: unknown): void;
}

/** A command of a call. */
export interface Waiting {
  readonly command: Command;
  readonly call: Call;
  /** Its place among the commands of the call. */
  readonly index: number;
  readonly bytes: number;
}

/** Commands that wait for a batch, by account. */
export interface Queue {
  readonly isEmpty: boolean;
  add(waiting: Waiting): void;
  /**
   * Takes the next batch. Accounts take turns, so that none waits behind all that another one sent; the commands of one
   * account keep their order. Calls that have waited too long are given to `expire`, and not taken.
   */
  take(expire: (call: Call) => void): Map<string, Waiting[]>;
}

interface Line {
  readonly items: Waiting[];
  /** How many items have been taken. */
  taken: number;
}

/** Makes an empty queue. */
export function createQueue(): Queue {
  const lines = new Map<string, Line>();
  return {
    get isEmpty() {
      return lines.size === 0;
    },
    add(waiting) {
      const line = lines.get(waiting.command.account);
      if (line === undefined) lines.set(waiting.command.account, { items: [waiting], taken: 0 });
      else line.items.push(waiting);
    },
    take(expire) {
      const batch = new Map<string, Waiting[]>();
      const tooOldMs = performance.now() - WAIT_MS_MAX;
      let commands = 0;
      let bytes = 0;
      // A line that is put back goes to the end of the map, and so comes again in the same walk.
      for (const [account, line] of lines) {
        const end = Math.min(line.items.length, line.taken + TURN, line.taken + BATCH_MAX - commands);
        const taken = batch.get(account) ?? [];
        while (line.taken < end && bytes < BATCH_BYTES_MAX) {
          const waiting = line.items[line.taken++] as Waiting;
          const { call } = waiting;
          if (!call.isBegun && call.sinceMs < tooOldMs) expire(call);
          if (call.left === 0) continue;
          call.isBegun = true;
          taken.push(waiting);
          commands += 1;
          bytes += waiting.bytes;
        }
        if (taken.length > 0) batch.set(account, taken);
        lines.delete(account);
        if (line.taken < line.items.length) lines.set(account, line);
        if (commands >= BATCH_MAX || bytes >= BATCH_BYTES_MAX) break;
      }
      return batch;
    },
  };
}
