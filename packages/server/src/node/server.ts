import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { pace, type ServedLedger } from "./pace.js";
import { finishResponses } from "./shutdown.js";

/** The time without traffic after which a connection is destroyed. It is longer than any response takes. */
const IDLE_MS_MAX = 60_000;

/** The time for which a connection is kept between two requests. It is longer than the minute of most load balancers. */
const KEPT_MS = 65_000;

/**
 * The connections that should wait until the server accepts them, as the `backlog` of `listen`. The system drops others, and
 * their clients try again after 1, 3 and up to 31 seconds. Node's default of 511 is too few for a burst of connections while
 * the server is busy.
 */
export const BACKLOG_MAX = 4_096;

/**
 * Makes a Node server of a ledger's API. With too much to do it responds to health checks and reads, and refuses commands
 * early. When it is closed, it finishes its responses. Call `listen` on it, with a `backlog` of {@link BACKLOG_MAX}.
 *
 * @example
 * createServer(ledger).listen({ port: 4000, host: "127.0.0.1", backlog: BACKLOG_MAX });
 */
export function createServer(ledger: ServedLedger): Server {
  const paced = pace(ledger);
  const server = createAdaptorServer({ fetch: paced.fetch }) as Server;
  paced.watch(server);
  finishResponses(server);
  server.timeout = IDLE_MS_MAX;
  server.keepAliveTimeout = KEPT_MS;
  return server;
}
