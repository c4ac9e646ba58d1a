import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, escapeIdentifier } from "pg";
import {
  type Binaries,
  findBinaries,
  type ServerUser,
  serverUser,
  temporaryFolder,
} from "./postgres-binaries.js";
import { startWatchdog, type Watchdog } from "./postgres-watchdog.js";

/** How to run a server. */
export interface PostgresOptions {
  /** Keep what was committed through a power cut, as a server in earnest does: for measurements. Default false. */
  readonly durable?: boolean;
  /** Settings of postgresql.conf by name; they go before those made here. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Is given each line the server logs. */
  readonly log?: (line: string) => void;
}

/** A running PostgreSQL server. */
export interface PostgresServer {
  /** Connects as superuser to the database `postgres`. */
  readonly url: string;
  /** The server's version, such as "18.4". */
  readonly version: string;
  /** Stops the server and removes all it stored. */
  stop(): Promise<void>;
}

/** A database of one's own on a server. */
export interface Database {
  readonly url: string;
  /** Drops the database, and whatever connections there are to it. */
  drop(): Promise<void>;
}

const defaults = {
  max_connections: "200",
  timezone: "UTC",
  log_timezone: "UTC",
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
};
const careless = { fsync: "off", synchronous_commit: "off", full_page_writes: "off" };

const ready_ms_max = 60_000;
const ports_tried_max = 5;
const log_lines_kept = 30;

/**
 * Runs a real PostgreSQL server from the binaries of an npm package, on 127.0.0.1, on a free port, with an empty data
 * folder among the temporary files. The server ends, and the folder goes, with `stop()` or with this process, however
 * that ends. It does not keep this process alive.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const user = await serverUser();
  const binaries = await findBinaries(user);
  const folder = await mkdtemp(join(await temporaryFolder(user), "credit-activity-postgres-"));
  if (user !== undefined) await chown(folder, user.uid, user.gid);
  const launch: Launch = { binaries, user, folder, options, log: [], watchdog: startWatchdog(folder) };
  try {
    const password = randomBytes(18).toString("hex");
    await initialise(launch, password);
    const { url, version } = await serve(launch, password);
    let stopped: Promise<void> | undefined;
    const stop = () => {
      stopped ??= launch.watchdog.finish();
      return stopped;
    };
    return { url, version, stop };
  } catch (error) {
    await launch.watchdog.finish().catch(() => {});
    throw error;
  }
}

/**
 * Creates an empty database on the server that the URL leads to. Its name begins with the given one and ends with
 * something random, so that test files and test runs at the same time do not meet.
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

/** The version of the server that the URL leads to, as text ("18.4") and as a number to compare (180004). */
export async function serverVersion(url: string): Promise<{ text: string; number: number }> {
  const [row] = await query(
    url,
    "SELECT current_setting('server_version') AS text, current_setting('server_version_num') AS number",
  );
  return { text: String(row?.text).split(" ")[0] ?? "", number: Number(row?.number) };
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on("error", () => {}); // A connection lost in between fails the query, which says so.
  await client.connect();
  try {
    const result = await client.query<Record<string, unknown>>(sql);
    return result.rows;
  } finally {
    await client.end();
  }
}

interface Launch {
  readonly binaries: Binaries;
  readonly user: ServerUser | undefined;
  readonly folder: string;
  readonly options: PostgresOptions;
  readonly log: string[];
  readonly watchdog: Watchdog;
}

async function initialise(launch: Launch, password: string): Promise<void> {
  const file = join(launch.folder, "password");
  await writeFile(file, password, { mode: 0o600 });
  if (launch.user !== undefined) await chown(file, launch.user.uid, launch.user.gid);
  const initdb = run(launch, launch.binaries.initdb, [
    ...["--pgdata", join(launch.folder, "data")],
    ...["--username", "postgres", "--pwfile", file, "--auth", "scram-sha-256"],
    ...["--encoding", "UTF8", "--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"],
    "--no-sync",
  ]);
  const [code] = (await once(initdb, "close")) as [number | null];
  await rm(file);
  if (code !== 0) throw failure(launch, "PostgreSQL could not set up its data folder");
  launch.log.length = 0;
}

async function serve(launch: Launch, password: string): Promise<{ url: string; version: string }> {
  const { durable = false, settings = {} } = launch.options;
  const all = { ...defaults, ...(durable ? {} : careless), ...settings };
  for (let attempt = 1; attempt <= ports_tried_max; attempt += 1) {
    const port = await freePort();
    const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
    const server = run(launch, launch.binaries.postgres, [
      ...["-D", join(launch.folder, "data"), "-p", String(port)],
      ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    ]);
    const version = await ready(launch, server, url);
    if (version !== undefined) {
      server.unref();
      for (const stream of [server.stdout, server.stderr]) if (stream instanceof Socket) stream.unref();
      return { url, version };
    }
    if (!launch.log.some((line) => line.includes("could not bind"))) break;
  }
  throw failure(launch, "The PostgreSQL server did not start");
}

/** Waits until the server answers a query; its version then, or undefined when it ended instead. */
async function ready(launch: Launch, server: ChildProcess, url: string): Promise<string | undefined> {
  let closed = false;
  server.once("close", () => {
    closed = true;
  });
  let last: unknown;
  for (const end = Date.now() + ready_ms_max; Date.now() < end; await sleep(20)) {
    if (closed) return undefined;
    try {
      return (await serverVersion(url)).text;
    } catch (error) {
      last = error;
    }
  }
  throw failure(
    launch,
    `The PostgreSQL server did not answer within ${ready_ms_max / 1000} s (${String(last)})`,
  );
}

/** Starts one of the server's programs, as the server's user, under the watchdog's eyes, its output in the log. */
function run(launch: Launch, program: string, args: string[]): ChildProcess {
  const child = spawn(program, args, {
    ...launch.user,
    cwd: launch.folder,
    detached: true, // A Ctrl-C in the terminal is for this process; the server ends after it.
    env: { PATH: process.env.PATH, SystemRoot: process.env.SystemRoot, LC_ALL: "C" },
    stdio: ["ignore", "pipe", "pipe"],
    windowsHide: true,
  });
  launch.watchdog.watch(child);
  child.on("error", (error) => keep(launch, error.message));
  follow(launch, child.stdout);
  follow(launch, child.stderr);
  return child;
}

function follow(launch: Launch, output: Readable): void {
  createInterface({ input: output }).on("line", (line) => keep(launch, line));
}

function keep(launch: Launch, line: string): void {
  launch.log.push(line);
  if (launch.log.length > log_lines_kept) launch.log.shift();
  launch.options.log?.(line);
}

function failure(launch: Launch, what: string): Error {
  const log = launch.log.length === 0 ? "It logged nothing." : `It logged:\n${launch.log.join("\n")}`;
  return new Error(
    `${what}. Put right what its log complains of, or set TEST_DATABASE_URL to a PostgreSQL 15 or newer of your own. ${log}`,
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("The system gave a socket no port.");
  return address.port;
}
