import type { Server } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";

/** The requests that begin in one turn of the event loop. */
const STARTS_MAX = 64;

/** The turns in a row that are left to new connections alone. */
const ACCEPTS_MAX = 256;

type Fetch = (request: Request, context?: object) => Promise<Response>;

/**
 * Makes a server accept connections and respond to health checks while it has too much to do. Give the server the function
 * that is returned.
 *
 * libuv accepts one connection per turn of the event loop. If each turn is long, connections wait for minutes until they
 * are accepted, also those of health checks. So a turn has few requests, and none while connections come. All others wait
 * in the order of their arrival.
 */
export function pace(fetch: Fetch): { readonly fetch: Fetch; watch(server: Server): void } {
  const waiting: (() => void)[] = [];
  let accepted = 0;
  let started = 0;
  let isRunning = false;

  /** Ends once a turn had no new connection and all that waited has begun. */
  async function run(): Promise<void> {
    isRunning = true;
    let accepts = 0;
    while (accepted > 0 || started > 0 || waiting.length > 0) {
      await nextTurn();
      const isAccepting = accepted > 0 && accepts < ACCEPTS_MAX;
      accepts = isAccepting ? accepts + 1 : 0;
      accepted = 0;
      started = 0;
      if (isAccepting) continue;
      const begun = waiting.splice(0, STARTS_MAX);
      started = begun.length;
      for (const begin of begun) begin();
    }
    isRunning = false;
  }

  return {
    async fetch(request, context) {
      if (request.url.endsWith("/healthz")) return fetch(request, context);
      if (accepted > 0 || started >= STARTS_MAX || waiting.length > 0)
        await new Promise<void>((resolve) => waiting.push(resolve));
      else {
        started += 1;
        if (!isRunning) void run();
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
