import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createClient } from "@credit-activity/client";
import { createCredits, finishAnswers, RefusedError } from "@credit-activity/server";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import type { Logger } from "pino";
import { addressOf, ConfigError, type DemoConfig } from "./config.js";
import { createClock, type DemoClock, type Ledger } from "./ledger.js";
import { pages } from "./pages.js";
import { demoRoutes } from "./routes.js";
import { keptSecretKey } from "./secret-key.js";
import { seed } from "./seed/seed.js";
import { createTaskRunner, type TaskRunner } from "./tasks/runner.js";

/** How long requests in flight may take when the server closes. */
const GRACE_MS = 5_000;

/** A running demo. */
export interface DemoServer {
  /** Such as `http://127.0.0.1:3000`. */
  readonly address: string;
  readonly secretKey: string;
  /** What the database says about how safe a reply is. */
  readonly durability: string;
  /** Takes no more requests, finishes what is in flight, and closes the ledger. */
  close(): Promise<void>;
}

export interface DemoServerOptions {
  readonly config: DemoConfig;
  /** The folder of the built page. */
  readonly webDir: string;
  readonly logger: Logger;
}

/**
 * Starts the product, the API and its reference on one port. The port comes first: when it can't be had, no data has
 * been touched.
 */
export async function startDemoServer({ config, webDir, logger }: DemoServerOptions): Promise<DemoServer> {
  const files = pages(webDir);
  const front = await openFront(config);
  try {
    const secretKey = config.secretKey ?? (await keptSecretKey(config.dataDir));
    const clock = createClock();
    const database = config.databaseUrl === null ? { dataDir: config.dataDir } : { url: config.databaseUrl };
    const ledger = await createCredits({ database, secretKeys: [secretKey], now: clock.now, logger });
    await trySeed(ledger, clock, logger).catch((error: unknown) =>
      ledger.close().then(() => Promise.reject(error)),
    );
    // The demo's backend uses the API like any other program, over HTTP.
    const client = createClient({ baseUrl: front.address, token: secretKey });
    const runner = createTaskRunner(client);
    front.serve(routesOf(ledger, files, demoRoutes({ client, runner, host: config.host })));
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

/** A history the ledger refuses, because something else has used the accounts meanwhile, must not keep the demo down. */
async function trySeed(ledger: Ledger, clock: DemoClock, logger: Logger): Promise<void> {
  try {
    await seed(ledger, clock);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    logger.warn(
      { code: error.code, detail: error.message },
      "The demo account's history could not be completed. Start with an empty data folder to see all of it.",
    );
  }
}

/** The open port. Until it is told what to serve, it asks its callers to come back. */
async function openFront(config: DemoConfig) {
  const { port, host: hostname } = config;
  let app = new Hono();
  app.all("*", (context) => context.text("Starting.\n", 503, { "Retry-After": "1" }));
  const server = await new Promise<Server>((resolve, reject) => {
    const opened = serve({ fetch: (request, env) => app.fetch(request, env), port, hostname }) as Server;
    finishAnswers(opened);
    opened.once("listening", () => resolve(opened));
    opened.once("error", (error) => reject(listenError(error, config)));
  });
  return {
    server,
    address: addressOf(hostname, (server.address() as AddressInfo).port),
    serve(routes: Hono) {
      app = routes;
    },
  };
}

function routesOf(ledger: Ledger, files: Hono, demo: Hono): Hono {
  const app = new Hono();
  for (const path of ["/v1/*", "/openapi.json", "/docs", "/docs/*", "/healthz", "/readyz"]) {
    app.all(path, (context) => ledger.fetch(context.req.raw));
  }
  app.route("/demo", demo);
  app.route("/", files);
  return app;
}

function listenError(error: NodeJS.ErrnoException, { host, port }: DemoConfig): Error {
  switch (error.code) {
    case "EADDRINUSE":
      return new ConfigError(
        `Port ${port} on ${host} is in use. Stop what uses it, or choose another: PORT=${port + 1} npm start.`,
      );
    case "EACCES":
      return new ConfigError(
        `Port ${port} may not be used by this user. Choose one above 1023, such as PORT=3000.`,
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new ConfigError(
        `HOST is "${host}", which is no address of this machine. Try 127.0.0.1 or 0.0.0.0.`,
      );
    default:
      return error;
  }
}

async function close(server: Server, runner: TaskRunner, ledger: Ledger): Promise<void> {
  // The tasks' last requests still need the server.
  await Promise.race([runner.close(), pause(GRACE_MS)]);
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const timer = setTimeout(() => server.closeAllConnections(), GRACE_MS);
  await closed;
  clearTimeout(timer);
  await ledger.close();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
