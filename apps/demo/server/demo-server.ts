import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createLedgerClient } from "@credit-activity/client";
import {
  createLedger,
  InsufficientCreditsError,
  KeyConflictError,
  type LocalLedger,
  NotFoundError,
  RefusedError,
} from "@credit-activity/server";
import { serve } from "@hono/node-server";
import { respondWithReference } from "credit-activity/reference";
import { Hono } from "hono";
import type { Logger } from "pino";
import { createClock, type DemoClock } from "./clock.js";
import { ConfigError, type DemoConfig, formatAddress } from "./config.js";
import { createPages } from "./pages.js";
import { createDemoRoutes } from "./routes.js";
import { readSecretKey } from "./secret-key.js";
import { seed } from "./seed/seed.js";
import { createTaskRunner, type TaskRunner } from "./tasks/runner.js";

/** The time that requests in flight have when the server closes. */
const GRACE_MS = 5_000;

/** Errors of a command that the ledger refused. */
const REFUSALS = [RefusedError, InsufficientCreditsError, KeyConflictError, NotFoundError];

/** A running demo. */
export interface DemoServer {
  /** The URL of the demo, such as `http://127.0.0.1:3000`. */
  readonly address: string;
  readonly secretKey: string;
  /** The failures that a confirmed command survives, as a sentence. */
  readonly durability: string;
  /** Takes no more requests, finishes those in flight, and closes the ledger. */
  close(): Promise<void>;
}

export interface DemoServerOptions {
  readonly config: DemoConfig;
  /** The directory of the built page. */
  readonly webDir: string;
  readonly logger: Logger;
}

/**
 * Starts the product, the API and its reference on one port. The port is opened first, so no data is touched if it is in
 * use.
 */
export async function startDemoServer({ config, webDir, logger }: DemoServerOptions): Promise<DemoServer> {
  const pages = createPages(webDir);
  const front = await openFront(config);
  try {
    const secretKey = config.secretKey ?? (await readSecretKey(config.dataDir));
    const clock = createClock();
    const database = config.databaseUrl === null ? { dataDir: config.dataDir } : { url: config.databaseUrl };
    const ledger = await createLedger({ database, secretKeys: [secretKey], now: clock.now, logger });
    await trySeed(ledger, clock, logger).catch((error: unknown) =>
      ledger.close().then(() => Promise.reject(error)),
    );
    // The demo's backend calls the API over HTTP, as any other backend does.
    const client = createLedgerClient({ baseUrl: front.address, key: secretKey });
    const runner = createTaskRunner(client);
    front.serve(createApp(ledger, pages, createDemoRoutes({ ledger: client, runner, host: config.host })));
    let closing: Promise<void> | null = null;
    return {
      address: front.address,
      secretKey,
      durability: ledger.durability,
      close: () => {
        closing ??= close(front.server, runner, ledger);
        return closing;
      },
    };
  } catch (error) {
    front.server.close();
    front.server.closeAllConnections();
    throw error;
  }
}

/** Seeds the accounts. If other commands of an account make the ledger refuse its history, that stays incomplete. */
async function trySeed(ledger: LocalLedger, clock: DemoClock, logger: Logger): Promise<void> {
  try {
    await seed(ledger, clock);
  } catch (error) {
    const refusal = REFUSALS.find((kind) => error instanceof kind);
    if (refusal === undefined) throw error;
    logger.warn(
      { err: error },
      "The demo account's history could not be completed. Start with an empty data directory to see all of it.",
    );
  }
}

/** Opens the port. Until it gets its routes, it responds with 503. */
async function openFront(config: DemoConfig) {
  const { port, host: hostname } = config;
  let app = new Hono();
  app.all("*", (context) => context.text("Starting.\n", 503, { "Retry-After": "1" }));
  const server = await new Promise<Server>((resolve, reject) => {
    const opened = serve({ fetch: (request, env) => app.fetch(request, env), port, hostname }) as Server;
    opened.once("listening", () => resolve(opened));
    opened.once("error", (error) => reject(toListenError(error, config)));
  });
  return {
    server,
    address: formatAddress(hostname, (server.address() as AddressInfo).port),
    serve(routes: Hono) {
      app = routes;
    },
  };
}

function createApp(ledger: LocalLedger, pages: Hono, demoRoutes: Hono): Hono {
  const app = new Hono();
  for (const path of ["/v1/*", "/openapi.json", "/healthz", "/readyz"]) {
    app.all(path, (context) => ledger.fetch(context.req.raw));
  }
  app.get("/docs/*", async (context) => (await respondWithReference(context.req.raw)) ?? context.notFound());
  app.route("/demo", demoRoutes);
  app.route("/", pages);
  return app;
}

function toListenError(error: NodeJS.ErrnoException, { host, port }: DemoConfig): Error {
  switch (error.code) {
    case "EADDRINUSE":
      return new ConfigError(
        `Port ${port} on ${host} is in use. Stop its process, or choose another: PORT=${port + 1} npm start.`,
      );
    case "EACCES":
      return new ConfigError(
        `Port ${port} is reserved for other users. Choose one above 1023, such as PORT=3000.`,
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new ConfigError(
        `HOST is "${host}", which is not an address of this machine. Try 127.0.0.1 or 0.0.0.0.`,
      );
    default:
      return error;
  }
}

async function close(server: Server, runner: TaskRunner, ledger: LocalLedger): Promise<void> {
  // The last requests of the tasks still need the server.
  await Promise.race([runner.close(), sleep(GRACE_MS, undefined, { ref: false })]);
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const timer = setTimeout(() => server.closeAllConnections(), GRACE_MS);
  await closed;
  clearTimeout(timer);
  await ledger.close();
}
