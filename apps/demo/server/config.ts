import path from "node:path";

/** The settings of the demo, from the environment. */
export interface DemoConfig {
  readonly port: number;
  readonly host: string;
  /** The PostgreSQL database of the ledger. Null means the embedded database in `dataDir`. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  /** A secret key to accept. Null means that one is created and stored in `dataDir`. */
  readonly secretKey: string | null;
}

/** A setting that the demo can't use. The message is for the operator. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Reads PORT, HOST, DATABASE_URL, DATA_DIR and CREDITS_SECRET_KEY. An empty variable counts as missing. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): DemoConfig {
  const read = (name: string) => {
    const value = env[name]?.trim();
    return value === undefined || value === "" ? null : value;
  };
  return {
    port: parsePort(read("PORT") ?? "3000"),
    host: checkHost(read("HOST") ?? "127.0.0.1"),
    databaseUrl: checkDatabaseUrl(read("DATABASE_URL")),
    dataDir: path.resolve(read("DATA_DIR") ?? ".data"),
    secretKey: checkSecretKey(read("CREDITS_SECRET_KEY")),
  };
}

/** True if only this machine can reach a server that listens on the host. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Formats the address of a server for a person. A host that stands for all interfaces becomes localhost. */
export function formatAddress(host: string, port: number): string {
  const named = host === "0.0.0.0" || host === "::" ? "localhost" : host;
  return `http://${named.includes(":") ? `[${named}]` : named}:${port}`;
}

function parsePort(value: string): number {
  const port = Number(value);
  if (/^\d{1,5}$/.test(value) && port <= 65_535) return port;
  throw new ConfigError(
    `PORT is "${value}", which is not a port. Use a number from 1 to 65535, or 0 for any free port.`,
  );
}

function checkHost(value: string): string {
  if (/^[\w.:-]+$/.test(value)) return value;
  throw new ConfigError(
    `HOST is "${value}", which is not a host. Use a name or an address, such as 127.0.0.1.`,
  );
}

function checkDatabaseUrl(value: string | null): string | null {
  if (value === null || /^postgres(ql)?:\/\/./.test(value)) return value;
  throw new ConfigError(
    "DATABASE_URL is not a PostgreSQL URL. Write it as postgres://user:password@host:5432/database, or leave it out for the embedded database.",
  );
}

function checkSecretKey(value: string | null): string | null {
  // Three words joined by points would be taken for an account token.
  const isToken = value !== null && /^[\w-]+(\.[\w-]+){2}$/.test(value);
  if (value === null || (/^[\x21-\x7e]{16,255}$/.test(value) && !isToken)) return value;
  throw new ConfigError(
    "CREDITS_SECRET_KEY can't be a secret key. Use 16 to 255 printable ASCII characters without spaces and points, or leave it out.",
  );
}
