// From here, so that the fields can carry what the reference says of them.
import { z } from "@hono/zod-openapi";
import { type Credits, fits } from "../ledger/credits.js";
import { type Instant, isInstant } from "../ledger/instant.js";
import { GRANT_KINDS, USAGE_KINDS } from "../ledger/kinds.js";

/** The highest priority number a grant may have. */
export const PRIORITY_MAX = 1_000_000;

/** The longest a hold may last, in seconds: 30 days. */
export const HOLD_SECONDS_MAX = 30 * 24 * 3600;

/** How long a hold lasts when nothing is said, in seconds. */
export const HOLD_SECONDS_DEFAULT = 3600;

/** How long an account token may last at most, and lasts when nothing is said, in seconds. */
export const TOKEN_SECONDS_MAX = 24 * 3600;
export const TOKEN_SECONDS_DEFAULT = 3600;

/** How many events one call may report. */
export const EVENTS_MAX = 10_000;

/** Says what is wrong with a text, or null. */
type Fault = (text: string) => string | null;

/**
 * Postgres can't store NUL; half a surrogate pair, or a byte order mark at the beginning (which the embedded database's
 * client drops), would come back as another text than was sealed.
 */
const unstorable: Fault = (text) => {
  if (text.startsWith("\ufeff"))
    return "begins with a byte order mark, which is no part of a text; leave it out";
  return text.isWellFormed() && !text.includes("\0")
    ? null
    : "has a character that can't be stored (NUL, or half of a surrogate pair)";
};

/** Control characters would make an id unreadable in logs and addresses. */
const illegible: Fault = (id) => unstorable(id) ?? (/\p{Cc}/u.test(id) ? "has a control character" : null);

/** What a text has to be: of so many characters, and without a fault. */
export interface TextRule {
  readonly shortest: number;
  readonly longest: number;
  readonly faultOf: Fault;
}

/** Whether a value is a text as the rule wants it. */
export function obeys(value: unknown, { shortest, longest, faultOf }: TextRule): value is string {
  return (
    typeof value === "string" &&
    value.length >= shortest &&
    value.length <= longest &&
    faultOf(value) === null
  );
}

/** A rule as a schema: one check, since each costs every call of the ledger as much as what it looks at. */
function schemaOf({ shortest, longest, faultOf }: TextRule) {
  return z
    .string()
    .check(({ value, issues }) => {
      const origin = "string";
      if (value.length < shortest)
        issues.push({
          code: "too_small",
          origin,
          minimum: shortest,
          inclusive: true,
          input: value,
          continue: true,
        });
      else if (value.length > longest)
        issues.push({
          code: "too_big",
          origin,
          maximum: longest,
          inclusive: true,
          input: value,
          continue: true,
        });
      const message = faultOf(value);
      if (message !== null) issues.push({ code: "custom", message, input: value, continue: true });
    })
    .openapi({ ...(shortest > 0 ? { minLength: shortest } : {}), maxLength: longest });
}

const kept = (longest: number, shortest = 0): TextRule => ({ shortest, longest, faultOf: unstorable });

/** A text that is kept as it is given. */
export const text = (longest: number, shortest = 0) => schemaOf(kept(longest, shortest));

/** The rules of the texts that usage carries. */
export const RULES = {
  account: {
    shortest: 1,
    longest: 128,
    faultOf: (id) =>
      id === "." || id === ".." ? 'can\'t be "." or "..", which addresses drop' : illegible(id),
  },
  key: { shortest: 1, longest: 255, faultOf: illegible },
  sourceType: kept(64, 1),
  sourceId: kept(255),
  sourceLabel: kept(200, 1),
  metadataKey: kept(64, 1),
  metadataText: kept(500),
  description: kept(500),
  project: kept(200, 1),
} as const satisfies Record<string, TextRule>;

export const accountId = schemaOf(RULES.account);
export const key = schemaOf(RULES.key);

export const source = z.strictObject({
  type: schemaOf(RULES.sourceType),
  id: schemaOf(RULES.sourceId).nullish(),
  label: schemaOf(RULES.sourceLabel),
});

export const METADATA_KEYS_MAX = 50;

/** Whether a number comes back as it was given: whole numbers beyond 2^53 do not. */
export const isExact = (value: number) => !Number.isInteger(value) || Number.isSafeInteger(value);

const exactNumber = z
  .number()
  .refine(isExact, "is a whole number too large to be kept exactly; give it as a text");

const facts = z
  .record(
    schemaOf(RULES.metadataKey),
    z.union([schemaOf(RULES.metadataText), exactNumber, z.boolean()], {
      error: "is not a text, a number or true or false, which is all that metadata holds",
    }),
    {
      error: ({ code }) =>
        code === "invalid_key"
          ? "is under a key that is empty, longer than 64 characters, or has something that can't be stored"
          : undefined,
    },
  )
  .refine(
    (record) => Object.keys(record).length <= METADATA_KEYS_MAX,
    `has more than ${METADATA_KEYS_MAX} keys`,
  );

/** A record's schema passes over `__proto__`, and two commands that differ in it would be taken for the same. */
export const metadata = z.preprocess((given, { issues }) => {
  if (typeof given === "object" && given !== null && Object.hasOwn(given, "__proto__"))
    issues.push({ code: "custom", message: 'can\'t have a key "__proto__"', input: given });
  return given;
}, facts);

export const timeZone = z
  .string()
  .max(64)
  .refine(isTimeZone, "is not an IANA time zone such as Europe/Berlin");

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

export const description = schemaOf(RULES.description);
export const title = text(200, 1);
export const project = schemaOf(RULES.project);
export const grantKind = z.enum(GRANT_KINDS);
export const usageKind = z.enum(USAGE_KINDS);
export const priority = z.number().int().min(0).max(PRIORITY_MAX);
export const holdSeconds = z.number().int().min(1).max(HOLD_SECONDS_MAX);
export const tokenSeconds = z.number().int().min(1).max(TOKEN_SECONDS_MAX);
export const holdId = text(64, 1);
export const entrySeq = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

/** An amount as code writes it. */
export const amount = z.custom<Credits>(
  (value) => typeof value === "bigint" && fits(value),
  'is not an amount: make one with credits("12.5")',
);

/** A moment as code writes it: an `Instant`, or a `Date`. */
export const moment = z
  .union([z.date(), z.custom<Instant>((value) => typeof value === "number" && isInstant(value))])
  .transform((value) => (value instanceof Date ? value.getTime() * 1000 : value) as Instant)
  .refine(isInstant, "is outside the years 1900 to 2199");
