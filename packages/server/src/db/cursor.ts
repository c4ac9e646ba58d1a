import type { Connection, Parameter, TransactionMode } from "./port.js";

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

/** Reads the rows of a statement in chunks, in a snapshot that ends with the last chunk or when the loop is left. */
export async function* streamSnapshot<Row extends object>(
  transaction: <T>(mode: TransactionMode, work: (connection: Connection) => Promise<T>) => Promise<T>,
  sql: string,
  params: readonly Parameter[],
  chunkRows: number,
): AsyncGenerator<Row[], void, undefined> {
  let begin: (connection: Connection) => void = () => {};
  const begun = new Promise<Connection>((resolve) => {
    begin = resolve;
  });
  let end: (failure?: { readonly error: unknown }) => void = () => {};
  const ended = new Promise<{ readonly error: unknown } | undefined>((resolve) => {
    end = resolve;
  });
  const transacted = transaction("snapshot", async (connection) => {
    begin(connection);
    const failure = await ended;
    if (failure !== undefined) throw failure.error;
  });
  try {
    // A transaction that cannot begin rejects before it has a connection.
    const connection = await Promise.race([begun, transacted.then(() => begun)]);
    yield* connection.stream<Row>(sql, params, chunkRows);
  } catch (error) {
    end({ error });
    throw error;
  } finally {
    end();
    await transacted;
  }
}
