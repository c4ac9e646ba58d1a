import { formatInstant, type Instant } from "../core/instant.js";
import type { Database } from "../db/port.js";

/** The number of entries or rows per statement. */
const CHUNK = 5_000;

/** An erasure of the free text of an account, recorded by an entry. */
export interface Erasure {
  readonly account: string;
  /** The entry that records it. All entries before it are erased. */
  readonly seq: number;
}

const ENTRIES = `
  UPDATE credits.entries SET title = NULL, description = NULL, source_label = NULL, member = NULL, cost = NULL,
    metadata = NULL, private_metadata = NULL, salt = NULL
  WHERE account = $1 AND seq BETWEEN $2::bigint AND $3::bigint`;

const ROWS = `
  UPDATE credits.activity_rows SET title = NULL, description = NULL, source_label = NULL, member = NULL
  WHERE account = $1 AND position BETWEEN $2::bigint AND $3::bigint`;

const GRANTS = `
  UPDATE credits.grants SET title = NULL, description = NULL, source_label = NULL
  WHERE account = $1 AND seq BETWEEN $2::bigint AND $3::bigint`;

/** Erases the rest. The account gets another version, so that servers that have it cached read it again. */
const CONCLUDE = `
  WITH holds AS (
    UPDATE credits.holds SET description = NULL, source_label = NULL, member = NULL, metadata = NULL,
      private_metadata = NULL, salt = NULL
    WHERE account = $1
  ), labels AS (
    DELETE FROM credits.labels WHERE account = $1
  ), states AS (
    DELETE FROM credits.window_states WHERE account = $1
  ), account AS (
    UPDATE credits.accounts SET name = NULL, metadata = '{}', version = floor(random() * 9007199254740991)::bigint,
      updated_at = $3::timestamptz
    WHERE account = $1
  )
  UPDATE credits.erasures SET erased_at = $3::timestamptz WHERE account = $1 AND seq = $2::bigint`;

/** Reads the position of the row that an entry is in. */
const POSITION = "SELECT position FROM credits.entries WHERE account = $1 AND seq = $2::bigint";

const OPEN =
  "SELECT account, seq FROM credits.erasures WHERE erased_at IS NULL ORDER BY account LIMIT $1::integer";

/**
 * Erases the free text about people of an account, in bounded statements. It can be repeated, and goes on where an earlier
 * try ended.
 */
export async function erase(database: Database, { account, seq }: Erasure, now: Instant): Promise<void> {
  const [entry] = await database.query<{ position: bigint }>(POSITION, [account, seq]);
  await eachChunk(seq - 1, (from, to) => database.write(ENTRIES, [account, from, to]));
  await eachChunk(seq - 1, (from, to) => database.write(GRANTS, [account, from, to]));
  await eachChunk(Number(entry?.position ?? 1) - 1, (from, to) => database.write(ROWS, [account, from, to]));
  await database.write(CONCLUDE, [account, seq, formatInstant(now)]);
}

/** Reads erasures that are not complete. */
export async function listOpenErasures(database: Database, limit: number): Promise<Erasure[]> {
  const rows = await database.query<{ account: string; seq: bigint }>(OPEN, [limit]);
  return rows.map(({ account, seq }) => ({ account, seq: Number(seq) }));
}

async function eachChunk(last: number, run: (from: number, to: number) => Promise<unknown>): Promise<void> {
  for (let from = 1; from <= last; from += CHUNK) await run(from, Math.min(from + CHUNK - 1, last));
}
