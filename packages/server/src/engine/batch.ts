import type { Outcome } from "../core/decide.js";
import type { Outcomes } from "./decision.js";
import type { AccountCommands } from "./load.js";
import type { Call, Share, Waiting } from "./queue.js";

/** The commands of a batch by account. */
export type Batch = readonly Share[];

/** Returns the commands of a batch without their calls. */
export function toCommands(batch: Batch): AccountCommands[] {
  return batch.map(({ account, waiting }) => ({ account, commands: waiting.map(({ command }) => command) }));
}

/** Returns the number of commands of a batch. */
export function toCount(batch: Batch): number {
  let count = 0;
  for (const { waiting } of batch) count += waiting.length;
  return count;
}

/**
 * Settles the calls of a batch with its outcomes.
 *
 * @returns the part of the batch that has to be decided again
 */
export function deliver(batch: Batch, outcomes: Outcomes): Batch {
  return batch.filter(({ waiting }, at) => {
    const results = outcomes[at] as Outcomes[number];
    if (results === null) return true;
    for (let index = 0; index < waiting.length; index++) {
      const { call, index: place } = waiting[index] as Waiting;
      if (!call.isDone) call.settle(results instanceof Error ? results : (results[index] as Outcome), place);
    }
    return false;
  });
}

/** Fails the commands of a batch. Other commands of their calls settle by themselves. */
export function fail(batch: Batch, toError: (call: Call) => Error): void {
  for (const { waiting } of batch)
    for (const { call, index } of waiting) if (!call.isDone) call.settle(toError(call), index);
}

/** Splits a batch in two, between accounts, or between the commands of its only account. */
export function halve(batch: Batch): [Batch, Batch] {
  const [only] = batch;
  if (batch.length === 1 && only !== undefined) {
    const { account, waiting } = only;
    const middle = Math.ceil(waiting.length / 2);
    return [[{ account, waiting: waiting.slice(0, middle) }], [{ account, waiting: waiting.slice(middle) }]];
  }
  const middle = Math.ceil(batch.length / 2);
  return [batch.slice(0, middle), batch.slice(middle)];
}
