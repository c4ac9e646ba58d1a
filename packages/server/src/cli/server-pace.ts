import type { IncomingMessage, Server } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import { mayWrite, respondBusy } from "../http/admission.js";

/** The requests that begin in one turn of the event loop, and the bytes of their bodies. One begins in any case. */
const STARTS_MAX = 64;
const START_BYTES_MAX = 128 * 1024;

/** The requests that are refused in one turn. Their clients send the next ones then, so more would leave no time for others. */
const REFUSALS_MAX = 128;

/** The turns in a row that are left to new connections alone. */
const ACCEPTS_MAX = 64;

/** The wait of the first request that may write from which others are refused. Their bodies would fill the memory meanwhile. */
const LATE_MS = 500;

/** A request that waits until it may begin. */
interface Waiting {
  readonly begin: () => void;
  readonly sinceMs: number;
  readonly bytes: number;
}

/** The context that the adaptor of Node passes with a request. */
interface NodeContext {
  readonly incoming?: Pick<IncomingMessage, "headers">;
}

type Fetch = (request: Request, context?: NodeContext) => Promise<Response>;

/**
 * Makes a server accept connections and respond to health checks while it has too much to do. Give the server the function
 * that is returned.
 *
 * libuv accepts one connection per turn of the event loop. If each turn is long, connections wait for minutes until they
 * are accepted, also those of health checks. So a turn has few requests, and none while connections come. All others wait
 * in the order of their arrival, reads before those that may write.
 */
export function pace(fetch: Fetch): { readonly fetch: Fetch; watch(server: Server): void } {
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
      if (isAccepting) continue;
      beginSome(reads);
      beginSome(writes);
      for (const refuse of refused.splice(0, REFUSALS_MAX)) refuse();
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

  function beginSome(waiting: Waiting[]): void {
    while (hasRoom()) {
      const next = waiting.shift();
      if (next === undefined) return;
      count(next.bytes);
      next.begin();
    }
  }

  /** True if writes wait for too long. */
  function isLate(): boolean {
    const [first] = writes;
    return first !== undefined && performance.now() - first.sinceMs > LATE_MS;
  }

  return {
    async fetch(request, context) {
      if (request.url.endsWith("/healthz")) return fetch(request, context);
      const waiting = mayWrite(request) ? writes : reads;
      const bytes = Number(context?.incoming?.headers["content-length"] ?? 0);
      if (accepted === 0 && waiting.length === 0 && hasRoom()) {
        count(bytes);
      } else if (waiting === writes && isLate()) {
        await new Promise<void>((refuse) => refused.push(refuse));
        return respondBusy();
      } else {
        await new Promise<void>((begin) => waiting.push({ begin, sinceMs: performance.now(), bytes }));
      }
      return fetch(request, context);
    },
    watch(server) {
      server.on("connection", () => {
        accepted += 1;
        if (!isRunning) void run();
      });
    },
  };
}
