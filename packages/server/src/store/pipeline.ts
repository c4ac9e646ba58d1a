import pg from "pg";
import { isList, listBinary } from "./arrays.js";
import type { Step } from "./database.js";

/** What `pg` offers and its types leave out: its class that parses rows, and how it writes parameters. */
const { Result, utils } = pg as unknown as {
  Result: new (mode: undefined, types: pg.CustomTypesConfig) => RowReader;
  utils: { prepareValue(value: unknown): unknown };
};

interface RowReader {
  rows: object[];
  addFields(fields: readonly object[]): void;
  parseRow(fields: readonly (string | null)[]): object;
}

/** The messages of `pg`'s connections that are used here. */
interface Wire {
  readonly stream: { cork(): void; uncork(): void; write(message: Buffer): void };
  parse(statement: { name: string; text: string; types: number[] }): void;
  bind(portal: { statement: string; values: readonly unknown[] }): void;
  close(statement: { type: "S"; name: string }): void;
  describe(portal: { type: "P"; name: string }): void;
  execute(portal: { portal: string; rows: number }): void;
  endCopyFrom(): void;
  sync(): void;
}

const names = new Map<string, string>();

/** The name under which a statement is prepared, once on each connection: it stands for the text. */
export function nameOf(sql: string): string {
  let name = names.get(sql);
  if (name === undefined) {
    name = `credits_${names.size + 1}`;
    names.set(sql, name);
  }
  return name;
}

/** The statements each connection has prepared. */
const prepared = new WeakMap<pg.ClientBase, Set<string>>();

/**
 * Sends statements in one message and takes their rows in one answer. Outside a transaction they are one: they commit
 * together, or a failure undoes all of them.
 */
export async function runSteps(
  client: pg.ClientBase,
  steps: readonly Step[],
  types: pg.CustomTypesConfig,
  timeoutMs: number | undefined,
): Promise<object[][]> {
  const known = prepared.get(client) ?? new Set<string>();
  prepared.set(client, known);
  const missing = [...new Set(steps.map(textOf))].filter((text) => !known.has(text));
  if (missing.length > 0) {
    const prepare = (wire: Wire) => {
      for (const text of missing) {
        // An earlier try may have prepared some before it failed; closing what is not there is no error.
        wire.close({ type: "S", name: nameOf(text) });
        wire.parse({ name: nameOf(text), text, types: [] });
      }
    };
    await new Exchange(prepare, types, timeoutMs).on(client);
    for (const text of missing) known.add(text);
  }
  // Parameters are made ready first: one that can't be must not leave half a message on the way.
  const ready = steps.map((step) => ({
    name: nameOf(textOf(step)),
    values: "sql" in step ? step.params.map(parameterOf) : [],
    lines: "copy" in step ? step.lines : null,
  }));
  const send = (wire: Wire) => {
    for (const step of ready) sendStep(wire, step);
  };
  return new Exchange(send, types, timeoutMs).on(client);
}

function parameterOf(param: unknown): unknown {
  return isList(param) ? listBinary(param) : utils.prepareValue(param);
}

function textOf(step: Step): string {
  return "sql" in step ? step.sql : step.copy;
}

/** A statement as it is sent. */
interface ReadyStep {
  readonly name: string;
  readonly values: readonly unknown[];
  /** COPY's lines. */
  readonly lines: Buffer | null;
}

function sendStep(wire: Wire, { name, values, lines }: ReadyStep): void {
  wire.bind({ statement: name, values });
  wire.describe({ type: "P", name: "" });
  wire.execute({ portal: "", rows: 0 });
  if (lines !== null) {
    // The lines follow without waiting to be asked for; where a statement before them fails, the server passes over them.
    wire.stream.write(copyDataHeader(lines.length));
    wire.stream.write(lines);
    wire.endCopyFrom();
  }
}

/** What stands before COPY's lines in their message; `pg` would copy them once more to put it there. */
function copyDataHeader(length: number): Buffer {
  const header = Buffer.allocUnsafe(5);
  header.write("d", 0, "latin1");
  header.writeInt32BE(4 + length, 1);
  return header;
}

/**
 * Messages of PostgreSQL's extended protocol up to one Sync, and the answers to them, as a query class of one's own for
 * `pg`. Its pipeline mode is none: there, each statement has a Sync and so a transaction of its own, and there is no COPY.
 */
class Exchange implements pg.Submittable {
  /** Called at the end; `pg` wraps it to watch the time. */
  callback: (error: Error | null) => void = () => {};
  readonly query_timeout: number | undefined;
  readonly #send: (wire: Wire) => void;
  readonly #types: pg.CustomTypesConfig;
  readonly #results: object[][] = [];
  #reader: RowReader | null = null;

  constructor(send: (wire: Wire) => void, types: pg.CustomTypesConfig, timeoutMs: number | undefined) {
    this.#send = send;
    this.#types = types;
    this.query_timeout = timeoutMs;
  }

  /** Runs the exchange, and answers the rows of each statement. */
  on(client: pg.ClientBase): Promise<object[][]> {
    return new Promise((resolve, reject) => {
      this.callback = (error) => (error === null ? resolve(this.#results) : reject(error));
      client.query(this);
    });
  }

  submit(connection: pg.Connection): void {
    const wire = connection as unknown as Wire;
    wire.stream.cork();
    this.#send(wire);
    wire.sync();
    wire.stream.uncork();
  }

  handleRowDescription({ fields }: { fields: readonly object[] }): void {
    this.#reader = new Result(undefined, this.#types);
    this.#reader.addFields(fields);
  }

  handleDataRow({ fields }: { fields: readonly (string | null)[] }): void {
    this.#reader?.rows.push(this.#reader.parseRow(fields));
  }

  handleCommandComplete(): void {
    this.#results.push(this.#reader?.rows ?? []);
    this.#reader = null;
  }

  handleCopyInResponse(): void {}

  handleError(error: Error): void {
    this.callback(error);
  }

  handleReadyForQuery(): void {
    this.callback(null);
  }
}
