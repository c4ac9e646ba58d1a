import { z } from "zod";
import { formatAmount } from "./amount.js";
import { toRecordDecoder, UNDECIDED, withDecoder } from "./codec.js";
import { documented } from "./documented.js";
import type { Metadata, Quantities } from "./facts.js";
import { amountInput, decodeAmount, string } from "./fields.js";

const METADATA_KEYS_MAX = 50;
const QUANTITIES_MAX = 50;

/** True if a number survives JSON unchanged: whole numbers beyond 2^53 do not. */
const isExact = (value: number) => !Number.isInteger(value) || Number.isSafeInteger(value);

/**
 * Refuses a record with too many values before it looks at each, because a caller may send a million. It also refuses
 * `__proto__` as a name. The schema of a record passes over it, and two commands that differ in it would be taken for the
 * same.
 */
function bounded<S extends z.ZodType>(schema: S, namesMax: number) {
  return z.preprocess((given, { issues }) => {
    const refuse = (message: string) => issues.push({ code: "custom", message, input: given });
    if (typeof given !== "object" || given === null) return given;
    if (Object.keys(given).length > namesMax) refuse(`has more than ${namesMax} values. Leave some out`);
    if (Object.hasOwn(given, "__proto__")) refuse('has a value named "__proto__". Use another name');
    return given;
  }, schema);
}

const RECORD_KEY = string(64, 1);
const keyError = ({ code }: { code?: string | undefined }) =>
  code === "invalid_key"
    ? "has a name that is empty, longer than 64 characters, or can't be stored. Use another name"
    : undefined;

/** Makes 0 of -0, which JSON can't carry. */
const withoutMinusZero = (value: number) => value + 0;

const EXACT_NUMBER = withDecoder(
  documented(
    z
      .number()
      .refine(isExact, "is a whole number beyond 2^53. Give it as a string")
      .overwrite(withoutMinusZero),
    { minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER },
  ),
  (value) =>
    typeof value === "number" && Number.isFinite(value) && isExact(value)
      ? withoutMinusZero(value)
      : UNDECIDED,
);

const METADATA_VALUE = z.union([string(500), EXACT_NUMBER, z.boolean()], {
  error: "is not a string, a number, true or false. Give one of these",
});

/** Makes the schema of a record with bounded names and values. */
function record<Value extends z.ZodType>(value: Value, namesMax: number) {
  const schema = z.record(RECORD_KEY, value, { error: keyError });
  return withDecoder(bounded(schema, namesMax), toRecordDecoder(RECORD_KEY, value, namesMax));
}

const isEmpty = (value: object): boolean => {
  for (const _name in value) return false;
  return true;
};

/** The integrator's own values, by name. Inside, an empty record is null. */
export const metadata = documented(
  z.codec(record(METADATA_VALUE, METADATA_KEYS_MAX), z.custom<Metadata | null>(), {
    decode: (value): Metadata | null => (isEmpty(value) ? null : value),
    encode: (value) => ({ ...value }),
  }),
  {
    id: "MetadataInput",
    maxProperties: METADATA_KEYS_MAX,
    description: `Up to ${METADATA_KEYS_MAX} values of your own, by name.`,
  },
);

/** The measured quantities, by name. Inside, each quantity is a decimal string without trailing zeros. */
export const quantities = documented(
  z.codec(record(amountInput, QUANTITIES_MAX), z.custom<Quantities | null>(), {
    decode: (value): Quantities | null =>
      isEmpty(value)
        ? null
        : Object.fromEntries(Object.entries(value).map(([name, of]) => [name, formatAmount(of)])),
    encode: (value) =>
      Object.fromEntries(Object.entries(value ?? {}).map(([name, of]) => [name, decodeAmount(of)])),
  }),
  {
    id: "QuantitiesInput",
    maxProperties: QUANTITIES_MAX,
    description: `Up to ${QUANTITIES_MAX} measured quantities, by name.`,
  },
);
