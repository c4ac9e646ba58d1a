import { type Instant, instantFromMillis } from "../core/instant.js";

/** The most by which two clocks drift apart, as a part of the time that passes. */
const DRIFT = 1e-4;

/** The change of the process's clock from which it was set, or the process was suspended. */
const JUMP_MS = 1_000;

/** A reading of the database's clock. */
interface Reading {
  /** The database's time less the monotonic time of the process, in milliseconds. */
  readonly baseMs: number;
  /** The most by which `baseMs` may be wrong: the database read its clock at some time of the round trip. */
  readonly uncertaintyMs: number;
  /** The monotonic time of the reading. */
  readonly takenMs: number;
}

/**
 * The database's clock as a process reads it. All servers of a database decide by it, so none expires a grant early because
 * its own clock is ahead. Between two readings the monotonic clock of the process counts on.
 */
export class DatabaseClock {
  #reading: Reading | null = null;
  /** The process's time less its monotonic time, at the last reading. */
  #wallMs = 0;
  #last = Number.NEGATIVE_INFINITY;

  /**
   * Takes a reading. A worse one than the last is kept only if it shows that the database's clock was set.
   *
   * @param sentMs the monotonic time at which the database was asked
   * @param at the database's time in between
   */
  take(sentMs: number, at: Instant): void {
    const takenMs = performance.now();
    const uncertaintyMs = (takenMs - sentMs) / 2;
    const reading = { baseMs: at / 1000 - (sentMs + takenMs) / 2, uncertaintyMs, takenMs };
    const before = this.#reading;
    this.#wallMs = Date.now() - performance.now();
    if (before !== null) {
      const agedMs = before.uncertaintyMs + DRIFT * (takenMs - before.takenMs);
      const isSame = Math.abs(reading.baseMs - before.baseMs) <= agedMs + uncertaintyMs;
      if (isSame && uncertaintyMs > agedMs) return;
    }
    this.#reading = reading;
  }

  /** Returns the database's time in whole milliseconds. It never steps back, even if the database's clock does. */
  now(): Instant {
    if (this.#reading === null) throw new Error("The database's clock was not read. Take a reading first.");
    this.#last = Math.max(this.#last, Math.floor(this.#reading.baseMs + performance.now()));
    return instantFromMillis(this.#last);
  }

  /** True if the process was suspended or its clock was set since the last reading. Then `now` may be behind. */
  get isDoubtful(): boolean {
    return Math.abs(Date.now() - performance.now() - this.#wallMs) > JUMP_MS;
  }

  /** The time by which the process's clock is ahead of the database's at least, in seconds. Negative if it is behind. */
  get offsetSeconds(): number {
    if (this.#reading === null) return 0;
    const offsetMs = this.#wallMs - this.#reading.baseMs;
    return (Math.sign(offsetMs) * Math.max(0, Math.abs(offsetMs) - this.#reading.uncertaintyMs)) / 1000;
  }
}
