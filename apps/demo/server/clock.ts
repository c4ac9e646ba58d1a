/** A clock that shows the current time, unless it is stopped at another time. */
export interface DemoClock {
  now(): Date;
  /** Stops the clock at a time in milliseconds since 1970. */
  stop(atMs: number): void;
  /** Makes it show the current time again. */
  reset(): void;
}

/** Creates a clock that shows the current time. */
export function createClock(): DemoClock {
  let stoppedMs: number | null = null;
  return {
    now: () => new Date(stoppedMs ?? Date.now()),
    stop(atMs) {
      stoppedMs = atMs;
    },
    reset() {
      stoppedMs = null;
    },
  };
}
