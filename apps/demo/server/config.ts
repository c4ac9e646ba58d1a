import path from "node:path";

/** How the demo runs, as the environment says. */
export interface DemoConfig {
  readonly port: number;
  readonly host: string;
  /** Where the ledger lives when it is on Postgres; null means the embedded database in `dataDir`. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  /** A secret key to accept; null means one is made and kept in `dataDir`. */
  readonly secretKey: string | null;
}

/** Thrown for an environment the demo can't run with. The message is a sentence for the operator. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Reads PORT, HOST, DATABASE_URL, DATA_DIR and CREDITS_SECRET_KEY. An empty variable counts as none. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): DemoConfig {
  const given = (name: string) => {
    const value = env[name]?.trim();
    return value === undefined || value === "" ? null : value;
  };
  return {
    port: readPort(given("PORT") ?? "3000"),
    host: readHost(given("HOST") ?? "127.0.0.1"),
    databaseUrl: readDatabaseUrl(given("DATABASE_URL")),
    dataDir: path.resolve(given("DATA_DIR") ?? ".data"),
    secretKey: readSecretKey(given("CREDITS_SECRET_KEY")),
  };
}

/** Whether only this machine can reach a server that listens on the host. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Writes the address of a server for a person: a host that stands for all interfaces is reached as localhost. */
export function addressOf(host: string, port: number): string {
  const named = host === "0.0.0.0" || host === "::" ? "localhost" : host;
  return `http://${named.includes(":") ? `[${named}]` : named}:${port}`;
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new ConfigError(
    `PORT is "${text}", which is no port. Give a number from 1 to 65535, or 0 for any free one.`,
  );
}

function readHost(text: string): string {
  if (/^[\w.:-]+$/.test(text)) return text;
  throw new ConfigError(`HOST is "${text}", which is no host. Give a name or an address, such as 127.0.0.1.`);
}

function readDatabaseUrl(text: string | null): string | null {
  if (text === null || /^postgres(ql)?:\/\/./.test(text)) return text;
  throw new ConfigError(
    "DATABASE_URL is no address of a Postgres database. Write it as postgres://user:password@host:5432/database, or leave it out for the embedded database.",
  );
}

function readSecretKey(text: string | null): string | null {
  // Three words joined by points would be taken for an account token.
  if (text === null || (/^[\x21-\x7e]{16,255}$/.test(text) && !/^[\w-]+(\.[\w-]+){2}$/.test(text)))
    return text;
  throw new ConfigError(
    "CREDITS_SECRET_KEY can't serve as a secret key. Give 16 to 255 printable ASCII characters without spaces and points, or leave it out to have one made.",
  );
}
