import type { Command } from "../ledger/command.js";
import type { Outcome } from "../ledger/decide.js";

/** How many commands of one account a batch takes before those of others have had their turn. */
const TURN = 64;

/** How many commands a batch takes at most, and how many bytes. */
const BATCH_MAX = 2_000;
const BATCH_BYTES_MAX = 4_000_000;

/** For how long a call may wait for its first command to be taken, in milliseconds. */
const WAIT_MS_MAX = 30_000;

/** One or more commands that were submitted together and are answered together. */
export interface Call {
  readonly sinceMs: number;
  /** Whether a batch has taken one of its commands. */
  isBegun: boolean;
  /** Whether it has been answered. */
  isDone: boolean;
  /** Takes the outcome of the command at a place among those of the call. */
  settle(outcome: Outcome, index: number): void;
  fail(error: unknown): void;
}

/** A command of a call. */
export interface Waiting {
  readonly command: Command;
  readonly call: Call;
  /** Its place among the commands of the call. */
  readonly index: number;
  readonly bytes: number;
}

/** Commands on one account, in the order of their arrival. */
export interface Line {
  readonly account: string;
  readonly waiting: readonly Waiting[];
}

/** Commands that wait for a batch, by account. */
export interface Queue {
  readonly isEmpty: boolean;
  add(waiting: Waiting): void;
  /**
   * Takes the next batch. Accounts take turns, so that none waits behind all that another one sent; the commands of one
   * account keep their order. Calls that have waited too long are given to `expire`, and not taken.
   */
  take(expire: (call: Call) => void): Line[];
  /** Gives calls that have waited too long to `expire` while nothing is taken. */
  expire(expire: (call: Call) => void): void;
}

/** Commands of one account that wait. Those before `next` have been taken. */
interface Pending {
  readonly waiting: Waiting[];
  next: number;
}

/** Makes an empty queue. */
export function createQueue(): Queue {
  let pending = new Map<string, Pending>();
  let commands = 0;
  let bytes = 0;

  /** Takes all there is when that fits: the usual case, which should cost little. */
  function takeAll(expire: (call: Call) => void): Line[] {
    const batch: Line[] = [];
    for (const [account, { waiting, next }] of pending) {
      const taken = stillWanted(next === 0 ? waiting : waiting.slice(next), expire);
      if (taken.length > 0) batch.push({ account, waiting: taken });
    }
    pending = new Map();
    commands = 0;
    bytes = 0;
    return batch;
  }

  /** Takes what fits, in turns. */
  function takeTurns(expire: (call: Call) => void): Line[] {
    const batch = new Map<string, Waiting[]>();
    let room = BATCH_MAX;
    let roomBytes = BATCH_BYTES_MAX;
    // An account that is put back goes to the end of the map, and so comes again in the same walk.
    for (const [account, line] of pending) {
      const turn = line.waiting.slice(line.next, line.next + Math.min(TURN, room));
      line.next += turn.length;
      pending.delete(account);
      if (line.next < line.waiting.length) pending.set(account, withoutTaken(line));
      const turnBytes = turn.reduce((sum, one) => sum + one.bytes, 0);
      commands -= turn.length;
      bytes -= turnBytes;
      roomBytes -= turnBytes;
      const taken = stillWanted(turn, expire);
      room -= taken.length;
      const before = batch.get(account);
      if (before !== undefined) before.push(...taken);
      else if (taken.length > 0) batch.set(account, taken);
      if (room === 0 || roomBytes <= 0) break;
    }
    return [...batch].map(([account, waiting]) => ({ account, waiting }));
  }

  return {
    get isEmpty() {
      return pending.size === 0;
    },
    add(waiting) {
      const line = pending.get(waiting.command.account);
      if (line === undefined) pending.set(waiting.command.account, { waiting: [waiting], next: 0 });
      else line.waiting.push(waiting);
      commands += 1;
      bytes += waiting.bytes;
    },
    expire(expire) {
      const tooOldMs = performance.now() - WAIT_MS_MAX;
      for (const { waiting, next } of pending.values()) {
        for (let at = next; at < waiting.length; at++)
          expireOld((waiting[at] as Waiting).call, tooOldMs, expire);
      }
    },
    take: (expire) =>
      commands <= BATCH_MAX && bytes <= BATCH_BYTES_MAX ? takeAll(expire) : takeTurns(expire),
  };
}

/** A line whose taken commands are let go once they are most of it, so that one that never ends does not keep them. */
function withoutTaken(line: Pending): Pending {
  if (line.next <= line.waiting.length / 2) return line;
  return { waiting: line.waiting.slice(line.next), next: 0 };
}

/** Those commands whose calls are still to be answered, and have not waited too long. */
function stillWanted(waiting: Waiting[], expire: (call: Call) => void): Waiting[] {
  const tooOldMs = performance.now() - WAIT_MS_MAX;
  let wanted = 0;
  for (const one of waiting) {
    const { call } = one;
    expireOld(call, tooOldMs, expire);
    if (call.isDone) continue;
    call.isBegun = true;
    waiting[wanted++] = one;
  }
  waiting.length = wanted;
  return waiting;
}

function expireOld(call: Call, tooOldMs: number, expire: (call: Call) => void): void {
  if (!call.isBegun && !call.isDone && call.sinceMs < tooOldMs) expire(call);
}
