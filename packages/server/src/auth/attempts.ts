import { LRUCache } from "lru-cache";

/** The wrong keys that an address may send at once. It may send one more per second. */
const ATTEMPTS_MAX = 20;
const MS_PER_ATTEMPT = 1_000;

/** The number of addresses whose attempts are counted. */
const ADDRESSES_MAX = 10_000;

/** Counts the wrong keys of each address. */
export interface Attempts {
  /** True if an address has sent too many. */
  isExhausted(address: string): boolean;
  /** Counts one more. */
  fail(address: string): void;
}

/** Makes a count of wrong keys. It has the time at which each address has all its attempts again. */
export function createAttempts(): Attempts {
  const restoredAtMs = new LRUCache<string, number>({ max: ADDRESSES_MAX });
  const missing = (address: string) =>
    Math.max(0, ((restoredAtMs.get(address) ?? 0) - performance.now()) / MS_PER_ATTEMPT);
  return {
    isExhausted: (address) => missing(address) > ATTEMPTS_MAX - 1,
    fail(address) {
      // More than there are can fail at once, because keys are looked up before they are counted.
      const attempts = Math.min(missing(address) + 1, ATTEMPTS_MAX);
      restoredAtMs.set(address, performance.now() + attempts * MS_PER_ATTEMPT);
    },
  };
}
