import { setImmediate as nextTurn } from "node:timers/promises";
import { AHEAD_MIN, createExecutor, type ExecuteOptions } from "./execute.js";
import { type BatchLimits, type Call, createQueue, type Waiting } from "./queue.js";

/** The interval at which a lane looks for calls that have waited too long. */
const WATCH_EVERY_MS = 1_000;

/** Thrown when too many commands are waiting. Nothing was done. The same command may be sent again later. */
export class OverloadedError extends Error {
  override readonly name = "OverloadedError";
}

/** A batch keeps the event loop for less than 100 ms. Larger ones cost as much per command. */
const BATCH: BatchLimits = { commands: 1_000, bytes: 2_000_000 };

/** A lane is late if what waits takes longer. */
const LATE_MS = 2_000;

const TOO_LATE = "The ledger is busy and did nothing within 30 seconds. Send the command again in a second.";

/**
 * A sequence of batches. While one is in flight, what arrives gathers for the next. That one is decided ahead when it is
 * large, so that the ledger and the database work at the same time, also for a single account.
 */
export interface Lane {
  /** True if more waits than the lane writes in time, judged by its last batch or the one at hand. */
  readonly isLate: boolean;
  /** Takes a command of a call. Commands on one account keep the order of their arrival. */
  add(waiting: Waiting): void;
  /** Resolves when nothing is waiting or in flight. */
  idle(): Promise<void>;
}

/** Makes a lane. */
export function createLane(options: ExecuteOptions): Lane {
  const queue = createQueue(BATCH);
  const execute = createExecutor(options);
  let running: Promise<void> | null = null;
  let onEnough = () => {};
  /** True if the last batch was decided ahead. */
  let isOverlapping = false;
  /** The time that the last batch took. It is 0 when nothing waits. */
  let batchMs = 0;
  /** The time at which the batch at hand began, or null. */
  let sinceMs: number | null = null;

  async function drain(): Promise<void> {
    // Calls also time out while a batch is stuck.
    const watch = setInterval(() => queue.expire(turnAway), WATCH_EVERY_MS);
    let before = Promise.resolve(true);
    let executed = Promise.resolve();
    let isFree = true;
    while (queue.size > 0) {
      sinceMs = performance.now();
      // With nothing in flight, half is left to be decided while the other half is.
      const isHalved = isOverlapping && isFree && queue.size >= 2 * AHEAD_MIN;
      const batch = queue.take(turnAway, isHalved ? Math.ceil(queue.size / 2) : undefined);
      // All that waited has been turned away. What is in flight is not done yet.
      if (batch.length === 0) {
        await executed;
        isFree = true;
        continue;
      }
      isOverlapping = await new Promise<boolean>((sent) => {
        const turn = { before, begin: queue.begin, putBack: queue.putBack, sent };
        before = new Promise((written) => {
          executed = execute(batch, { ...turn, written });
        });
      });
      isFree = !isOverlapping || !(await gather(executed));
      batchMs = performance.now() - sinceMs;
    }
    clearInterval(watch);
    batchMs = 0;
    sinceMs = null;
    running = null;
  }

  /** Resolves to true when enough waits for a batch ahead, or to false when what is in flight has settled before. */
  async function gather(inFlight: Promise<void>): Promise<boolean> {
    if (queue.size < AHEAD_MIN) {
      const enough = new Promise<boolean>((resolve) => {
        onEnough = () => resolve(true);
      });
      if (!(await Promise.race([inFlight.then(() => false), enough]))) return false;
    }
    // Commands that arrive in the same turn of the event loop join.
    await nextTurn();
    return true;
  }

  return {
    get isLate() {
      const atHandMs = sinceMs === null ? 0 : performance.now() - sinceMs;
      return queue.batches * Math.max(batchMs, atHandMs) > LATE_MS;
    },
    add(waiting) {
      queue.add(waiting);
      if (queue.size === AHEAD_MIN) onEnough();
      // Commands of the same turn of the event loop share the first batch.
      running ??= Promise.resolve().then(drain);
    },
    idle: async () => {
      await running;
    },
  };
}

function turnAway(call: Call): void {
  if (!call.isDone) call.fail(new OverloadedError(TOO_LATE));
}
