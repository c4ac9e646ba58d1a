import { setImmediate as nextTurn } from "node:timers/promises";

/**
 * Resolves in a turn of the event loop that no other caller has. Long work that awaits it between its slices leaves room
 * for other requests, however many such works there are.
 */
export type TakeTurn = () => Promise<void>;

/** Makes the turns that long works share. Each turn goes to the one that has waited longest. */
export function createTurns(): TakeTurn {
  let last: Promise<unknown> = Promise.resolve();
  return () => {
    const turn = last.then(() => nextTurn());
    last = turn;
    return turn;
  };
}
