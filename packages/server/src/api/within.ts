import { type Ledger, LedgerError, toError } from "@credit-activity/client";
import { createCallerReader, type TransactionClient } from "../db/caller.js";
import { KNOWN_KEY, STALE_ACCOUNT, TRANSACTION_ENDED } from "../db/errors.js";
import type { Database, Reader } from "../db/port.js";
import { createTransactionEngine } from "../engine/within.js";
import { createLabels } from "../queries/labels.js";
import type { MethodOptions } from "./calls.js";
import { toInvalid } from "./inputs.js";
import { createMethods } from "./methods.js";
import type { UsageMethodOptions } from "./usage.js";

const METHODS = [
  "putAccount",
  "getAccount",
  "grant",
  "spend",
  "hold",
  "settle",
  "extend",
  "release",
  "getHold",
  "refund",
  "adjust",
  "writeOff",
  "voidGrant",
  "extendGrant",
  "closeAccount",
  "usage",
] as const;

/** The methods of a ledger inside a transaction of the application. */
export type TransactionLedger = Pick<Ledger, (typeof METHODS)[number]>;

export interface WithinOptions extends Omit<MethodOptions, "engine" | "labels">, UsageMethodOptions {
  readonly admit: (reader: Reader) => Promise<void> | null;
  /** Throws if the ledger is closed. */
  readonly assertOpen: () => void;
}

/** The number of labels that are cached for a transaction. */
const LABELS_MAX = 100;

/** The last call by client. A client runs one statement at a time, so its calls wait for each other. */
const lastCalls = new WeakMap<object, Promise<unknown>>();

/**
 * Makes the methods of a ledger inside a transaction of the application.
 *
 * @throws InvalidRequestError if the database is embedded, or if the client can't run statements
 */
export function createWithin(client: TransactionClient, options: WithinOptions): TransactionLedger {
  const { database, admit, assertOpen, now } = options;
  requireClient(database, client);
  const rejections = new WeakSet<object>();
  const reader = createCallerReader(toNoting(client, rejections), database.schema);
  const methods: TransactionLedger = createMethods({
    ...options,
    database: { ...database, query: reader.query, write: reader.query },
    engine: createTransactionEngine({ reader, now, admit }),
    labels: createLabels(reader, LABELS_MAX),
  });
  const toSerial =
    (method: (...args: never[]) => Promise<unknown>) =>
    (...args: never[]) => {
      const call = (lastCalls.get(client) ?? Promise.resolve()).then(() => {
        assertOpen();
        return method(...args.map(withoutSignal));
      });
      const done = () => {};
      lastCalls.set(client, call.then(done, done));
      return call.catch((error: unknown) => {
        throw toCallerError(error, rejections);
      });
    };
  return Object.fromEntries(
    METHODS.map((name) => [name, toSerial(methods[name] as (...args: never[]) => Promise<unknown>)]),
  ) as unknown as TransactionLedger;
}

function requireClient({ engine }: Database, client: unknown): void {
  if (engine === "pglite")
    throw toInvalid([
      { path: "", message: "The embedded database takes no transactions of others. Use PostgreSQL" },
    ]);
  if (typeof (client as { query?: unknown } | null | undefined)?.query !== "function")
    throw toInvalid([
      { path: "client", message: "has no method query. Give a client that is in a transaction" },
    ]);
}

/** The problem of a client that is not in a transaction: its first statement is one, and ends before the second. */
const ENDED = {
  code: "bad_request",
  detail:
    "The client is not in a transaction, or its transaction has ended, and nothing was done. Begin one, pass the client that has it, and wait for all calls before you end it.",
} as const;

/** The problem of two calls at once in one transaction, which the ledger did not see to be one. */
const AT_ONCE = {
  code: "bad_request",
  detail:
    "Two calls were at work in one transaction at once, and nothing more can be done in it. Call within with the client itself, or wait for each call, and repeat the transaction.",
} as const;

const ERRORS: Readonly<Record<string, typeof ENDED | typeof AT_ONCE>> = {
  [TRANSACTION_ENDED]: ENDED,
  [STALE_ACCOUNT]: AT_ONCE,
  [KNOWN_KEY]: AT_ONCE,
};

/**
 * Returns an argument without its signal, which counts until the call begins. A call that was given up would go on with the
 * client, which the application may use for another transaction by then.
 */
function withoutSignal(argument: never): never {
  const { signal } = (argument ?? {}) as { readonly signal?: unknown };
  if (!(signal instanceof AbortSignal)) return argument;
  signal.throwIfAborted();
  return { ...(argument as object), signal: undefined } as never;
}

/** Returns a client that notes the errors with which it rejects. */
function toNoting(client: TransactionClient, rejections: WeakSet<object>): TransactionClient {
  return {
    async query(text, values) {
      let result: Awaited<ReturnType<TransactionClient["query"]>>;
      try {
        result = await client.query(text, values);
      } catch (error) {
        const problem = ERRORS[String((error as { code?: unknown } | null)?.code)];
        if (problem !== undefined) throw toError(problem);
        if (typeof error === "object" && error !== null) rejections.add(error);
        throw error;
      }
      requireObjects(result);
      return result;
    },
  };
}

/** Refuses the result of a client whose rows are not objects. */
function requireObjects(result: unknown): void {
  const { rows } = (result ?? {}) as { rows?: unknown };
  const isObject = (row: unknown) => typeof row === "object" && row !== null && !Array.isArray(row);
  if (Array.isArray(rows) && rows.every(isObject)) return;
  throw toInvalid([
    { path: "client", message: "does not return rows that are objects. Give one whose result is { rows }" },
  ]);
}

/** Returns the error of the client itself where a public one has it as its cause: the transaction is the application's. */
function toCallerError(error: unknown, rejections: WeakSet<object>): unknown {
  const { cause } = error as { cause?: unknown };
  return error instanceof LedgerError && rejections.has(cause as object) ? cause : error;
}
