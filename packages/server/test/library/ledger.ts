import { createHostileDatabase } from "../../../../tools/hostile-database.js";
import { createLedger, type DatabaseOptions, type LedgerOptions, type LocalLedger } from "../../src/index.js";
import type { Engine } from "../databases.js";

/** A ledger in the test's process, on a new database. */
export interface LibraryLedger {
  readonly ledger: LocalLedger;
  /** The URL of the database. Null for the embedded one, which is in memory. */
  readonly url: string | null;
  /** Opens the same database again. The embedded one can't be opened twice. */
  reopen(): Promise<LocalLedger>;
  drop(): Promise<void>;
}

export async function openLibrary(
  engine: Engine,
  options: Pick<LedgerOptions, "now" | "kinds" | "logger" | "sweep"> = {},
): Promise<LibraryLedger> {
  const own = engine === "postgres" ? await createHostileDatabase("library") : null;
  const database: DatabaseOptions = own === null ? { memory: true } : { url: own.url };
  const opened: LocalLedger[] = [];
  const open = async () => {
    const ledger = await createLedger({ database, secretKeys: ["secret-of-the-tests"], ...options });
    opened.push(ledger);
    return ledger;
  };
  return {
    ledger: await open(),
    url: own?.url ?? null,
    reopen: open,
    async drop() {
      await Promise.all(opened.map((ledger) => ledger.close()));
      await own?.drop();
    },
  };
}
