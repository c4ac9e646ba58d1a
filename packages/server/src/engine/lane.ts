import { createExecutor, type ExecuteOptions, fail } from "./execute.js";
import { type Call, createQueue, type Waiting } from "./queue.js";

/** The interval at which a lane looks for calls that have waited too long. */
const WATCH_EVERY_MS = 1_000;

/** Thrown when too many commands are waiting. Nothing was done. The same command may be sent again later. */
export class OverloadedError extends Error {
  override readonly name = "OverloadedError";
}

const TOO_LATE = "The ledger is busy and did nothing within 30 seconds. Send the command again in a second.";

/** A sequence of batches. While one is in flight, what arrives gathers for the next. */
export interface Lane {
  /** Takes a command of a call. Commands on one account keep the order of their arrival. */
  add(waiting: Waiting): void;
  /** Resolves when nothing is waiting or in flight. */
  idle(): Promise<void>;
}

/** Makes a lane. */
export function createLane(options: ExecuteOptions): Lane {
  const queue = createQueue();
  const execute = createExecutor(options);
  let running: Promise<void> | null = null;

  async function drain(): Promise<void> {
    // Calls also time out while a batch is stuck.
    const watch = setInterval(() => queue.expire(turnAway), WATCH_EVERY_MS);
    while (!queue.isEmpty) {
      const batch = queue.take(turnAway);
      if (batch.length > 0) await execute(batch);
    }
    clearInterval(watch);
    running = null;
  }

  return {
    add(waiting) {
      queue.add(waiting);
      // Commands of the same turn of the event loop share the first batch.
      running ??= Promise.resolve().then(drain);
    },
    idle: async () => {
      await running;
    },
  };
}

function turnAway(call: Call): void {
  fail(call, new OverloadedError(TOO_LATE));
}
