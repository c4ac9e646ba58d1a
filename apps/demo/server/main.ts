import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import { NewerSchemaError, UnavailableError } from "@credit-activity/server";
import { pino } from "pino";
import { ConfigError, isLoopback, readConfig } from "./config.js";
import { type DemoServer, startDemoServer } from "./demo-server.js";

const WEB_DIR = fileURLToPath(new URL("../web", import.meta.url));

/** The time in which a second signal counts as the first one. npm repeats the signal of the terminal. */
const SAME_SIGNAL_MS = 500;

/** The time that a regular end may take. */
const STOP_MS_MAX = 15_000;

/** The interval at which the parent process is checked. */
const PARENT_CHECK_MS = 250;

/** Errors whose messages are for the operator. */
const EXPECTED = [ConfigError, UnavailableError, NewerSchemaError];

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const logger = pino({ level: "warn" }, pino.destination({ dest: 2, sync: true }));
  const started = startDemoServer({ config, webDir: WEB_DIR, logger });
  stopOnSignals(started);
  const server = await started;
  process.stdout.write(formatGreeting(server, isLoopback(config.host)));
}

/** Ends the demo regularly at the first signal, even while it starts. A second signal ends it at once. */
function stopOnSignals(started: Promise<DemoServer>): void {
  let stoppingSinceMs: number | null = null;
  const stop = () => {
    stoppingSinceMs = performance.now();
    process.stdout.write("\nStopping: finishing the requests in flight.\n");
    setTimeout(
      () => fail(new ConfigError("The requests in flight took too long. They were cut off.")),
      STOP_MS_MAX,
    );
    started
      .then((server) => server.close())
      .then(() => process.exit(0))
      .catch(fail);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (stoppingSinceMs === null) stop();
      else if (performance.now() - stoppingSinceMs > SAME_SIGNAL_MS)
        process.exit(128 + constants.signals[signal]);
    });
  }
  onOrphaned(() => {
    if (stoppingSinceMs === null) stop();
  });
}

/** Calls `stop` once the parent has ended. npm signals a shell between it and this process, which may end without it. */
function onOrphaned(stop: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, PARENT_CHECK_MS);
  timer.unref();
}

function formatGreeting({ address, secretKey, durability }: DemoServer, isLocal: boolean): string {
  const lines = [
    "",
    `  Demo        ${address}`,
    `  Page        ${address}/#settings/credit-activity`,
    `  Reference   ${address}/docs`,
    `  Secret key  ${secretKey}`,
    "",
    "  Grant the demo account some credits:",
    "",
    `    curl ${address}/v1/accounts/acme/grants \\`,
    `      -H "Authorization: Bearer ${secretKey}" \\`,
    '      -H "Content-Type: application/json" -H "Idempotency-Key: first-grant" \\',
    `      -d '{"kind":"manual_grant","credits":"25","description":"Hello"}'`,
    "",
    `  ${durability}`,
    ...(isLocal
      ? []
      : ["  Everyone who can reach this port can use the demo accounts. Their tokens only read."]),
    "",
  ];
  return `${lines.join("\n")}\n`;
}

function fail(error: unknown): void {
  const isExpected = EXPECTED.some((kind) => error instanceof kind);
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  process.stderr.write(`${isExpected ? message : stack}\n`);
  process.exit(1);
}

main().catch(fail);
