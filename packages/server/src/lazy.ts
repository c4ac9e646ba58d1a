import { toError } from "@credit-activity/client";
import { createLedger, type LedgerOptions, type LocalLedger } from "./ledger.js";

/** A ledger that a process has opened, or is about to. */
interface Opened {
  readonly options: LedgerOptions;
  readonly ledger: Promise<LocalLedger>;
}

/** Key of the ledgers of a process. Bundlers give a process several copies of this module. */
const LEDGERS = Symbol.for("credit-activity.ledgers");

/** Opened ledgers of this process, by their database. */
function listOpened(): Map<string, Opened> {
  const holder = globalThis as { [LEDGERS]?: Map<string, Opened> };
  holder[LEDGERS] ??= new Map();
  return holder[LEDGERS];
}

/**
 * Makes a function that opens a ledger at its first call, and resolves to the same one from then on. All its copies in a
 * process share the ledger of a database, so that a module which is loaded again does not open it twice. If the module has
 * other options by then, the ledger is closed and opened with those. A `now` or `logger` stays as it was.
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
    const opened = listOpened();
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
  return createLedger(options);
}

/** Returns options as a string that is the same for the same values. Functions and what has them are left out. */
function toJson(options: unknown): string {
  return JSON.stringify(options, (name, value) => (name === "logger" ? undefined : value)) ?? "";
}

/** @throws UnavailableError if Next.js builds, whose workers would open the embedded database at once */
function refuseBuild({ database }: LedgerOptions): void {
  const isEmbedded = typeof database === "object" && database !== null && !("url" in database);
  if (!isEmbedded || process.env.NEXT_PHASE !== "phase-production-build") return;
  const detail =
    "The embedded database is not opened by next build, because several processes build. Read the ledger when a request comes: call await connection() of next/server before.";
  throw toError({ code: "unavailable", detail });
}
