import { z } from "zod";
import { TOKEN_SECONDS_DEFAULT, TOKEN_SECONDS_MAX } from "../auth/credentials.js";
import type { Micros } from "../core/amount.js";
import type { Inside } from "../core/codec.js";
import { documented } from "../core/documented.js";
import { HOLD_STATUSES } from "../core/entry.js";
import * as field from "../core/fields.js";
import { CATEGORIES } from "../core/kinds.js";
import * as record from "../core/records.js";
import { TOTALS_BY } from "../queries/totals.js";

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
const AS_OF_LENGTH_MAX = 200;
const CURSOR_LENGTH_MAX = 1_000;

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

const timeZone = z
  .string()
  .max(64)
  .refine(isTimeZone, "is not an IANA time zone. Use one such as Europe/Berlin");

export const accountSettings = documented(
  z.strictObject({
    name: documented(field.string(200).nullish(), { description: "Null removes it." }),
    timeZone: documented(timeZone.nullish(), { examples: ["Europe/Berlin"] }),
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
  asOf: documented(z.string().max(AS_OF_LENGTH_MAX).nullish(), {
    description: "The asOf of the first page, for the later pages.",
  }),
});

export const listQuery = z.strictObject({
  cursor: documented(z.string().max(CURSOR_LENGTH_MAX).nullish(), {
    description: "The nextCursor of the part before. Default: the start of the list.",
  }),
  limit: documented(field.integer(1, LIMIT_MAX).nullish(), {
    description: `The size of the part. It is smaller at the end of the list, or where its items have much metadata. Default: ${LIMIT_DEFAULT}.`,
  }),
});

/** The part of a list to read, as it is decoded. */
export type PartQuery = Inside<typeof listQuery>;

export const accountsQuery = listQuery.extend({
  prefix: documented(field.string(128).nullish(), {
    description: "The beginning of the ids. Default: all accounts.",
  }),
});

export const holdsQuery = listQuery.extend({
  status: documented(z.enum(HOLD_STATUSES).nullish(), { description: "Default: all." }),
});

/** The bounds of a span of entries. */
const SPAN = {
  from: documented(field.timeInput.nullish(), {
    description: "Only entries that were recorded at this time or later. Default: the first entry.",
  }),
  to: documented(field.timeInput.nullish(), {
    description: "Only entries that were recorded before this time. Default: the newest entry.",
  }),
};

export const entriesQuery = listQuery.extend({
  order: documented(z.enum(["asc", "desc"]).nullish(), {
    description: "desc has the newest first. Default: desc.",
  }),
  key: documented(field.key.nullish(), {
    description: "The key of a command. The list then has its entry, or none. No other filter goes with it.",
  }),
  kind: documented(field.string(64, 1).nullish(), { description: "Only entries of this kind." }),
  source: documented(field.string(255, 1).nullish(), {
    description: "Only entries whose source has this id, or this label if it has no id.",
  }),
  project: documented(field.string(200, 1).nullish(), { description: "Only entries of this project's id." }),
  member: documented(field.string(200, 1).nullish(), { description: "Only entries of this member's id." }),
  task: documented(field.string(200, 1).nullish(), { description: "Only entries of this task's id." }),
  ...SPAN,
});

export const balanceQuery = z.strictObject({
  at: documented(field.timeInput.nullish(), {
    description: "The balance after the last entry that was recorded at this time or before. Default: now.",
  }),
  seq: documented(field.seq.nullish(), {
    description: "The balance right after this entry, instead of a time.",
  }),
});

export const totalsQuery = listQuery.extend({
  by: documented(z.enum(TOTALS_BY), { description: "The fact that the totals are by." }),
  ...SPAN,
  timeZone: documented(timeZone.nullish(), {
    description: "The IANA time zone of the days. Default: the account's.",
    examples: ["Europe/Berlin"],
  }),
});

export const keyInput = z.strictObject({ name: field.string(200, 1) });
