import { setFlagsFromString } from "node:v8";

/**
 * The growth of the heap until a full collection, in percent of the used heap. By default V8 lets it grow to several times
 * that while memory is free. Under full load the process would then take almost twice as much.
 */
const HEAP_GROWTH_PERCENT = 25;

/**
 * Sets up V8 for a server. Call it before the ledger is opened. It changes the whole process, so a library can't do it.
 *
 * New objects are allocated among the young ones. By default V8 allocates those that it expects to live long among the old
 * ones. After a burst of calls it expects that of calls too. Each call then leaves garbage that only a full collection
 * frees, which costs up to a third of the rate.
 */
export function setServerFlags(): void {
  setFlagsFromString("--no-allocation-site-pretenuring");
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT}`);
}
