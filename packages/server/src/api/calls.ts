import type { CommandOptions } from "@credit-activity/client";
import { z } from "zod";
import type { Credentials } from "../auth/credentials.js";
import * as field from "../core/fields.js";
import type { Instant } from "../core/instant.js";
import type { Database } from "../db/port.js";
import type { Engine } from "../engine/engine.js";
import type { Labels } from "../queries/labels.js";
import { toThrown } from "./errors.js";
import { check } from "./inputs.js";
import type { Kinds } from "./kinds.js";
import type { Presenter } from "./present.js";

/** The parts of a ledger that its methods use. */
export interface MethodOptions {
  readonly database: Database;
  readonly engine: Engine;
  readonly credentials: Credentials;
  readonly kinds: Kinds;
  readonly labels: Labels;
  readonly presenter: Presenter;
  readonly now: () => Instant;
}

const signal = z.instanceof(AbortSignal).optional();

const either = new Intl.ListFormat("en", { type: "disjunction" });

/** Makes the schema of options. Unknown ones are refused with the known ones. */
export function toOptionsSchema<Shape extends z.ZodRawShape>(shape: Shape) {
  const message = `is not an option. Use ${either.format(Object.keys(shape))}`;
  return z.strictObject(shape, {
    error: ({ code }) => (code === "unrecognized_keys" ? message : undefined),
  });
}

/**
 * Returns options as a plain object, without those of the schema that are undefined. An instance of a class may inherit
 * those of the schema.
 */
export function toPlain(schema: z.ZodObject, options: object): object {
  const given = options as Readonly<Record<string, unknown>>;
  const known = Object.keys(schema.shape);
  const unknown = Object.keys(given).filter((name) => !(name in schema.shape));
  const set = known.filter((name) => given[name] !== undefined);
  return Object.fromEntries([...unknown, ...set].map((name) => [name, given[name]]));
}

/** The options of every method. */
export const CALL_OPTIONS = toOptionsSchema({ signal });

/** The options of commands. */
export const COMMAND_OPTIONS = toOptionsSchema({ signal, key: field.key.optional() });

/** Checks the options of a call, and returns its signal. A signal that has aborted already ends the call. */
export function checkOptions(
  options: CommandOptions | undefined,
  schema: typeof CALL_OPTIONS | typeof COMMAND_OPTIONS = CALL_OPTIONS,
): AbortSignal | undefined {
  if (options === undefined) return undefined;
  const checked = check(schema, options).signal ?? undefined;
  checked?.throwIfAborted();
  return checked;
}

/** Waits for work until the signal aborts, and makes public errors of those inside. Work that has begun goes on. */
export async function settled<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  try {
    return await (signal === undefined ? work : untilAborted(work, signal));
  } catch (error) {
    throw toSettledError(error, signal);
  }
}

/**
 * Returns the public error of work that was waited for: the reason of an abort as it is.
 *
 * @param key the key of the command, with which it may be sent again
 */
export function toSettledError(
  error: unknown,
  signal: AbortSignal | undefined,
  key: string | null = null,
): unknown {
  return signal?.aborted && error === signal.reason ? error : toThrown(error, key);
}

/** Waits for work until a signal aborts. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
