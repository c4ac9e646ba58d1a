import { toError } from "@credit-activity/client";
import { toInvalid } from "./api/inputs.js";
import { checkOptions, type LedgerOptions, type Logger } from "./api/options.js";
import { hasEmbeddedDatabase } from "./db/pglite/directory.js";
import { createLedger, type LocalLedger } from "./ledger.js";

/** A ledger that a process has opened, or is about to. */
interface Opened {
  /** The options as a string. */
  readonly options: string;
  /** The options of the ledgers of the same database that were closed for this one. */
  readonly former: ReadonlySet<string>;
  readonly ledger: Promise<LocalLedger>;
  /** True if the ledger was closed, or is about to be. */
  isClosed: boolean;
}

/** Ledgers that a process has opened. */
interface Registry {
  readonly opened: Map<string, Opened>;
  /** Numbers of the pools of the driver, which stand for them in strings. */
  readonly pools: WeakMap<object, number>;
  poolCount: number;
  /** True if the process was warned of modules that close each other's ledger. */
  isWarned: boolean;
}

/** Key of the registry. Bundlers give a process several copies of this module. */
const REGISTRY = Symbol.for("credit-activity.ledgers");

function readRegistry(): Registry {
  const holder = globalThis as { [REGISTRY]?: Registry };
  holder[REGISTRY] ??= { opened: new Map(), pools: new WeakMap(), poolCount: 0, isWarned: false };
  return holder[REGISTRY];
}

function toPoolNumber(pool: object): number {
  const registry = readRegistry();
  const known = registry.pools.get(pool);
  if (known !== undefined) return known;
  registry.poolCount += 1;
  registry.pools.set(pool, registry.poolCount);
  return registry.poolCount;
}

/** Writes to the console, where the developer of an app looks. */
const CONSOLE: Logger = {
  warn: (facts, message) => console.warn(message, ...Object.values(facts)),
  error: (facts, message) => console.error(message, ...Object.values(facts)),
};

const IN_TURNS =
  "Two modules open the ledger of one database with different options, so each closes that of the other. Give both the same options.";

/**
 * Makes a function that opens a ledger at its first call, and resolves to the same one from then on. All its copies in a
 * process share the ledger of a database, so that a module which is loaded again does not open it twice. If the module has
 * other options by then, the ledger is closed and opened with those. A `now` or `logger` stays as it was. Without a `logger`
 * it writes to the console. A ledger that was closed is opened again by the next call.
 *
 * @example
 * export const getLedger = lazyLedger({ database: { url: process.env.DATABASE_URL } });
 * const ledger = await getLedger();
 *
 * @returns a function that rejects as `createLedger` does. The next call tries again
 */
export function lazyLedger(options: LedgerOptions): () => Promise<LocalLedger> {
  return async () => {
    refuseBuild(options);
    return open(checkOptions(options));
  };
}

/** Returns the ledger of checked options. It opens the ledger, unless it is open with the same options. */
function open(options: LedgerOptions): Promise<LocalLedger> {
  const { opened } = readRegistry();
  const name = toJson(toComparable(options).database);
  const json = toJson(toComparable(options));
  const known = opened.get(name);
  if (known !== undefined && !known.isClosed && known.options === json) return known.ledger;
  const before = known === undefined || known.isClosed ? [] : [...known.former, known.options];
  if (before.includes(json)) warnOfTurns();
  const forget = () => {
    if (opened.get(name) === entry) opened.delete(name);
  };
  const ledger = reopen(known, options).then((made) => {
    const { close } = made;
    return Object.assign(made, {
      close() {
        entry.isClosed = true;
        return close().finally(forget);
      },
    });
  });
  const entry: Opened = { options: json, former: new Set(before), ledger, isClosed: false };
  opened.set(name, entry);
  ledger.catch(forget);
  return ledger;
}

function warnOfTurns(): void {
  const registry = readRegistry();
  if (!registry.isWarned) console.warn(IN_TURNS);
  registry.isWarned = true;
}

async function reopen(known: Opened | undefined, options: LedgerOptions): Promise<LocalLedger> {
  const before = await known?.ledger.catch(() => null);
  await before?.close();
  await announceNew(options);
  return createLedger({ logger: CONSOLE, ...options });
}

/** States why the first start of an embedded database takes long. */
async function announceNew({ database }: LedgerOptions): Promise<void> {
  if (!("dataDir" in database) || (await hasEmbeddedDatabase(database.dataDir))) return;
  console.info(
    `Making the embedded database in "${database.dataDir}". This takes up to a minute on a busy machine, once.`,
  );
}

/** Returns what is compared of options: all but the clock and the logger, and a number for a pool. */
function toComparable({ now, logger, database, ...others }: LedgerOptions) {
  const place = "pool" in database ? { ...database, pool: toPoolNumber(database.pool) } : database;
  return { ...others, database: place };
}

/** Returns a value as a string that is the same for the same values. Functions are left out. */
function toJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    throw toInvalid([
      {
        path: "",
        message: "The options can't be written as JSON. Leave out what is a bigint or has itself inside",
      },
    ]);
  }
}

/** @throws UnavailableError if Next.js builds, whose workers would open the embedded database at once */
function refuseBuild({ database }: LedgerOptions): void {
  const isEmbedded = database instanceof Object && ("dataDir" in database || "memory" in database);
  if (!isEmbedded || process.env.NEXT_PHASE !== "phase-production-build") return;
  const detail =
    "The embedded database is not opened by next build, because several processes build. Read the ledger when a request comes: call await connection() of next/server before.";
  throw toError({ code: "unavailable", detail });
}
