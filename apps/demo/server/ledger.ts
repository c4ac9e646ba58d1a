import { type Credits, type Instant, instantFromMillis } from "@credit-activity/server";

/** The ledger as the demo uses it. */
export type Ledger = Credits;

/** A clock that shows the present, unless it is set to another time. */
export interface DemoClock {
  now(): Instant;
  /** Stops the clock at a time. */
  set(instant: Instant): void;
  /** Lets it show the present again. */
  reset(): void;
}

/** Makes a clock that shows the present. */
export function createClock(): DemoClock {
  let stopped: Instant | null = null;
  return {
    now: () => stopped ?? instantFromMillis(Date.now()),
    set(instant) {
      stopped = instant;
    },
    reset() {
      stopped = null;
    },
  };
}
