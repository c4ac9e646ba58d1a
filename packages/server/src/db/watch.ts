import type { Instant } from "../core/instant.js";
import { DatabaseClock } from "./clock.js";
import { DatabaseError, errorMeaning, serverMessage } from "./errors.js";
import { NEWEST_MIGRATION, toNewerSchemaMessage } from "./migrations.js";
import type { Database, Reader } from "./port.js";

/** The interval at which the database is looked at. */
const LOOK_EVERY_MS = 10_000;

/** The number of looks at the start. The best of them sets the clock. */
const FIRST_LOOKS = 3;

/** The time after which a check fails. A pool of the application may have no connection to lend for longer. */
const CHECK_MS_MAX = 5_000;

/** The difference between the clocks of the process and the database that is worth a warning. */
const WARN_SECONDS = 1;

/** A watch over a database: it has its time, and refuses commands while none may be decided. */
export interface Watch {
  /** The database. While its schema is newer than this version, it refuses writes with that reason. */
  readonly database: Database;
  /** Returns the time by which commands are decided. */
  now(): Instant;
  /**
   * Returns null if commands can be decided now, or a promise that resolves when they can.
   *
   * @param reader the transaction of the commands; it may have the last connection, so that nothing else is looked at
   * @throws DatabaseError while they can't, also as a rejection
   */
  admit(reader?: Reader): Promise<void> | null;
  /** Looks at the database. Rejects when it does not respond in some seconds, or takes no commands. */
  check(): Promise<void>;
  stop(): Promise<void>;
}

export interface WatchOptions {
  /** A clock to go by instead of the database's. */
  readonly now: (() => Instant) | null;
  /** The most seconds between the clocks of the process and the database with which commands are decided. */
  readonly offsetSecondsMax: number;
  /** Called with sentences for the operator. */
  readonly onWarning: (message: string) => void;
}

const LOOK = `
  SELECT pg_catalog.clock_timestamp() AS read_at,
    (SELECT name FROM credits.migrations WHERE id > $1::integer ORDER BY id LIMIT 1) AS newer`;

interface Look {
  readonly read_at: Instant;
  /** The first migration that this version does not have, or null. */
  readonly newer: string | null;
}

/** Starts to watch a database. */
export async function watch(database: Database, options: WatchOptions): Promise<Watch> {
  const clock = new DatabaseClock();
  const now = options.now ?? (() => clock.now());
  let looking: Promise<void> | null = null;
  let newerSchema: DatabaseError | null = null;
  let wrongClock: DatabaseError | null = null;
  /** True if the operator was warned of the clock as it is. */
  let isWarned = false;

  async function lookOnce(reader: Reader): Promise<void> {
    const sentMs = performance.now();
    const [row] = await reader.query<Look>(LOOK, [NEWEST_MIGRATION]);
    const { read_at, newer } = row as Look;
    clock.take(sentMs, read_at);
    setSchema(newer);
    if (options.now === null) judgeClock();
  }

  function setSchema(newer: string | null): void {
    if (newer !== null && newerSchema === null) options.onWarning(toNewerSchemaMessage(newer));
    newerSchema = newer === null ? null : new DatabaseError("unusable", toNewerSchemaMessage(newer));
  }

  function judgeClock(): void {
    const offset = clock.offsetSeconds;
    const isOff = Math.abs(offset) > WARN_SECONDS;
    const isWrong = Math.abs(offset) > options.offsetSecondsMax;
    const difference = `The clock of this process is ${Math.abs(offset).toFixed(1)} s ${offset < 0 ? "behind" : "ahead of"} the database's`;
    wrongClock = isWrong
      ? new DatabaseError(
          "unusable",
          `${difference}, so one of the two is wrong, and what expires now may be lost. Set both clocks, for example by NTP.`,
        )
      : null;
    if (isOff && !isWarned) {
      options.onWarning(
        wrongClock?.message ??
          `${difference}. The ledger goes by the database's. Set both clocks, for example by NTP.`,
      );
    }
    isWarned = isOff;
  }

  /** Looks at the database, once for all who wait for it. */
  function look(): Promise<void> {
    looking ??= lookOnce(database).finally(() => {
      looking = null;
    });
    return looking;
  }

  function assertAdmitted(): void {
    const reason = newerSchema ?? wrongClock;
    if (reason !== null) throw reason;
  }

  /** Throws an error of the database, or the newer schema that explains it. */
  async function explain(error: unknown): Promise<never> {
    const meaning = errorMeaning(error);
    const isUnexplained = serverMessage(error) !== null && (meaning === null || meaning === "unsuitable");
    if (isUnexplained) await look().catch(() => {});
    throw isUnexplained && newerSchema !== null ? newerSchema : error;
  }

  const assertSchema = () => {
    if (newerSchema !== null) throw newerSchema;
  };

  for (let count = 0; count < FIRST_LOOKS; count++) await look();
  const timer = setInterval(() => look().catch(() => {}), LOOK_EVERY_MS);
  timer.unref();

  return {
    database: {
      ...database,
      query: (sql, params) => database.query<never>(sql, params).catch(explain),
      async write(sql, params) {
        assertSchema();
        return database.write<never>(sql, params).catch(explain);
      },
      async transaction(mode, work) {
        if (mode !== "snapshot") assertSchema();
        return database.transaction(mode, work).catch(explain);
      },
    },
    now,
    admit(reader) {
      assertAdmitted();
      if (options.now !== null || !clock.isDoubtful) return null;
      return (reader === undefined ? look() : lookOnce(reader)).then(assertAdmitted);
    },
    async check() {
      await inTime(look());
      assertAdmitted();
      database.assertWritable();
    },
    async stop() {
      clearInterval(timer);
      await looking?.catch(() => {});
    },
  };
}

/** Waits for a look for some seconds. It goes on after that. */
async function inTime(look: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const fail = () =>
      reject(
        new DatabaseError(
          "unavailable",
          `The database did not respond within ${CHECK_MS_MAX / 1000} seconds. Check its load, and that the pool has a free connection.`,
        ),
      );
    timer = setTimeout(fail, CHECK_MS_MAX);
  });
  try {
    await Promise.race([look, late]);
  } finally {
    clearTimeout(timer);
  }
}
