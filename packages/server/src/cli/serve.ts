import type { Server } from "node:http";
import { setFlagsFromString } from "node:v8";
import { serve as listen } from "@hono/node-server";
import { pino } from "pino";
import { createCredits } from "../create-credits.js";
import { finishAnswers } from "../finish-answers.js";
import { expectShortLivedObjects } from "../short-lived.js";
import { CommandError, type DatabaseFlags, databaseOf } from "./open.js";

/** How long requests under way may take to end after a signal, in milliseconds. */
const GRACE_MS = 10_000;

/** For how long nothing may move on a connection until it is cut, in milliseconds: longer than an answer ever takes. */
const SILENT_MS_MAX = 60_000;

/**
 * How much the heap may grow until it is collected in full, in percent of what is in use: V8 of itself lets it grow to
 * several times that while there is memory, and under full load the process would take almost twice as much.
 */
const HEAP_GROWTH_PERCENT = 50;

/** Serves the API until a signal comes; then takes no more requests and finishes what is in flight. */
export async function serve(flags: DatabaseFlags & { port?: string; host?: string }): Promise<void> {
  expectShortLivedObjects();
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT}`);
  const port = portOf(flags.port ?? process.env.PORT ?? "3000");
  const hostname = flags.host ?? process.env.HOST ?? "127.0.0.1";
  const logger = pino();
  const given = process.env.CREDITS_SECRET_KEY;
  const credits = await createCredits({
    database: databaseOf(flags),
    secretKeys: given === undefined || given === "" ? [] : [given],
    logger,
  });
  const server = listen({ fetch: credits.fetch, port, hostname }, (address) => {
    logger.info({ address: `http://${hostname}:${address.port}`, docs: "/docs" }, "Serving.");
    logger.info(credits.durability);
  }) as Server;
  finishAnswers(server);
  server.timeout = SILENT_MS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "EADDRINUSE"
          ? new CommandError(`Port ${port} on ${hostname} is in use. Choose another with --port.`)
          : error,
      ),
    );
    const stop = (signal: string) => {
      logger.info({ signal }, "Stopping: finishing what is in flight.");
      const force = setTimeout(() => {
        server.closeAllConnections();
      }, GRACE_MS);
      server.close(() => {
        clearTimeout(force);
        resolve();
      });
    };
    process.once("SIGTERM", stop);
    process.once("SIGINT", stop);
  }).finally(() => credits.close());
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw new CommandError(`"${text}" is not a port. Give a number from 0 to 65535.`);
  }
  return port;
}
