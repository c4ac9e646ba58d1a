import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from "vitest";
import type { LocalLedger } from "../../src/index.js";
import type { Engine } from "../databases.js";
import { type LibraryLedger, openLibrary } from "./ledger.js";

/** The time at which each test begins. */
export const START = "2026-11-22T10:00:00Z";

/** Returns the time some minutes after the start. */
export const minutes = (count: number) => new Date(Date.parse(START) + count * 60_000);

/** A ledger with a clock that stands still until a test sets it. */
export interface ClockedLedger {
  /** The ledger. After a restart it is the one that was opened last. */
  readonly ledger: LocalLedger;
  /** The warnings that it has logged. */
  readonly warnings: readonly string[];
  setTime(at: Date | string): void;
  /** Opens the ledger again, so that it reads what it would have cached. Only servers on PostgreSQL can. */
  restart(): Promise<void>;
  /** Returns the URL of the database. Null for the embedded one. */
  toUrl(): string | null;
  /** Sets the clock to the start, and creates an account. */
  openAccount(credits?: number): Promise<string>;
}

/**
 * Opens a ledger per test, or one for all tests of the block. Afterwards its records must be right. It sweeps only when a test
 * calls `sweep` or advances the timers, so nothing that is due is posted before a test reads it.
 */
export function useLedger(engine: Engine, scope: "each test" | "all tests"): ClockedLedger {
  let library: LibraryLedger;
  let current: LocalLedger;
  let now: Date | string = START;
  let accounts = 0;
  const warnings: string[] = [];
  const logger = { warn: (_: object, message: string) => void warnings.push(message), error: () => {} };

  const [before, after] = scope === "each test" ? [beforeEach, afterEach] : [beforeAll, afterAll];
  before(async () => {
    vi.useFakeTimers({ toFake: ["setInterval"] });
    now = START;
    warnings.length = 0;
    library = await openLibrary(engine, { now: () => new Date(now), logger });
    current = library.ledger;
  });
  after(async () => {
    vi.useRealTimers();
    expect((await current.verify()).violations).toEqual([]);
    await library.drop();
  });

  // The methods of a ledger need no `this`, so they can be taken from whichever is open.
  const ledger = new Proxy({} as LocalLedger, { get: (_, name) => Reflect.get(current, name) });
  return {
    ledger,
    warnings,
    setTime(at) {
      now = at;
    },
    async restart() {
      if (engine === "postgres") current = await library.reopen();
    },
    toUrl: () => library.url,
    async openAccount(credits = 100) {
      now = START;
      accounts += 1;
      const account = `account ${accounts}`;
      await ledger.putAccount(account);
      if (credits > 0) await ledger.grant(account, { kind: "purchase", credits });
      return account;
    },
  };
}
