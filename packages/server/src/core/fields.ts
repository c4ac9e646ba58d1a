import { type AmountInput, InvalidAmountError, toMicros } from "@credit-activity/client";
import { z } from "zod";
import { formatAmount, type Micros, micros } from "./amount.js";
import { toDecoder, UNDECIDED, withDecoder } from "./codec.js";
import { documented } from "./documented.js";
import type { Dimension, Source } from "./facts.js";
import { formatInstant, type Instant, InstantFormatError, isInstant, parseInstant } from "./instant.js";

/** The highest priority number of a grant. */
export const PRIORITY_MAX = 1_000_000;

/** The priority of a grant for which none is given. */
export const PRIORITY_DEFAULT = 100;

/** The longest that a hold may last: 30 days. */
export const HOLD_SECONDS_MAX = 30 * 24 * 3600;

/** The time that a hold lasts by default. */
export const HOLD_SECONDS_DEFAULT = 3600;

/** Returns the fault of a string, or null. */
type FaultOf = (value: string) => string | null;

/** True if a string has printable ASCII characters only. Most do, and one loop costs less than a search per fault. */
function isPrintable(value: string): boolean {
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if (code < 0x20 || code > 0x7e) return false;
  }
  return true;
}

/**
 * Postgres can't store NUL. Half a surrogate pair, or a byte order mark at the start (which the embedded database's client
 * drops), would come back as another string than was hashed.
 */
const storageFault: FaultOf = (value) => {
  if (isPrintable(value)) return null;
  if (value.startsWith("\ufeff")) return "begins with a byte order mark. Leave it out";
  return value.isWellFormed() && !value.includes("\0")
    ? null
    : "has a character that can't be stored (NUL, or half of a surrogate pair). Remove it";
};

/** The same as a pattern for documents. */
const STORABLE = String.raw`^(?!\uFEFF)[^\u0000\uD800-\uDFFF]*$`;

/** Control characters would make an id unreadable in logs and URLs. */
const idFault: FaultOf = (id) => {
  if (isPrintable(id)) return null;
  return storageFault(id) ?? (/\p{Cc}/u.test(id) ? "has a control character. Remove it" : null);
};

const ID = String.raw`^(?!\uFEFF)[^\u0000-\u001F\u007F-\u009F\uD800-\uDFFF]*$`;
const ACCOUNT_ID = String.raw`^(?!\uFEFF|\.\.?$)[^\u0000-\u001F\u007F-\u009F\uD800-\uDFFF]*$`;

const accountFault: FaultOf = (id) =>
  id === "." || id === ".." ? 'can\'t be "." or "..", which URLs drop. Use another id' : idFault(id);

/** Makes the schema of a string of bounded length. It has one check, because each check costs every call. */
function toStringSchema(shortest: number, longest: number, faultOf: FaultOf, pattern: string) {
  const schema = documented(
    z.string().check(({ value, issues }) => {
      const common = { origin: "string", inclusive: true, input: value, continue: true } as const;
      if (value.length < shortest) issues.push({ code: "too_small", minimum: shortest, ...common });
      else if (value.length > longest) issues.push({ code: "too_big", maximum: longest, ...common });
      const message = faultOf(value);
      if (message !== null) issues.push({ code: "custom", message, input: value, continue: true });
    }),
    { ...(shortest > 0 ? { minLength: shortest } : {}), maxLength: longest, pattern },
  );
  return withDecoder(schema, (value) =>
    typeof value === "string" &&
    value.length >= shortest &&
    value.length <= longest &&
    faultOf(value) === null
      ? value
      : UNDECIDED,
  );
}

/** Makes the schema of a string that is kept as it is given. */
export const string = (longest: number, shortest = 0) =>
  toStringSchema(shortest, longest, storageFault, STORABLE);

export const accountId = toStringSchema(1, 128, accountFault, ACCOUNT_ID);
export const key = toStringSchema(1, 255, idFault, ID);
export const holdId = string(64, 1);
export const description = string(500);
export const title = string(200, 1);

/** Makes the schema of a whole number within bounds. */
export function integer(min: number, max: number) {
  return withDecoder(z.number().int().min(min).max(max), (value) =>
    typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max
      ? value
      : UNDECIDED,
  );
}

/**
 * Makes a field optional. Inside, its default is null, so that a command is the same one with its defaults and without
 * them. A default that changes later still has to be null here, or retries from before would be other commands.
 */
export function withDefault<S extends z.ZodType>(schema: S, byDefault: z.output<S>) {
  const decode = toDecoder(schema);
  const withoutDefault = <Value>(value: Value) => (value === byDefault ? null : value);
  return withDecoder(schema.nullish().transform(withoutDefault), (value) =>
    value === undefined || value === null ? null : withoutDefault(decode(value)),
  );
}

/** The most kinds that a grant can be for. */
const KINDS_MAX = 20;

/** Some kinds of usage, each once. */
export const usageKinds = z
  .array(string(64, 1))
  .min(1)
  .max(KINDS_MAX)
  .refine((kinds) => new Set(kinds).size === kinds.length, "has a kind twice. Give each kind once");

export const priority = integer(0, PRIORITY_MAX);
export const holdSeconds = integer(1, HOLD_SECONDS_MAX);
export const seq = integer(1, Number.MAX_SAFE_INTEGER);
export const count = z.number().int().min(0);

/** Makes a codec of two functions. The decoder throws where it can't take a value. */
function toCodec<Outside extends z.ZodType, Value>(
  outside: Outside,
  decode: (value: z.output<Outside>) => Value,
  encode: (value: Value) => unknown,
  isFault: (error: unknown) => boolean,
) {
  return z.codec(outside, z.custom<Value>(), {
    decode: (value, context) => {
      try {
        return decode(value);
      } catch (error) {
        if (!isFault(error)) throw error;
        const message = (error as Error).message.replace(/\.$/, "");
        context.issues.push({ code: "custom", message, input: value });
        return z.NEVER;
      }
    },
    encode: (value) => encode(value) as never,
  });
}

const isAmountFault = (error: unknown) => error instanceof InvalidAmountError;

/** Parses an amount as callers give it. */
export const decodeAmount = (value: string | number): Micros => micros(toMicros(value as AmountInput));

const tryAmount = (value: unknown): unknown => {
  if (typeof value !== "string" && typeof value !== "number") return UNDECIDED;
  try {
    return toMicros(value as AmountInput);
  } catch {
    return UNDECIDED;
  }
};

const amountCodec = toCodec(
  z.union([z.string(), z.number()], {
    error: ({ input }) =>
      input === undefined
        ? 'is missing. Write it as a decimal string, such as "12.5"'
        : 'is not a string or number. Write it as a decimal string, such as "12.5"',
  }),
  decodeAmount,
  formatAmount,
  isAmountFault,
);

/** An amount as callers give it: a decimal string, or a number that is exact. */
export const amountInput = withDecoder(
  documented(amountCodec, {
    id: "AmountInput",
    description:
      "An amount of credits: a decimal string with at most 6 decimals, or a number of at most 15 significant digits. It lies between -9223372036854.775807 and 9223372036854.775807.",
    pattern: "^-?[0-9]{1,30}(\\.[0-9]{1,6})?$",
    examples: ["12.5"],
  }),
  tryAmount,
);

/** An amount as the ledger returns it. */
export const amount = withDecoder(
  documented(toCodec(z.string(), decodeAmount, formatAmount, isAmountFault), {
    id: "Amount",
    description: "An amount of credits: a decimal string without trailing zeros.",
    examples: ["-18.72"],
  }),
  tryAmount,
);

const decodeTime = (value: string | Date): Instant => {
  if (typeof value === "string") return parseInstant(value);
  const micros = value.getTime() * 1000;
  if (isInstant(micros)) return micros;
  throw new InstantFormatError("is not a date in the years 1900 to 2199. Give one in this range");
};

const tryTime = (value: unknown): unknown => {
  if (typeof value !== "string" && !(value instanceof Date)) return UNDECIDED;
  try {
    return decodeTime(value);
  } catch {
    return UNDECIDED;
  }
};

const isTimeFault = (error: unknown) => error instanceof InstantFormatError;
const encodeTime = (value: unknown) => formatInstant(value as Instant);

/** A time as callers give it: an RFC 3339 string with a zone, or a `Date`. */
export const timeInput = withDecoder(
  documented(
    toCodec(
      z.union([z.string(), z.date()], {
        error: 'is not a time. Write it as RFC 3339 with a zone, such as "2026-11-22T10:05:00Z"',
      }),
      decodeTime,
      encodeTime,
      isTimeFault,
    ),
    {
      id: "TimeInput",
      description: "A time with any offset (RFC 3339), in the years 1900 to 2199.",
      format: "date-time",
      examples: ["2026-11-22T10:05:00Z"],
    },
  ),
  tryTime,
);

/** A time as the ledger returns it: RFC 3339 in UTC with six decimals. */
export const time = withDecoder(
  documented(toCodec(z.string(), decodeTime, encodeTime, isTimeFault), {
    id: "Time",
    description: "A time in UTC with six decimals (RFC 3339).",
    format: "date-time",
    examples: ["2026-11-22T10:05:00.123456Z"],
  }),
  tryTime,
);

const SOURCE = { type: string(64, 1), label: string(200, 1) };

/** A source as callers give it. The id may be left out. */
export const sourceInput = documented(
  z.codec(z.strictObject({ ...SOURCE, id: string(255).nullish() }), z.custom<Source>(), {
    decode: ({ type, id, label }): Source => ({ type, id: id ?? null, label }),
    encode: (value) => ({ ...value }),
  }),
  { id: "SourceInput", description: "The cause of an entry. Its id may be left out." },
);

/** A source as the ledger returns it. */
export const source = documented(z.object({ ...SOURCE, id: z.string().nullable() }), {
  id: "Source",
  description: "The cause of an entry: a plan, a purchase, a model, a person in support.",
});

const DIMENSION_ID = string(200, 1);
const DIMENSION = z.strictObject({ id: DIMENSION_ID, label: string(200, 1).nullish() });
const NOT_A_DIMENSION = "is not an id or an object { id, label }. Give one of these";

/** A dimension as callers give it: an id, or an id with a label. */
export const dimensionInput = documented(
  z.codec(z.union([DIMENSION_ID, DIMENSION], { error: NOT_A_DIMENSION }), z.custom<Dimension>(), {
    decode: (value): Dimension =>
      typeof value === "string" ? { id: value, label: null } : { id: value.id, label: value.label ?? null },
    encode: ({ id, label }) => (label === null ? id : { id, label }),
  }),
  {
    id: "DimensionInput",
    description:
      "The id of a project, member or task, or its id and label. The latest label of an id is the one shown.",
  },
);

/** A dimension as the ledger returns it. */
export const dimension = documented(z.object({ id: z.string(), label: z.string() }), {
  id: "Dimension",
  description: "A project, member or task. The label is the id if none was given.",
});
