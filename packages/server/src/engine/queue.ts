import type { AnyCommand } from "../core/command.js";
import type { Outcome } from "../core/decide.js";

/** The commands of one account that a batch takes before other accounts have their turn. */
const TURN = 64;

/** The most commands, and bytes of them, in a batch. */
export interface BatchLimits {
  readonly commands: number;
  readonly bytes: number;
}

/** The time that a call may wait until a batch begins with its first command. */
const WAIT_MS_MAX = 30_000;

/** Commands that were submitted together and settle together. */
export interface Call {
  readonly sinceMs: number;
  /** True if a batch with one of its commands has begun. */
  isBegun: boolean;
  /** True if the database did not confirm a try of its commands, which may have been posted then. */
  isUnconfirmed: boolean;
  /** True if it has settled. */
  isDone: boolean;
  /** Takes the outcome of the command at an index of the call, or the error that it failed with. */
  settle(outcome: Outcome | Error, index: number): void;
  /** Fails the whole call. */
  fail(error: Error): void;
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
  /** The number of commands that wait. */
  readonly size: number;
  /** The full batches that what waits would fill, as a fraction. */
  readonly batches: number;
  add(waiting: Waiting): void;
  /**
   * Takes the next batch. Accounts take turns, so that none waits behind all commands of another. The commands of one
   * account keep their order. Calls that have waited too long go to `expire` and are not taken.
   *
   * @param most the most commands to take
   */
  take(expire: (call: Call) => void, most?: number): Share[];
  /** Puts commands that were taken back, before those of their accounts that wait. */
  putBack(shares: readonly Share[]): void;
  /** Begins the batch that was taken last, and returns what of it is still wanted. */
  begin(): Share[];
  /** Passes calls that have waited too long to `expire` while no batch is taken. */
  expire(expire: (call: Call) => void): void;
}

/** The waiting commands of one account. Those before `next` have been taken. */
interface Pending {
  readonly waiting: Waiting[];
  next: number;
}

/** Makes an empty queue. */
export function createQueue(limits: BatchLimits): Queue {
  let pending = new Map<string, Pending>();
  let commands = 0;
  let bytes = 0;
  /** The batch that was taken and has not begun. */
  let taken: Share[] = [];

  /** Takes all there is when that fits. This is the usual case, so it costs little. */
  function takeAll(expire: (call: Call) => void): Share[] {
    const batch: Share[] = [];
    for (const [account, { waiting, next }] of pending) {
      const wanted = keepWanted(next === 0 ? waiting : waiting.slice(next), expire);
      if (wanted.length > 0) batch.push({ account, waiting: wanted });
    }
    pending = new Map();
    commands = 0;
    bytes = 0;
    return batch;
  }

  /** Takes what fits, in turns. */
  function takeTurns(expire: (call: Call) => void, most: number): Share[] {
    const batch = new Map<string, Waiting[]>();
    let room = most;
    let roomBytes = limits.bytes;
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
      const wanted = keepWanted(turn, expire);
      room -= wanted.length;
      const before = batch.get(account);
      if (before !== undefined) before.push(...wanted);
      else if (wanted.length > 0) batch.set(account, wanted);
      if (room === 0 || roomBytes <= 0) break;
    }
    return [...batch].map(([account, waiting]) => ({ account, waiting }));
  }

  return {
    get size() {
      return commands;
    },
    get batches() {
      return Math.max(commands / limits.commands, bytes / limits.bytes);
    },
    add(waiting) {
      const one = pending.get(waiting.command.account);
      if (one === undefined) pending.set(waiting.command.account, { waiting: [waiting], next: 0 });
      else one.waiting.push(waiting);
      commands += 1;
      bytes += waiting.bytes;
    },
    putBack(shares) {
      for (const { account, waiting } of shares) {
        const one = pending.get(account);
        pending.set(account, {
          waiting: one === undefined ? [...waiting] : [...waiting, ...one.waiting.slice(one.next)],
          next: 0,
        });
        commands += waiting.length;
        for (const each of waiting) bytes += each.bytes;
      }
    },
    expire(expire) {
      for (const { waiting } of taken) expireOld(waiting, 0, expire);
      for (const { waiting, next } of pending.values()) expireOld(waiting, next, expire);
    },
    take(expire, most = limits.commands) {
      const room = Math.min(most, limits.commands);
      taken = commands <= room && bytes <= limits.bytes ? takeAll(expire) : takeTurns(expire, room);
      return taken;
    },
    begin() {
      const begun: Share[] = [];
      for (const { account, waiting } of taken) {
        const wanted = waiting.filter(({ call }) => !call.isDone);
        for (const { call } of wanted) call.isBegun = true;
        if (wanted.length > 0) begun.push({ account, waiting: wanted });
      }
      taken = [];
      return begun;
    },
  };
}

/** Drops the taken commands once they are the larger part, so that a queue that never empties does not keep them. */
function withoutTaken(one: Pending): Pending {
  if (one.next <= one.waiting.length / 2) return one;
  return { waiting: one.waiting.slice(one.next), next: 0 };
}

/** Keeps the commands whose calls have neither settled nor waited too long. */
function keepWanted(waiting: Waiting[], expire: (call: Call) => void): Waiting[] {
  expireOld(waiting, 0, expire);
  let wanted = 0;
  for (const one of waiting) if (!one.call.isDone) waiting[wanted++] = one;
  waiting.length = wanted;
  return waiting;
}

/** Passes the calls of commands from an index on that have waited too long to `expire`. */
function expireOld(waiting: readonly Waiting[], from: number, expire: (call: Call) => void): void {
  const tooOldMs = performance.now() - WAIT_MS_MAX;
  for (let index = from; index < waiting.length; index++) {
    const { call } = waiting[index] as Waiting;
    if (!call.isBegun && !call.isDone && call.sinceMs < tooOldMs) expire(call);
  }
}
