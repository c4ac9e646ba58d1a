import { statSync } from "node:fs";
import { Worker } from "node:worker_threads";

/** Interval at which a holder updates the time of its lock, in milliseconds. */
export const UPDATE_MS = 2_000;

/** Age of the last update up to which a holder relies on its lock. It is half of the age at which others take it over. */
const RELIABLE_MS = 10_000;

/** The number of updates after a pause until a holder relies on its lock again. Others take it over within one. */
const PROBATION = 2;

/** States of a heartbeat. */
const HELD = 0;
const LOST = 1;

/** The updates of a lock by a thread. The timers of the main thread stand still during a long query of the embedded database. */
export interface Heartbeat {
  /** True if another process has taken the lock over, or somebody has deleted it. */
  readonly isLost: boolean;
  /** True if the lock was updated lately, so that nobody can have taken it over. */
  readonly isReliable: boolean;
  stop(): Promise<void>;
}

/** Files of a lock, and the holder that its owner file names. */
export interface Watched {
  /** Directory whose time is updated. */
  readonly path: string;
  readonly ownerFile: string;
  readonly nonce: string;
}

/**
 * The program of the thread. It runs from a string, because it has to work from the sources as well as from the built
 * files. An error that may pass, such as one of a disk that does not respond, leaves the lock as it is.
 */
const PROGRAM = `
  const { statSync, utimesSync, readFileSync } = require("node:fs");
  const { workerData } = require("node:worker_threads");
  const { path, ownerFile, nonce, state, beatAt, updateMs, reliableMs, probation } = workerData;
  let { mtimeMs } = workerData;
  let beatMs = Number(beatAt[0]);
  let left = 0;
  const isOurs = () => {
    try {
      return statSync(path).mtimeMs === mtimeMs && JSON.parse(readFileSync(ownerFile, "utf8")).nonce === nonce;
    } catch (error) {
      if (error.code === "ENOENT" || error instanceof SyntaxError) return false;
      throw error;
    }
  };
  const timer = setInterval(() => {
    try {
      if (!isOurs()) {
        Atomics.store(state, 0, ${LOST});
        clearInterval(timer);
        return;
      }
      const now = new Date();
      utimesSync(path, now, now);
      mtimeMs = statSync(path).mtimeMs;
    } catch {
      return;
    }
    if (Math.abs(Date.now() - beatMs) > reliableMs) left = probation;
    beatMs = Date.now();
    if (left > 0) left -= 1;
    if (left === 0) Atomics.store(beatAt, 0, BigInt(beatMs));
  }, updateMs);`;

/** Starts to update a lock that was just made. */
export function startHeartbeat(watched: Watched): Heartbeat {
  const state = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const beatAt = new BigInt64Array(new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT));
  Atomics.store(state, 0, HELD);
  Atomics.store(beatAt, 0, BigInt(Date.now()));
  const worker = new Worker(PROGRAM, {
    eval: true,
    // Options of the process, such as its loaders or the type of its input, are not for this program.
    execArgv: [],
    workerData: {
      ...watched,
      mtimeMs: statSync(watched.path).mtimeMs,
      state,
      beatAt,
      updateMs: UPDATE_MS,
      reliableMs: RELIABLE_MS,
      probation: PROBATION,
    },
  });
  // The lock is reliable no longer then, and all calls are refused.
  worker.on("error", () => {});
  worker.unref();
  return {
    get isLost() {
      return Atomics.load(state, 0) === LOST;
    },
    get isReliable() {
      return Math.abs(Date.now() - Number(Atomics.load(beatAt, 0))) <= RELIABLE_MS;
    },
    async stop() {
      await worker.terminate();
    },
  };
}
