import { toError } from "@credit-activity/client";
import type { LedgerOptions, Logger } from "./api/options.js";
import { hasEmbeddedDatabase } from "./db/pglite/directory.js";
import { createLedger, type LocalLedger } from "./ledger.js";

/** A ledger that a process has opened, or is about to. */
interface Opened {
  readonly options: LedgerOptions;
  readonly ledger: Promise<LocalLedger>;
}

/** Ledgers that a process has opened. */
interface Registry {
  readonly opened: Map<string, Opened>;
  /** Numbers of the pools of the driver, which stand for them in strings. */
  readonly pools: WeakMap<object, number>;
  poolCount: number;
}

/** Key of the registry. Bundlers give a process several copies of this module. */
const REGISTRY = Symbol.for("credit-activity.ledgers");

function readRegistry(): Registry {
  const holder = globalThis as { [REGISTRY]?: Registry };
  holder[REGISTRY] ??= { opened: new Map(), pools: new WeakMap(), poolCount: 0 };
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

/**
 * Makes a function that opens a ledger at its first call, and resolves to the same one from then on. All its copies in a
 * process share the ledger of a database, so that a module which is loaded again does not open it twice. If the module has
 * other options by then, the ledger is closed and opened with those. A `now` or `logger` stays as it was. Without a `logger`
 * it writes to the console.
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
    const { opened } = readRegistry();
    const name = toJson(options.database);
    const known = opened.get(name);
    if (known !== undefined && toJson(known.options) === toJson(options)) return known.ledger;
    const ledger = reopen(known, options);
    opened.set(name, { options, ledger });
    ledger.catch(() => {
      if (opened.get(name)?.ledger === ledger) opened.delete(name);
    });
    return ledger;
  };
}

async function reopen(known: Opened | undefined, options: LedgerOptions): Promise<LocalLedger> {
  const before = await known?.ledger.catch(() => null);
  await before?.close();
  await announceNew(options);
  return createLedger({ logger: CONSOLE, ...options });
}

/** States why the first start of an embedded database takes long. */
async function announceNew({ database }: LedgerOptions): Promise<void> {
  const dataDir = database instanceof Object && "dataDir" in database ? database.dataDir : null;
  if (typeof dataDir !== "string" || (await hasEmbeddedDatabase(dataDir))) return;
  console.info(
    `Making the embedded database in "${dataDir}". This takes up to a minute on a busy machine, once.`,
  );
}

/** Returns options as a string that is the same for the same values. Functions and the logger are left out. */
function toJson(options: unknown): string {
  const replace = (name: string, value: unknown) => {
    if (name === "logger") return undefined;
    return name === "pool" && value instanceof Object ? toPoolNumber(value) : value;
  };
  return JSON.stringify(options, replace) ?? "";
}

/** @throws UnavailableError if Next.js builds, whose workers would open the embedded database at once */
function refuseBuild({ database }: LedgerOptions): void {
  const isEmbedded = database instanceof Object && ("dataDir" in database || "memory" in database);
  if (!isEmbedded || process.env.NEXT_PHASE !== "phase-production-build") return;
  const detail =
    "The embedded database is not opened by next build, because several processes build. Read the ledger when a request comes: call await connection() of next/server before.";
  throw toError({ code: "unavailable", detail });
}
