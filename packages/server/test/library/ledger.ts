import { inject } from "vitest";
import { createDatabase } from "../../../../tools/postgres.js";
import { type Credits, createCredits, type DatabaseOptions, type Instant } from "../../src/index.js";
import type { Engine } from "../databases.js";

/** A ledger opened as a library, on a database of its own. */
export interface LibraryLedger {
  readonly credits: Credits;
  /** Opens the same database once more; the embedded one can't be. */
  again(): Promise<Credits>;
  drop(): Promise<void>;
}

export async function openLibrary(engine: Engine, now?: () => Instant): Promise<LibraryLedger> {
  const own = engine === "postgres" ? await createDatabase(inject("databaseUrl"), "library") : null;
  const database: DatabaseOptions = own === null ? {} : { url: own.url };
  const options = {
    database,
    secretKeys: ["secret"],
    ...(now === undefined ? {} : { now }),
  };
  const opened: Credits[] = [];
  const open = async () => {
    const credits = await createCredits(options);
    opened.push(credits);
    return credits;
  };
  return {
    credits: await open(),
    again: open,
    async drop() {
      await Promise.all(opened.map((credits) => credits.close()));
      await own?.drop();
    },
  };
}
