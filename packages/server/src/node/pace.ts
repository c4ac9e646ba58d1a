import type { IncomingMessage, Server } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import { mayWrite, respondBusy } from "../http/admission.js";
import type { LocalLedger } from "../ledger.js";

/** The requests that begin in one turn of the event loop, and the part of them that reads may have. */
const STARTS_MAX = 64;
const READS_MAX = 48;

/** The bytes of bodies that begin in one turn, which take some 5 ms. A larger one begins alone. */
const START_BYTES_MAX = 24 * 1024;

/** The bytes of a body that does not state its length. */
const UNSTATED_BYTES = 64 * 1024;

/** The requests that are refused in one turn. Clients send again at once, so more would leave no time for others. */
const REFUSALS_MAX = 128;

/** The turns in a row that are left to new connections alone. */
const ACCEPTS_MAX = 64;

/**
 * Requests that may write are refused once the first of them has waited this long, and this many wait. Their bodies would
 * fill the memory. Fewer come from callers that each wait for a response, and end by themselves.
 */
const LATE_MS = 500;
const CROWD_MIN = 512;

/** A request that waits until it may begin. */
interface Waiting {
  readonly begin: () => void;
  /** Refuses the request instead. Not for reads. */
  readonly refuse: () => void;
  readonly sinceMs: number;
  readonly bytes: number;
}

/** The context that the adaptor of Node passes with a request. */
interface NodeContext {
  readonly incoming?: Pick<IncomingMessage, "headers">;
}

type Fetch = (request: Request, context?: NodeContext) => Promise<Response>;

/** The part of a ledger that a server needs. Its `fetch` may be wrapped, such as to serve more than the API. */
export type ServedLedger = Pick<LocalLedger, "isFull"> & { readonly fetch: Fetch };

function toBodyBytes(context: NodeContext | undefined): number {
  const headers = context?.incoming?.headers;
  if (headers?.["transfer-encoding"] !== undefined) return UNSTATED_BYTES;
  return Number(headers?.["content-length"] ?? 0);
}

/**
 * Makes a server accept connections and respond to health checks while it has too much to do. Give the server the function
 * that is returned.
 *
 * libuv accepts one connection per turn of the event loop. If each turn is long, connections wait for minutes until they
 * are accepted, also those of health checks. So a turn has few requests, and none while connections come. All others wait
 * in the order of their arrival. Reads begin before those that may write, but leave them a part of each turn. Requests that
 * the ledger would refuse do not wait.
 */
export function pace(ledger: ServedLedger): { readonly fetch: Fetch; watch(server: Server): void } {
  const reads: Waiting[] = [];
  const writes: Waiting[] = [];
  const refused: (() => void)[] = [];
  let accepted = 0;
  let started = 0;
  let startedBytes = 0;
  let isRunning = false;

  /** Ends once a turn had no new connection and nothing waits. */
  async function run(): Promise<void> {
    isRunning = true;
    let accepts = 0;
    while (accepted + started + reads.length + writes.length + refused.length > 0) {
      await nextTurn();
      const isAccepting = accepted > 0 && accepts < ACCEPTS_MAX;
      accepts = isAccepting ? accepts + 1 : 0;
      accepted = 0;
      started = 0;
      startedBytes = 0;
      if (ledger.isFull) refused.unshift(...writes.splice(0).map(({ refuse }) => refuse));
      for (const refuse of refused.splice(0, REFUSALS_MAX)) refuse();
      if (isAccepting) continue;
      beginSome(reads, READS_MAX);
      beginSome(writes, STARTS_MAX);
    }
    isRunning = false;
  }

  function hasRoom(): boolean {
    return started < STARTS_MAX && startedBytes < START_BYTES_MAX;
  }

  function count(bytes: number): void {
    started += 1;
    startedBytes += bytes;
    if (!isRunning) void run();
  }

  /** Begins requests until a number of them has begun in this turn. */
  function beginSome(waiting: Waiting[], most: number): void {
    while (started < most && hasRoom()) {
      const next = waiting.shift();
      if (next === undefined) return;
      count(next.bytes);
      next.begin();
    }
  }

  /** True if too many writes wait, and for too long. */
  function isLate(): boolean {
    const [first] = writes;
    return first !== undefined && writes.length >= CROWD_MIN && performance.now() - first.sinceMs > LATE_MS;
  }

  return {
    async fetch(request, context) {
      if (request.url.endsWith("/healthz")) return ledger.fetch(request, context);
      const isWrite = mayWrite(request);
      if (isWrite && (isLate() || ledger.isFull)) {
        await new Promise<void>((refuse) => {
          refused.push(refuse);
          if (!isRunning) void run();
        });
        return respondBusy();
      }
      const waiting = isWrite ? writes : reads;
      const bytes = isWrite ? toBodyBytes(context) : 0;
      if (accepted === 0 && waiting.length === 0 && hasRoom()) {
        count(bytes);
        return ledger.fetch(request, context);
      }
      const isTaken = await new Promise<boolean>((resolve) => {
        const [begin, refuse] = [() => resolve(true), () => resolve(false)];
        waiting.push({ begin, refuse, sinceMs: performance.now(), bytes });
      });
      return isTaken ? ledger.fetch(request, context) : respondBusy();
    },
    watch(server) {
      server.on("connection", () => {
        accepted += 1;
        if (!isRunning) void run();
      });
    },
  };
}
