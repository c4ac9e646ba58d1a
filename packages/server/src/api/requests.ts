import { z } from "zod";
import { TOKEN_SECONDS_DEFAULT, TOKEN_SECONDS_MAX } from "../auth/credentials.js";
import type { Micros } from "../core/amount.js";
import { documented } from "../core/documented.js";
import * as field from "../core/fields.js";
import { CATEGORIES } from "../core/kinds.js";
import * as record from "../core/records.js";

/*
 * The schemas of requests that are not operations.
 */

/** The most events of one call. */
export const EVENTS_MAX = 10_000;

/** The most rows of one page, and their number by default. */
const PER_PAGE_MAX = 100;
export const PER_PAGE_DEFAULT = 8;

/** The most items of one part of a list, and their number by default. */
const LIMIT_MAX = 1_000;
export const LIMIT_DEFAULT = 100;

const PAGE_MAX = 1e12;
const CURSOR_LENGTH_MAX = 200;

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

export const accountSettings = documented(
  z.strictObject({
    name: documented(field.string(200).nullish(), { description: "Null removes it." }),
    timeZone: documented(
      z
        .string()
        .max(64)
        .refine(isTimeZone, "is not an IANA time zone. Use one such as Europe/Berlin")
        .nullish(),
      { examples: ["Europe/Berlin"] },
    ),
    overdraftLimit: field.amountInput
      .refine((limit: Micros) => limit >= 0n, "is negative. Use 0 or more")
      .nullish(),
    metadata: documented(record.metadata.nullish(), { description: "It replaces the metadata." }),
  }),
  { id: "AccountSettings" },
);

export const tokenInput = documented(
  z.strictObject({
    expiresIn: documented(field.integer(1, TOKEN_SECONDS_MAX).nullish(), {
      description: `The lifetime in seconds. Default: ${TOKEN_SECONDS_DEFAULT}.`,
    }),
  }),
  { id: "TokenInput" },
);

export const activityQuery = z.strictObject({
  filter: documented(z.enum(["all", ...CATEGORIES]).nullish(), { description: "Default: all." }),
  page: documented(field.integer(1, PAGE_MAX).nullish(), {
    description: "The number of the page. Page 1 has the newest rows. Default: 1.",
  }),
  perPage: documented(field.integer(1, PER_PAGE_MAX).nullish(), {
    description: `The rows per page. Default: ${PER_PAGE_DEFAULT}.`,
  }),
  asOf: documented(z.string().max(CURSOR_LENGTH_MAX).nullish(), {
    description: "The asOf of the first page, for the later pages.",
  }),
});

export const listQuery = z.strictObject({
  cursor: documented(z.string().max(CURSOR_LENGTH_MAX).nullish(), {
    description: "The nextCursor of the part before. Default: the start of the list.",
  }),
  limit: documented(field.integer(1, LIMIT_MAX).nullish(), {
    description: `The size of the part. It is smaller at the end of the list, or where entries have much metadata. Default: ${LIMIT_DEFAULT}.`,
  }),
});

export const entriesQuery = listQuery.extend({
  order: documented(z.enum(["asc", "desc"]).nullish(), {
    description: "desc has the newest first. Default: desc.",
  }),
});

export const keyInput = z.strictObject({ name: field.string(200, 1) });
