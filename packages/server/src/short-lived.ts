import { setFlagsFromString } from "node:v8";

/**
 * Tells V8 to make all new objects among its young ones. Of itself it learns which ones live for long, and makes those
 * among the old ones at once. A burst of calls teaches it that calls do; from then on each of thousands a second leaves
 * garbage that only a full collection clears away, which costs up to a third of the rate.
 *
 * Call it before the ledger is opened, in a process that serves many calls. It changes the whole process, which is why
 * the library does not do it by itself; the command line's `serve` does.
 */
export function expectShortLivedObjects(): void {
  setFlagsFromString("--no-allocation-site-pretenuring");
}
