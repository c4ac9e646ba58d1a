import { z } from "zod";
import type { Instant } from "../core/instant.js";
import { toCell } from "../core/windows.js";
import type { Connection } from "../db/port.js";
import { type Check, type Finding, isIn, type Range, toParams } from "./check.js";

/** The number of accounts that are read at a time. */
const CHUNK = 500;

const WINDOWS = `
  SELECT account, open_window FROM credits.accounts WHERE open_window IS NOT NULL AND ${isIn("account")} ORDER BY account`;

/** Reads the time at which the last entry of an account was recorded. */
const LAST_RECORDED = `
  SELECT recorded_at FROM credits.entries WHERE account = $1 AND seq = $2::bigint`;

const text = z.string().nullable();
const bigint = z.string().regex(/^-?\d{1,19}$/);

/** The form of a row. Rows of windows that earlier versions left open end with the original credits or the task. */
const row = z
  .tuple([z.string(), z.tuple([z.string(), text, z.string()]).nullable(), text, z.int().nullable(), text])
  .rest(z.unknown())
  .refine(({ length }) => [12, 14, 16].includes(length))
  .refine((given) => given.slice(5, 10).every(Number.isSafeInteger))
  .refine(([, , , , , , , , , , credits]) => bigint.safeParse(credits).success)
  .refine(([, , , , , , , , , , , original]) => bigint.nullable().safeParse(original).success)
  .refine((given) => z.array(text).safeParse(given.slice(12, 14)).success)
  .refine(({ length, 14: cell }) => length < 16 || z.int().nullable().safeParse(cell).success)
  .refine(({ length, 15: various }) => length < 16 || z.array(z.string()).safeParse(various).success);

/** The form of a window: zero, the balance before it, its rows, its cell, and the times of rows that it has closed. */
const form = z.tuple([
  z.literal(0),
  bigint,
  z.array(row).min(1),
  z.int(),
  z.tuple([z.int(), z.int()]).nullable(),
]);

/** The form of a window that an earlier version left open: its cell, the balance before it, and its rows. */
const earlierForm = z.tuple([z.int(), bigint, z.array(row).min(1)]);

/** Parses every open window, and compares its cell with its rows. The checks of rows compare these with the entries. */
export const openWindows: Check = {
  name: "each open window can be read, and is of the five minutes of its last entry",
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
  const given = parseJson(json);
  const parsed = form.safeParse(given);
  if (!parsed.success) {
    return earlierForm.safeParse(given).success
      ? null
      : "is not an array of the balance, the rows, the cell and the times of closed rows";
  }
  const [, , rows, cell, covered] = parsed.data;
  const lastSeq = Math.max(...rows.map((each) => each[9] as number));
  const [entry] = await connection.query<{ recorded_at: Instant }>(LAST_RECORDED, [account, lastSeq]);
  if (entry === undefined || toCell(entry.recorded_at) !== cell)
    return `has a cell at ${cell}, in which its last entry was not recorded`;
  const occurred = rows.map((each) => each[14] as number | null).filter((at) => at !== null);
  if (occurred.some((at) => toCell(at as Instant) !== at))
    return "has a row with a time that begins no window";
  const bounds = covered ?? [];
  return bounds.every((at) => toCell(at as Instant) === at) && (bounds[0] ?? 0) <= (bounds[1] ?? 0)
    ? null
    : "has times of closed rows that begin no window";
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
