import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import {
  createLedger,
  hasEmbeddedDatabase,
  isUnreachable,
  type LedgerOptions,
  type LocalLedger,
} from "@credit-activity/server";
import { BACKLOG_MAX, createServer } from "@credit-activity/server/node";
import { type Logger, pino } from "pino";
import { CommandError, type DatabaseFlags, readVariable, toDatabase } from "./open.js";
import { respondWithReference } from "./reference.js";
import { setServerFlags } from "./v8.js";

/** The time that requests in flight have after a signal. */
const GRACE_MS = 10_000;

/** The first and the longest pause between two tries to open the ledger. */
const OPEN_PAUSE_MS = 500;
const OPEN_PAUSE_MS_MAX = 8_000;

interface ServeFlags extends DatabaseFlags {
  readonly port?: string;
  readonly host?: string;
  readonly trustedProxies?: string;
  readonly clockOffsetMax?: string;
}

/** Serves the API until a signal comes. Then it takes no more requests and finishes those in flight. */
export async function serve(flags: ServeFlags): Promise<void> {
  setServerFlags();
  const port = parsePort(flags.port ?? readVariable("PORT") ?? "3000");
  const hostname = parseHost(flags.host ?? readVariable("HOST") ?? "127.0.0.1");
  const clockOffsetMax = flags.clockOffsetMax ?? readVariable("CLOCK_OFFSET_MAX");
  const logger = pino();
  const secretKey = readVariable("CREDITS_SECRET_KEY");
  const database = toDatabase(flags);
  if ("dataDir" in database && !(await hasEmbeddedDatabase(database.dataDir))) {
    logger.info(database, "Making the embedded database. This takes up to a minute on a busy machine, once.");
  }
  const ledger = await openWhenReachable({
    database,
    secretKeys: secretKey === undefined ? [] : [secretKey],
    ...(clockOffsetMax === undefined ? {} : { clockOffsetMax: parseSeconds(clockOffsetMax) }),
    trustedProxies: parseProxies(flags.trustedProxies ?? readVariable("TRUSTED_PROXIES") ?? "0"),
    logger,
  });
  const server = createServer({
    get isFull() {
      return ledger.isFull;
    },
    fetch: async (request, context) =>
      (await respondWithReference(request)) ?? ledger.fetch(request, context),
  });
  server.listen({ port, host: hostname, backlog: BACKLOG_MAX }, () => {
    const address = `http://${hostname}:${(server.address() as AddressInfo).port}`;
    logger.info({ address, docs: "/docs" }, "Serving.");
    logger.info(ledger.durability);
  });
  await untilStopped(server, logger)
    .catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EADDRINUSE") throw error;
      throw new CommandError(`Port ${port} on ${hostname} is in use. Choose another with --port.`);
    })
    .finally(() => ledger.close());
}

/** Opens the ledger, and waits for a database server that can't be reached yet. Other errors are thrown at once. */
async function openWhenReachable(options: LedgerOptions & { logger: Logger }): Promise<LocalLedger> {
  for (let pauseMs = OPEN_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, OPEN_PAUSE_MS_MAX)) {
    try {
      return await createLedger(options);
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      options.logger.warn(`${(error as Error).message} The next try is in ${pauseMs / 1000} s.`);
    }
    await sleep(pauseMs);
  }
}

/** Resolves once a signal has stopped the server. Rejects if the server can't listen. */
function untilStopped(server: Server, logger: Logger): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    const stop = (signal: string) => {
      logger.info({ signal }, "Stopping: finishing the requests in flight.");
      const force = setTimeout(() => server.closeAllConnections(), GRACE_MS);
      server.close(() => {
        clearTimeout(force);
        resolve();
      });
    };
    process.once("SIGTERM", stop);
    process.once("SIGINT", stop);
  });
}

function parsePort(value: string): number {
  const port = Number(value);
  if (/^\d+$/.test(value) && port <= 65_535) return port;
  throw new CommandError(`"${value}" is not a port. Use a number from 0 to 65535.`);
}

/** Refuses an empty host. The system would take it for all addresses. */
function parseHost(value: string): string {
  if (value !== "") return value;
  throw new CommandError("The host is empty. Give an address to listen on, such as 127.0.0.1.");
}

function parseSeconds(value: string): number {
  if (/^\d{1,9}$/.test(value) && Number(value) > 0) return Number(value);
  throw new CommandError(`"${value}" is not a number of seconds. Use a whole number from 1 on.`);
}

function parseProxies(value: string): number {
  if (/^\d{1,2}$/.test(value)) return Number(value);
  throw new CommandError(`"${value}" is not a number of proxies. Use a number from 0 to 99.`);
}
