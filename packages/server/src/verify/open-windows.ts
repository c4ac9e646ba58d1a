import { z } from "zod";
import { WINDOW_MICROS, WINDOW_ROWS_MAX } from "../core/windows.js";
import type { Connection } from "../db/port.js";
import { type Check, type Finding, isIn, type Range, toParams } from "./check.js";

/** The number of accounts that are read at a time. */
const CHUNK = 500;

const WINDOWS = `
  SELECT account, open_window FROM credits.accounts WHERE open_window IS NOT NULL AND ${isIn("account")} ORDER BY account`;

/** True if the last row before the open window is usage of the same window. That one was full. */
const FOLLOWS_FULL = `
  SELECT FROM credits.accounts a JOIN credits.activity_rows r ON r.account = a.account
    AND r.position = a.rows_all - $2::bigint AND r.category = 'used'
  WHERE a.account = $1 AND extract(epoch FROM r.started_at) * 1000000 >= $3::bigint - ${WINDOW_MICROS}
    AND extract(epoch FROM r.ended_at) * 1000000 < $3::bigint + ${WINDOW_MICROS}`;

const text = z.string().nullable();
const bigint = z.string().regex(/^-?\d{1,19}$/);

/** The form of a window: its cell, the balance before it, and its rows. Rows from before migration 0004 are shorter. */
const form = z.tuple([
  z.int(),
  bigint,
  z
    .array(
      z
        .tuple([
          z.string(),
          z.tuple([z.string(), text, z.string()]).nullable(),
          text,
          z.int().nullable(),
          text,
        ])
        .rest(z.unknown())
        .refine((row) => row.length === 12 || row.length === 14)
        .refine((row) => row.slice(5, 10).every(Number.isSafeInteger))
        .refine(([, , , , , , , , , , credits]) => bigint.safeParse(credits).success)
        .refine(([, , , , , , , , , , , original]) => bigint.nullable().safeParse(original).success)
        .refine((row) => z.array(text).safeParse(row.slice(12)).success),
    )
    .min(1)
    .max(WINDOW_ROWS_MAX),
]);

/** Parses every open window, and compares its cell with its rows. The checks of rows compare these with the entries. */
export const openWindows: Check = {
  name: "each open window can be read, and has the usage of its five minutes",
  async find(connection: Connection, range: Range): Promise<Finding | null> {
    const windows = connection.stream<{ account: string; open_window: string }>(
      WINDOWS,
      toParams(range),
      CHUNK,
    );
    for await (const chunk of windows) {
      for (const { account, open_window: json } of chunk) {
        const problem = await findProblem(connection, account, json);
        if (problem !== null) return { account, record: "open window", problem };
      }
    }
    return null;
  },
};

async function findProblem(connection: Connection, account: string, json: string): Promise<string | null> {
  const parsed = form.safeParse(parseJson(json));
  if (!parsed.success) return "is not an array of the cell, the balance and the rows";
  const [cell, , rows] = parsed.data;
  const started = rows.map((row) => row[5] as number);
  const ended = rows.map((row) => row[6] as number);
  const latest = Math.max(...ended);
  const isWithin =
    cell % WINDOW_MICROS === 0 &&
    Math.min(...started) >= cell - WINDOW_MICROS &&
    latest < cell + WINDOW_MICROS;
  if (!isWithin) return `has a cell at ${cell}, which does not cover its rows`;
  // Its first usage was not late, unless the window before was full.
  if (latest >= cell) return null;
  const following = await connection.query(FOLLOWS_FULL, [account, rows.length, cell]);
  return following.length > 0 ? null : `has a cell at ${cell}, and only usage from before it`;
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
