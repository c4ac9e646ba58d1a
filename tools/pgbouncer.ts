import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { query } from "./postgres.js";

/** A running PgBouncer. */
export interface Pgbouncer {
  /** Returns the URL of a database of the server, through the pooler. */
  toUrl(url: string): string;
  stop(): Promise<void>;
}

/** The time in which it has to take connections. */
const START_MS_MAX = 10_000;

/** Ends the program when the standard input closes, so that it does not outlive a parent that is killed. */
const UNTIL_CLOSED = '"$@" </dev/null & pid=$!; cat >/dev/null; kill $pid; wait $pid';

/**
 * Returns the program: the one of PGBOUNCER_PATH, else one on the PATH, else null. In CI there has to be one.
 *
 * @throws Error if CI has none
 */
export function findPgbouncer(): string | null {
  const given = process.env.PGBOUNCER_PATH;
  const directories = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin"];
  const found = (given ? [given] : directories.map((directory) => join(directory, "pgbouncer"))).find(canRun);
  if (found !== undefined) return found;
  if (process.env.CI === "true") throw new Error("CI has no PgBouncer. Install the package pgbouncer.");
  return null;
}

function canRun(program: string): boolean {
  try {
    accessSync(program, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Starts PgBouncer in transaction mode on a free port of 127.0.0.1, in front of the server of a URL.
 *
 * @param size the connections to the server that it has per database
 */
export async function startPgbouncer(program: string, url: string, size: number): Promise<Pgbouncer> {
  const server = new URL(url);
  const port = await findFreePort();
  // As root it runs as another user, which may be unable to reach root's temporary directory.
  const directory = await mkdtemp("/tmp/credit-activity-pgbouncer-");
  const config = join(directory, "pgbouncer.ini");
  const target = `host=${server.hostname} port=${server.port} user=${server.username} password=${server.password}`;
  await writeFile(
    config,
    `[databases]
* = ${target}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${size}
max_client_conn = 500
log_connections = 0
log_disconnections = 0
`,
  );
  await chmod(directory, 0o755);
  await chmod(config, 0o644);
  const asUser = process.getuid?.() === 0 ? ["-u", "nobody"] : [];
  const child = spawn("sh", ["-c", UNTIL_CLOSED, "sh", program, ...asUser, config], {
    stdio: ["pipe", "ignore", "pipe"],
  });
  const log: string[] = [];
  child.stderr.setEncoding("utf8").on("data", (part: string) => {
    log.push(part);
    log.splice(0, log.length - 100);
  });
  child.stdin.on("error", () => {});
  const closed = once(child, "close");
  const toUrl = (given: string) => {
    const own = new URL(given);
    own.host = `127.0.0.1:${port}`;
    return own.href;
  };
  const stop = async () => {
    child.stdin.end();
    await closed;
    await rm(directory, { recursive: true });
  };
  const untilMs = performance.now() + START_MS_MAX;
  for (;;) {
    try {
      await query(toUrl(url), "SELECT 1");
      break;
    } catch (error) {
      if (child.exitCode === null && performance.now() < untilMs) await sleep(50);
      else {
        await stop();
        throw new Error(`PgBouncer did not start. Its log is:\n${log.join("")}`, { cause: error });
      }
    }
  }
  for (const handle of [child, child.stdin as unknown as Socket, child.stderr as unknown as Socket])
    handle.unref();
  return { toUrl, stop };
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
