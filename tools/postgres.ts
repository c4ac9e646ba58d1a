import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Client, escapeIdentifier } from "pg";

/** Options of a server. */
export interface PostgresOptions {
  /** Keep commits through a power cut, as in production. Measurements need it. Default false. */
  readonly durable?: boolean;
}

/** A running PostgreSQL server. */
export interface PostgresServer {
  /** Connects as superuser to the database `postgres`. */
  readonly url: string;
  /** Stops the server at once, as a crash would, and starts it again after a time. It recovers what was committed. */
  crash(downMs: number): Promise<void>;
  /** Stops the server and removes its files. */
  stop(): Promise<void>;
}

/** A database on a server. */
export interface Database {
  readonly url: string;
  /** Drops the database and closes all connections to it. */
  drop(): Promise<void>;
}

const PROGRAM = fileURLToPath(new URL("./postgres-server.mjs", import.meta.url));

const SETTINGS = {
  max_connections: "200",
  timezone: "UTC",
  log_timezone: "UTC",
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
};
const NOT_DURABLE = { fsync: "off", synchronous_commit: "off", full_page_writes: "off" };

/**
 * Starts a PostgreSQL server from npm, with an empty data directory, on a free port of 127.0.0.1.
 * The server ends with `stop()` or with this process, even if this process is killed.
 * It does not keep this process alive.
 */
export async function startPostgres({ durable = false }: PostgresOptions = {}): Promise<PostgresServer> {
  const settings = Object.entries(durable ? SETTINGS : { ...SETTINGS, ...NOT_DURABLE });
  const flags = settings.flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  // As root the server runs as another user, which may be unable to reach root's temporary directory.
  const temporary = process.getuid?.() === 0 ? { TMPDIR: "/tmp" } : {};
  const child = spawn(process.execPath, [PROGRAM, ...flags], {
    cwd: "/",
    detached: true, // Ctrl-C in the terminal is for this process. The server ends after it.
    env: { ...process.env, ...temporary, LC_ALL: "C", NODE_OPTIONS: "" },
    stdio: ["pipe", "pipe", "inherit"],
    windowsHide: true,
  });
  const closed = once(child, "close") as Promise<[number | null]>;
  closed.catch(() => {}); // Reported below and by `stop`.
  child.stdin.on("error", () => {}); // The child has ended.

  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { value: url } = await lines.next();
  if (url === undefined) {
    await closed;
    throw new Error(
      "The PostgreSQL server did not start. Correct what its log above reports, or set TEST_DATABASE_URL to a " +
        "PostgreSQL server of version 15 or newer.",
    );
  }
  /** Makes this process wait for the child, or not. */
  const keepAlive = (isKept: boolean) => {
    for (const handle of [child, child.stdout as Socket]) isKept ? handle.ref() : handle.unref();
  };
  keepAlive(false);
  return {
    url,
    crash: async (downMs) => {
      keepAlive(true);
      child.stdin.write(`crash ${downMs}\n`);
      const { done } = await lines.next();
      if (done) throw new Error("The PostgreSQL server did not start again. Its log above has the reason.");
      keepAlive(false);
    },
    stop: async () => {
      keepAlive(true);
      child.stdin.end();
      const [code] = await closed;
      if (code === 0) return;
      throw new Error(
        `The process of the PostgreSQL server ended by ${code === null ? "a signal" : `exit code ${code}`}. End the ` +
          "server if it still runs, and remove its temporary directory credit-activity-postgres-*.",
      );
    },
  };
}

/**
 * Creates an empty database on the server of the URL. A random suffix makes its name unique, so that test files
 * and test runs at the same time share nothing.
 */
export async function createDatabase(url: string, name: string): Promise<Database> {
  const unique = `${name.replaceAll(/[^A-Za-z0-9]+/g, "_").slice(0, 40)}_${randomBytes(6).toString("hex")}`;
  await query(url, `CREATE DATABASE ${escapeIdentifier(unique)} TEMPLATE template0`);
  const own = new URL(url);
  own.pathname = `/${unique}`;
  return {
    url: own.href,
    drop: async () => {
      await query(url, `DROP DATABASE IF EXISTS ${escapeIdentifier(unique)} WITH (FORCE)`);
    },
  };
}

/** Opens a connection for one statement, and closes it. */
export async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on("error", () => {}); // A lost connection fails the query, which reports it.
  await client.connect();
  try {
    const result = await client.query<Record<string, unknown>>(sql);
    return result.rows;
  } finally {
    await client.end();
  }
}
