import type { Parameter } from "./port.js";

/** Runs one statement on the connection of a transaction, without preparing it by name. */
export type RunOnce = <Row extends object>(sql: string, params?: readonly Parameter[]) => Promise<Row[]>;

/** Count of cursors so far: two that are open on one connection have different names. */
let cursors = 0;

/** Reads the rows of a statement in chunks, through a cursor of the current transaction. */
export async function* readCursor<Row extends object>(
  run: RunOnce,
  sql: string,
  params: readonly Parameter[],
  chunkRows: number,
): AsyncGenerator<Row[], void, undefined> {
  const cursor = `credits_cursor_${++cursors}`;
  await run(`DECLARE ${cursor} NO SCROLL CURSOR FOR ${sql}`, params);
  let isFailed = false;
  try {
    for (;;) {
      const rows = await run<Row>(`FETCH ${chunkRows} FROM ${cursor}`);
      if (rows.length > 0) yield rows;
      if (rows.length < chunkRows) return;
    }
  } catch (error) {
    isFailed = true;
    throw error;
  } finally {
    // A failed transaction refuses the statement, and its error would hide the first one.
    if (!isFailed) await run(`CLOSE ${cursor}`);
  }
}
