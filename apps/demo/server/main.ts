import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { ConfigError, isLoopback, readConfig } from "./config.js";
import { type DemoServer, startDemoServer } from "./demo-server.js";

const webDir = fileURLToPath(new URL("../web", import.meta.url));

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const logger = pino({ level: "warn" }, pino.destination({ dest: 2, sync: true }));
  const started = startDemoServer({ config, webDir, logger });
  stopOnSignals(started);
  const server = await started;
  process.stdout.write(greeting(server, isLoopback(config.host)));
}

/** How soon after the first signal another one is still the same: npm passes on what the terminal sent already. */
const SAME_SIGNAL_MS = 500;

/** How long an end in order may take. */
const STOP_MS_MAX = 15_000;

/** How often to look whether the shell that npm started is still there. */
const PARENT_LOOK_MS = 250;

/** The first signal ends the demo in order, also while it starts; a second one ends it at once. */
function stopOnSignals(started: Promise<DemoServer>): void {
  let stoppingSinceMs: number | null = null;
  const stop = () => {
    stoppingSinceMs = performance.now();
    process.stdout.write("\nStopping: finishing what is in flight.\n");
    setTimeout(
      () => fail(new ConfigError("What was in flight took too long, so it was cut off.")),
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

/** npm passes a signal on to the shell between itself and this process, and some shells end without passing it on. */
function onOrphaned(stop: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, PARENT_LOOK_MS);
  timer.unref();
}

function greeting({ address, secretKey, durability }: DemoServer, isLocal: boolean): string {
  const lines = [
    "",
    `  Demo        ${address}`,
    `  Page        ${address}/#settings/credit-activity`,
    `  Reference   ${address}/docs`,
    `  Secret key  ${secretKey}`,
    "",
    "  Give the demo account some credits:",
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
  const isExpected =
    error instanceof ConfigError || (error instanceof Error && error.name === "DatabaseUnavailableError");
  process.stderr.write(
    `${isExpected ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exit(1);
}

main().catch(fail);
