import { OverloadedError } from "../engine/lane.js";

/** The time that a caller waits for its part of a budget, and the number of those that wait. */
const WAIT_MS_MAX = 30_000;
const WAITING_MAX = 1_000;

/** Returns what was taken. More calls do nothing. */
export type Release = () => void;

/** A number of bytes that callers share. */
export interface Budget {
  /**
   * Takes bytes, at most as many as the budget has, in the order of arrival.
   *
   * @throws OverloadedError if they don't become free in time
   */
  take(bytes: number): Promise<Release>;
}

interface Waiting {
  readonly bytes: number;
  readonly resolve: (release: Release) => void;
  readonly timer: NodeJS.Timeout;
}

/** Makes a budget of bytes. */
export function createBudget(bytesMax: number): Budget {
  let free = bytesMax;
  const waiting = new Set<Waiting>();

  function toRelease(bytes: number): Release {
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      free += bytes;
      for (const next of waiting) {
        if (next.bytes > free) return;
        waiting.delete(next);
        clearTimeout(next.timer);
        free -= next.bytes;
        next.resolve(toRelease(next.bytes));
      }
    };
  }

  return {
    async take(asked) {
      const bytes = Math.min(asked, bytesMax);
      if (waiting.size === 0 && bytes <= free) {
        free -= bytes;
        return toRelease(bytes);
      }
      if (waiting.size >= WAITING_MAX) throw toBusy();
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(one);
          reject(toBusy());
        }, WAIT_MS_MAX);
        const one: Waiting = { bytes, resolve, timer };
        waiting.add(one);
      });
    },
  };
}

function toBusy(): Error {
  return new OverloadedError(
    "The ledger is busy with large requests and did nothing of this. Send it again in a second.",
  );
}
