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
/**
 * Starts a PostgreSQL server from npm, with an empty data directory, on a free port of 127.0.0.1.
 * The server ends with `stop()` or with this process, even if this process is killed.
 * It does not keep this process alive.
 */
export declare function startPostgres({ durable }?: PostgresOptions): Promise<PostgresServer>;
/**
 * Creates an empty database on the server of the URL. A random suffix makes its name unique, so that test files
 * and test runs at the same time share nothing.
 */
export declare function createDatabase(url: string, name: string): Promise<Database>;
/** Opens a connection for one statement, and closes it. */
export declare function query(url: string, sql: string): Promise<Record<string, unknown>[]>;
