import pg from "pg";
import { isConnectionUsable } from "../errors.js";
import type { PostgresPool } from "./borrowed.js";
import { send, TYPES } from "./statement.js";

/** Where and how to connect to a PostgreSQL server. */
export interface PostgresAddress {
  /** Connection string. */
  readonly url: string;
  /** True for TLS, or the options of TLS, as the driver takes them. What the URL says of TLS counts more. */
  readonly ssl?: boolean | object;
  /** Called with the error of a connection that fails while idle. The pool replaces the connection. */
  readonly onError?: (error: Error) => void;
}

/** Connections that are lent for one transaction each. */
export interface Connections {
  /**
   * Works with a connection. One that an error leaves unusable is replaced.
   *
   * @param undo called when the work has failed and the connection is usable
   */
  lend<T>(work: Work<T>, undo?: Work<unknown>): Promise<T>;
  end(): Promise<void>;
}

/** Work with a connection, whose session may be the ledger's own. */
type Work<T> = (client: pg.ClientBase, hasOwnSession: boolean) => Promise<T>;

/** Time after which a connection that is not ready is given up. */
const CONNECT_MS_MAX = 10_000;

/** Lifetime of a connection. Plans made while a table was empty go with it. */
const CONNECTION_SECONDS_MAX = 600;

/**
 * Opens a pool of connections, which connect when first used.
 *
 * A connection has its own session if it leads to the server directly. Behind a pooler, such as PgBouncer, each transaction
 * may run in another session, which then serves others. A pooler has to make up the process id that it sends its clients,
 * because a session has no fixed client. So the connection is direct if that id is the session's.
 *
 * @param session the statement that makes the settings of a session; null to change only the name of a session
 */
export function openPool(address: PostgresAddress, max: number, session: string | null): Connections {
  /** The connections that are not closed. */
  const clients = new Set<pg.ClientBase>();
  const own = new WeakSet<pg.ClientBase>();
  const prepare = async (client: pg.ClientBase) => {
    if (!(await isDirect(client))) return;
    await send(client, NAMED, undefined, CONNECTING);
    if (session === null) return;
    own.add(client);
    // Where the settings are refused, times are still parsed correctly, by their offset.
    await send(client, session, undefined, CONNECTING);
  };
  const pool = new pg.Pool({
    connectionString: address.url,
    ...(address.ssl === undefined ? {} : { ssl: address.ssl }),
    max,
    types: TYPES,
    maxLifetimeSeconds: CONNECTION_SECONDS_MAX,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    // The sweep would keep a process alive that has nothing else to do.
    allowExitOnIdle: true,
    onConnect: async (client) => {
      client.on("error", () => {});
      clients.add(client);
      client.once("end", () => clients.delete(client));
      await prepare(client).catch((error: Error) => {
        address.onError?.(error);
        if (!isConnectionUsable(error)) throw error;
      });
    },
  });
  pool.on("error", (error: Error & { client?: unknown }) => {
    // The pool adds the whole client, with all that it has read.
    delete error.client;
    address.onError?.(error);
  });
  return {
    lend: (work, undo) => lend(pool, (client) => own.has(client), work, undo),
    async end() {
      await pool.end();
      // The other side of a connection that was lost never closes it. It must not keep the process alive.
      for (const client of clients) (client as unknown as { unref(): void }).unref();
    },
  };
}

/** Borrows connections of a pool of the application, which stays open, with its sessions as they are. */
export function borrowPool(pool: PostgresPool): Connections {
  return {
    lend: (work, undo) => lend(pool as pg.Pool, () => false, work, undo),
    async end() {},
  };
}

const CONNECTING = { name: null, frame: null, timeoutMs: CONNECT_MS_MAX };

/** True if a connection leads to the server without a pooler in between. */
async function isDirect(client: pg.ClientBase): Promise<boolean> {
  const [row] = await send<{ pid: number }>(
    client,
    "SELECT pg_catalog.pg_backend_pid() AS pid",
    undefined,
    CONNECTING,
  );
  return row?.pid === (client as unknown as { processID: number | null }).processID;
}

/** Names a session, unless the URL does. A pooler would pass a name that came with the connection to other sessions. */
const NAMED = `SELECT WHERE pg_catalog.set_config('application_name',
  coalesce(nullif(pg_catalog.current_setting('application_name'), ''), 'credit-activity'), false) IS NULL`;

const ignore = () => {};

async function lend<T>(
  pool: pg.Pool,
  hasOwnSession: (client: pg.ClientBase) => boolean,
  work: Work<T>,
  undo?: Work<unknown>,
): Promise<T> {
  const client = await pool.connect();
  const isOwn = hasOwnSession(client);
  let broken: Error | undefined;
  // The loss of a connection fails the statement that waits for it. The event would end the process.
  client.on("error", ignore);
  try {
    return await work(client, isOwn);
  } catch (error) {
    // A lost connection would take as long again, and PostgreSQL rolls back what it has begun.
    if (!isConnectionUsable(error)) broken = error as Error;
    else
      await undo?.(client, isOwn).catch((failed: Error) => {
        broken = failed;
      });
    throw error;
  } finally {
    client.off("error", ignore);
    client.release(broken);
  }
}
