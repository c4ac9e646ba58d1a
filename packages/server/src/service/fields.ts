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

/** Postgres can't store NUL, and half a surrogate pair would come back as another text than was sealed. */
const unstorable: Fault = (text) =>
  text.isWellFormed() && !text.includes("\0")
    ? null
    : "has a character that can't be stored (NUL, or half of a surrogate pair)";

/** Control characters would make an id unreadable in logs and addresses. */
const illegible: Fault = (id) => unstorable(id) ?? (/\p{Cc}/u.test(id) ? "has a control character" : null);

/**
 * A text of so many characters without a fault. All is one check, since each costs every call of the ledger as much as
 * what it looks at.
 */
function limited(shortest: number, longest: number, faultOf: Fault) {
  return z
    .string()
    .check(({ value, issues }) => {
      const origin = "string";
      if (value.length < shortest)
        issues.push({ code: "too_small", origin, minimum: shortest, inclusive: true, input: value });
      else if (value.length > longest)
        issues.push({ code: "too_big", origin, maximum: longest, inclusive: true, input: value });
      const message = faultOf(value);
      if (message !== null) issues.push({ code: "custom", message, input: value });
    })
    .openapi({ ...(shortest > 0 ? { minLength: shortest } : {}), maxLength: longest });
}

/** A text that is kept as it is given. */
export function text(longest: number, shortest = 0) {
  return limited(shortest, longest, unstorable);
}

export const accountId = limited(1, 128, (id) =>
  id === "." || id === ".." ? 'can\'t be "." or "..", which addresses drop' : illegible(id),
);

export const key = limited(1, 255, illegible);

export const source = z.strictObject({
  type: text(64, 1),
  id: text(255).nullish(),
  label: text(200, 1),
});

const METADATA_KEYS_MAX = 50;

/** A number that comes back as it was given: whole numbers beyond 2^53 do not. */
const exactNumber = z
  .number()
  .refine(
    (value) => !Number.isInteger(value) || Number.isSafeInteger(value),
    "is a whole number too large to be kept exactly; give it as a text",
  );

export const metadata = z
  .record(text(64, 1), z.union([text(500), exactNumber, z.boolean()]))
  .refine(
    (record) => Object.keys(record).length <= METADATA_KEYS_MAX,
    `has more than ${METADATA_KEYS_MAX} keys`,
  );

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

export const description = text(500);
export const title = text(200, 1);
export const project = text(200, 1);
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
