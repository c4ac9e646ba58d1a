import type { Duplex } from "node:stream";
import pg from "pg";
import { toValues } from "../arrays.js";
import type { Parameter } from "../port.js";
import { ALL_PARSERS } from "../types.js";
import type { Frame } from "./sessions.js";

/**
 * Type parsers of the ledger's statements only. The global ones of `pg` belong to the application, and are not asked. What
 * has no parser remains a string.
 */
export const TYPES = {
  getTypeParser(oid: number, format?: "text" | "binary") {
    return format === "binary" ? pg.types.getTypeParser(oid, format) : (ALL_PARSERS[oid] ?? String);
  },
} as pg.CustomTypesConfig;

/** The ways in which a statement is sent. */
export interface Sending {
  /** The name by which the statement is prepared on the connection. Null for one that leaves nothing there. */
  readonly name: string | null;
  /** The transaction around the statement, or null. */
  readonly frame: Frame | null;
  /** The time after which its connection is given up, or null. */
  readonly timeoutMs: number | null;
}

type Result<Row extends object> = pg.ResultBuilder<Row>;
type Callback<Row extends object> = (error: Error | null | undefined, result: Result<Row>) => void;

/**
 * A statement to send. The client sends it as it is. It would copy a plain configuration property by property, which costs
 * 7 % of the read of a balance.
 */
class PgStatement<Row extends object> extends pg.Query<Row> {
  readonly name: string | undefined;
  readonly query_timeout: number | undefined;

  constructor(sql: string, values: unknown[] | undefined, sending: Sending, callback: Callback<Row>) {
    super(sql, values, callback);
    this.name = sending.name ?? undefined;
    this.query_timeout = sending.timeoutMs ?? undefined;
    // The client of a pool of the application has other parsers.
    (this as unknown as { _result: { _types: pg.CustomTypesConfig } })._result._types = TYPES;
  }
}

/** The driver's conversion of values, which its types leave out. */
const { prepareValue } = (
  pg as unknown as { utils: { prepareValue(value: unknown): string | Buffer | null } }
).utils;

/**
 * A statement with a transaction around it, in one round trip: nothing is waited for before its end. If it fails, the
 * transaction is left for the caller to roll back.
 */
class FramedStatement<Row extends object> extends PgStatement<Row> {
  constructor(sql: string, values: unknown[], frame: Frame, sending: Sending, callback: Callback<Row>) {
    super(sql, values, sending, callback);
    const bound = values.map(prepareValue);
    this.submit = (connection) => {
      // Without it, each message may leave in its own packet. Not every stream has it.
      const stream: Partial<Pick<Duplex, "cork" | "uncork">> = connection.stream;
      const run = (text: string) => {
        connection.parse({ name: "", text, types: [] }, true);
        connection.bind({}, true);
        connection.execute({}, true);
      };
      stream.cork?.();
      try {
        run(frame.begin);
        run(frame.settings);
        connection.parse({ name: "", text: sql, types: [] }, true);
        connection.bind({ values: bound }, true);
        connection.describe({ type: "P" }, true);
        connection.execute({}, true);
        run("COMMIT");
        connection.sync();
      } finally {
        stream.uncork?.();
      }
    };
  }
}

/** The place of the statement's own result among those of its transaction: after BEGIN and the settings. */
const FRAMED_RESULT = 2;

/** Sends a statement, and returns its rows. */
export function send<Row extends object>(
  client: pg.ClientBase,
  sql: string,
  params: readonly Parameter[] | undefined,
  sending: Sending,
): Promise<Row[]> {
  return new Promise((resolve, reject) => {
    const values = params && toValues(params);
    const { frame } = sending;
    const callback: Callback<Row> = (error, result) => {
      if (error) reject(error);
      else if (frame === null) resolve(result.rows);
      else resolve((result as unknown as Result<Row>[])[FRAMED_RESULT]?.rows ?? []);
    };
    client.query(
      frame === null
        ? new PgStatement(sql, values, sending, callback)
        : new FramedStatement(sql, values ?? [], frame, sending, callback),
    );
  });
}
