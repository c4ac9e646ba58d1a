import type { AnyCommand } from "../core/command.js";
import type { Outcome } from "../core/decide.js";

/** The commands of one account that a batch takes before other accounts have their turn. */
const TURN = 64;

/** The most commands, and bytes of them, in a batch. */
const BATCH_MAX = 2_000;
const BATCH_BYTES_MAX = 4_000_000;

/** The time that a call may wait until a batch takes its first command. */
const WAIT_MS_MAX = 30_000;

/** Commands that were submitted together and settle together. */
export interface Call {
  readonly sinceMs: number;
  /** True if a batch has taken one of its commands. */
  isBegun: boolean;
  /** True if it has settled. */
  isDone: boolean;
  /** Takes the outcome of the command at an index of the call. */
  settle(outcome: Outcome, index: number): void;
  fail(error: unknown): void;
}

/** A command of a call. */
export interface Waiting {
  readonly command: AnyCommand;
  readonly call: Call;
  /** The index of the command in its call. */
  readonly index: number;
  readonly bytes: number;
}

/** The commands of a batch on one account, in the order of their arrival. */
export interface Share {
  readonly account: string;
  readonly waiting: readonly Waiting[];
}

/** Commands that wait for a batch, by account. */
export interface Queue {
  readonly isEmpty: boolean;
  add(waiting: Waiting): void;
  /**
   * Takes the next batch. Accounts take turns, so that none waits behind all commands of another. The commands of one
   * account keep their order. Calls that have waited too long go to `expire` and are not taken.
   */
  take(expire: (call: Call) => void): Share[];
  /** Passes calls that have waited too long to `expire` while no batch is taken. */
  expire(expire: (call: Call) => void): void;
}

/** The waiting commands of one account. Those before `next` have been taken. */
interface Pending {
  readonly waiting: Waiting[];
  next: number;
}

/** Makes an empty queue. */
export function createQueue(): Queue {
  let pending = new Map<string, Pending>();
  let commands = 0;
  let bytes = 0;

  /** Takes all there is when that fits. This is the usual case, so it costs little. */
  function takeAll(expire: (call: Call) => void): Share[] {
    const batch: Share[] = [];
    for (const [account, { waiting, next }] of pending) {
      const taken = keepWanted(next === 0 ? waiting : waiting.slice(next), expire);
      if (taken.length > 0) batch.push({ account, waiting: taken });
    }
    pending = new Map();
    commands = 0;
    bytes = 0;
    return batch;
  }

  /** Takes what fits, in turns. */
  function takeTurns(expire: (call: Call) => void): Share[] {
    const batch = new Map<string, Waiting[]>();
    let room = BATCH_MAX;
    let roomBytes = BATCH_BYTES_MAX;
    // An account that is put back goes to the end of the map, so the same walk comes to it again.
    for (const [account, one] of pending) {
      const turn = one.waiting.slice(one.next, one.next + Math.min(TURN, room));
      one.next += turn.length;
      pending.delete(account);
      if (one.next < one.waiting.length) pending.set(account, withoutTaken(one));
      const turnBytes = turn.reduce((sum, waiting) => sum + waiting.bytes, 0);
      commands -= turn.length;
      bytes -= turnBytes;
      roomBytes -= turnBytes;
      const taken = keepWanted(turn, expire);
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
      const one = pending.get(waiting.command.account);
      if (one === undefined) pending.set(waiting.command.account, { waiting: [waiting], next: 0 });
      else one.waiting.push(waiting);
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

/** Drops the taken commands once they are the larger part, so that a queue that never empties does not keep them. */
function withoutTaken(one: Pending): Pending {
  if (one.next <= one.waiting.length / 2) return one;
  return { waiting: one.waiting.slice(one.next), next: 0 };
}

/** Keeps the commands whose calls have neither settled nor waited too long. */
function keepWanted(waiting: Waiting[], expire: (call: Call) => void): Waiting[] {
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
