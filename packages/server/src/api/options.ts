import { z } from "zod";
import { toDecoder, UNDECIDED } from "../core/codec.js";
import * as field from "../core/fields.js";
import type { Instant } from "../core/instant.js";
import type { DatabaseOptions } from "../db/open.js";
import { toOptionsSchema, toPlain } from "./calls.js";
import { checkDatabase } from "./database.js";
import { check } from "./inputs.js";
import { type KindDefinition, kindsOption } from "./kinds.js";

/** A log; a pino logger fits. */
export interface Logger {
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** Options of `createLedger`. */
export interface LedgerOptions {
  /** PostgreSQL by its `url` or your `pool`, the embedded database by its `dataDir`, or `{ memory: true }`. */
  readonly database: DatabaseOptions;
  /** Secret keys of 16 to 255 characters that are accepted besides those made with `createKey`. */
  readonly secretKeys?: readonly string[];
  /** Kinds besides the built-in ones, by name. */
  readonly kinds?: Readonly<Record<string, KindDefinition>>;
  /**
   * The number of proxies in front of `fetch` that append to `X-Forwarded-For`. The server limits wrong keys by the address
   * that the first of them states. Default: 0, and the header is not read.
   */
  readonly trustedProxies?: number;
  /**
   * The path that `fetch` is mounted under, such as "/api/credits", if it receives the whole path. Default: none, as where
   * the framework takes the path off.
   */
  readonly basePath?: string;
  /**
   * True if the ledger posts by itself what comes due on accounts that nobody touches. Set it to false where processes are
   * frozen between requests, and call `sweep` on a schedule. Default: true.
   */
  readonly sweep?: boolean;
  /** The clock. Default: the database's. */
  readonly now?: () => Date | string;
  /**
   * The most seconds by which the clocks of this process and of the database may differ. Beyond that, commands are refused.
   * Default: 60.
   */
  readonly clockOffsetMax?: number;
  /** Default: none. */
  readonly logger?: Logger;
}

/** An option that is a function. */
export const functionOption = z.custom((value) => typeof value === "function", "is not a function. Give one");

/** A key that a header can carry as it is, and that is too long to be guessed. */
const secretKey = z
  .string()
  .regex(
    /^[\x21-\x7e]{16,255}$/,
    "is not 16 to 255 printable ASCII characters without spaces. Use another key",
  );

const basePath = z
  .string()
  .regex(
    /^(?:\/[^/?#\s]+)+$/,
    'is not a path such as "/api/credits". Begin it with a slash, and end it without',
  );

const ledgerOptions = toOptionsSchema({
  database: z.unknown().optional(),
  secretKeys: z.array(secretKey).optional(),
  kinds: kindsOption.optional(),
  trustedProxies: z.number().int().min(0).max(99).optional(),
  basePath: basePath.optional(),
  sweep: z.boolean().optional(),
  now: functionOption.optional(),
  clockOffsetMax: z.number().positive().optional(),
  logger: z.looseObject({ warn: functionOption, error: functionOption }).optional(),
});

/**
 * Checks options, and returns them as a plain object, also those that an instance of a class inherits.
 *
 * @throws InvalidRequestError if an option is unknown or not valid
 */
export function checkOptions(options: LedgerOptions): LedgerOptions {
  const plain = isObject(options) ? toPlain(ledgerOptions, options) : options;
  check(ledgerOptions, plain);
  const { database } = plain as LedgerOptions;
  return { ...(plain as LedgerOptions), database: checkDatabase(database) };
}

const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);

/** Returns the clock in microseconds. */
export function toClock(now: NonNullable<LedgerOptions["now"]>): () => Instant {
  const decode = toDecoder(field.timeInput);
  return () => {
    const instant = decode(now());
    if (instant === UNDECIDED) {
      throw new TypeError("The option now did not return a time. Return a Date or an RFC 3339 string.");
    }
    return instant as Instant;
  };
}
