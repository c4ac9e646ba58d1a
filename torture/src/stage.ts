import { setTimeout as sleep } from "node:timers/promises";
import { openScratch } from "../../bench/src/scratch.js";
import { createDatabase, type PostgresServer, query, startPostgres } from "../../tools/postgres.js";
import type { Draw } from "./draw.js";
import { ViolationError } from "./history.js";
import { type DatabaseProxy, openProxy } from "./proxy.js";
import { createServerProcess, runCommand, type ServerProcess } from "./server-process.js";
import { SERVER_SESSIONS } from "./sessions.js";

/** A server, with the proxy to its database if there is one. */
export interface Actor {
  readonly server: ServerProcess;
  /** Null on the embedded database. */
  readonly proxy: DatabaseProxy | null;
  /** True while a fault has it. Each server has one fault at a time. */
  isTaken: boolean;
}

/** PostgreSQL, with a URL that no fault cuts. */
export interface Cluster {
  readonly server: PostgresServer;
  readonly url: string;
}

/** The processes of a run. */
export interface Stage {
  readonly actors: readonly Actor[];
  /** Null on the embedded database. */
  readonly cluster: Cluster | null;
  /** Stops all servers, and resolves when nothing of them is left that could still write. */
  stopServers(): Promise<void>;
  startServers(): Promise<void>;
  /**
   * Runs `verify`. The servers are stopped.
   *
   * @throws ViolationError if a check fails
   */
  verify(): Promise<string>;
  close(): Promise<void>;
}

const SERVERS = 3;

/** The time in which the sessions of servers that ended have to be gone. A wait for a lock lasts three seconds. */
const SESSIONS_MS_MAX = 30_000;

/** Opens three servers on a PostgreSQL server that is started for the run, each with a proxy between. */
export async function openPostgresStage(onViolation: (violation: ViolationError) => void): Promise<Stage> {
  // Commits have to outlast a crash, as in production.
  const postgres = await startPostgres({ durable: true });
  const scratch = await openScratch();
  const { url } = await createDatabase(postgres.url, "torture");
  const key = await runCommand(["keys", "create", "--name", "Torture"], { DATABASE_URL: url });
  const closing = new AbortController();
  const actors: Actor[] = [];
  for (let number = 1; number <= SERVERS; number += 1) {
    const proxy = await openProxy(url);
    const env = { DATABASE_URL: proxy.url };
    const server = createServerProcess({ number, env, key, scratch, closing: closing.signal, onViolation });
    actors.push({ server, proxy, isTaken: false });
  }
  return {
    actors,
    cluster: { server: postgres, url },
    async stopServers() {
      await Promise.all(actors.map(({ server }) => server.stop()));
      // PostgreSQL has not seen the end of lost connections.
      for (const { proxy } of actors) proxy?.reset();
      for (const startMs = performance.now(); ; await sleep(50)) {
        const [row] = await query(url, `SELECT count(*)::int AS sessions ${SERVER_SESSIONS}`);
        if (row?.sessions === 0) return;
        if (performance.now() - startMs > SESSIONS_MS_MAX) {
          throw new ViolationError("", "Sessions of servers that have ended are still open.", row);
        }
      }
    },
    startServers: () => startAll(actors),
    verify: () => runCommand(["verify"], { DATABASE_URL: url }),
    async close() {
      closing.abort();
      await scratch.remove();
      await Promise.all(actors.map(({ proxy }) => proxy?.close()));
      await postgres.stop();
    },
  };
}

/** Opens one server on the embedded database, in a temporary directory. */
export async function openEmbeddedStage(onViolation: (violation: ViolationError) => void): Promise<Stage> {
  const scratch = await openScratch();
  const env = { DATA_DIR: `${scratch.directory}/data` };
  const key = await runCommand(["keys", "create", "--name", "Torture"], env);
  const closing = new AbortController();
  const options = { env, key, scratch, closing: closing.signal, onViolation };
  const server = createServerProcess({ number: 1, ...options });
  const actors = [{ server, proxy: null, isTaken: false }];
  return {
    actors,
    cluster: null,
    stopServers: () => server.stop(),
    startServers: () => startAll(actors),
    verify: () => runCommand(["verify"], env),
    async close() {
      closing.abort();
      await scratch.remove();
    },
  };
}

/** Draws a server that listens, as a load balancer would. While none does, it is any. */
export function pickServer(draw: Draw, actors: readonly Actor[]): ServerProcess {
  const listening = actors.filter(({ server }) => server.isListening);
  return draw.pick(listening.length === 0 ? actors : listening).server;
}

async function startAll(actors: readonly Actor[]): Promise<void> {
  await Promise.all(actors.map(({ server }) => server.start()));
}
