import { PROBLEM_CODES } from "@credit-activity/client";
import { z } from "zod";
import { documented } from "../core/documented.js";
import { GROUP_FACTS, HOLD_STATUSES } from "../core/entry.js";
import * as field from "../core/fields.js";
import { CATEGORIES, KIND_TYPES } from "../core/kinds.js";

/*
 * The schemas of results. The OpenAPI document, and so the client's types, are made from them.
 */

/** Adds a description to a schema. */
const as = <S extends z.ZodType>(description: string, schema: S): S => documented(schema, { description });

const { amount, count, time } = field;
const text = z.string().nullable();
const optionalAmount = amount.nullable();
const optionalSource = field.source.nullable();
const optionalDimension = field.dimension.nullable();

const kind = documented(z.string(), {
  description: "A built-in or configured kind.",
  examples: ["ai_usage"],
});
const type = as("The type of the kind.", z.enum(KIND_TYPES));
const category = as("The filter of the page that shows it.", z.enum(CATEGORIES));
const title = as("The title of the kind, or the given title.", z.string());
const originalCredits = as("The credits before the discount, with the sign of `credits`.", optionalAmount);
const discountPercent = documented(z.number().nullable(), { examples: [20] });

const metadata = documented(z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])), {
  id: "Metadata",
  description: "Values of your own, by name.",
});
const privateMetadata = as("Metadata that is absent for account tokens.", metadata.optional());

const DIMENSIONS = { project: optionalDimension, member: optionalDimension, task: optionalDimension };

export const account = documented(
  z.object({
    id: z.string(),
    name: text,
    timeZone: as("The IANA time zone of the account.", z.string()),
    overdraftLimit: amount,
    metadata,
    balance: amount,
    held: as("The credits of open holds, and of grants that are not effective yet.", amount),
    pending: as("The part of `held` in grants that are not effective yet.", amount),
    available: as("`balance - held`.", amount),
    remaining: as("The remaining credits of the grants, by kind.", z.record(z.string(), amount)),
    closedAt: as("The time at which the account was closed. Null while it is open.", time.nullable()),
    nextExpiry: as(
      "The credits that expire next if nothing is used before. Null if none expire.",
      z
        .object({
          at: time,
          credits: amount,
          kind: as("The kind of the grants. Null if grants of several kinds expire.", text),
        })
        .nullable(),
    ),
    createdAt: time,
    updatedAt: time,
  }),
  { id: "Account", description: "An account with its balance." },
);

export const entry = documented(
  z.object({
    seq: as("The number of the entry in its account: 1, 2, 3, ...", count),
    kind,
    type,
    category,
    title,
    credits: as("The credits moved. Usage is negative.", amount),
    originalCredits,
    discountPercent,
    balance: as("The balance right after the entry.", amount),
    occurredAt: time,
    recordedAt: time,
    key: as("The idempotency key of the command.", text),
    refundOf: as("The seq of the refunded entry.", count.nullable()),
    grant: as("The seq of the grant that the entry voids or extends.", count.nullable()),
    hash: as("SHA-256 over the previous hash and this entry's canonical form, in hex.", z.string()),
    description: text,
    source: optionalSource,
    ...DIMENSIONS,
    price: as("The version of the price that rated the usage.", text),
    quantities: as("The measured quantities, by name.", z.record(z.string(), amount).nullable()),
    estimated: as("True if the quantities are estimated.", z.boolean()),
    metadata,
    cost: as("Your own cost. It is absent for account tokens.", amount.nullish()),
    privateMetadata,
  }),
  { id: "Entry", description: "One immutable record of the ledger." },
);

export const row = documented(
  z.object({
    position: count,
    kind,
    type,
    category,
    title,
    nouns: as(
      "The words that count the entries of a usage row.",
      z.object({ one: z.string(), other: z.string() }).nullable(),
    ),
    description: as("The description that all entries have in common, or null.", text),
    source: optionalSource,
    ...DIMENSIONS,
    various: as(
      "The facts in which the entries differ. They are null here. Only a row that groups share has any.",
      z.array(z.enum(GROUP_FACTS)),
    ),
    startedAt: time,
    endedAt: time,
    entries: as("The number of entries in the row.", count),
    firstSeq: count,
    lastSeq: count,
    credits: amount,
    originalCredits,
    discountPercent,
    balance: as("The balance right after the row.", amount),
  }),
  { id: "ActivityRow", description: "One entry, or usage entries from one window." },
);

export const hold = documented(
  z.object({
    id: z.string(),
    kind,
    title,
    credits: amount,
    status: z.enum(HOLD_STATUSES),
    createdAt: time,
    expiresAt: time,
    settledSeq: as("The seq of the entry that settled the hold.", count.nullable()),
    key: z.string(),
    description: text,
    source: optionalSource,
    ...DIMENSIONS,
    metadata,
    privateMetadata,
  }),
  { id: "Hold", description: "Credits set aside for work in progress." },
);

export const grant = documented(
  z.object({
    seq: as("The seq of the entry that added it.", count),
    kind,
    title,
    description: text,
    source: optionalSource,
    credits: amount,
    remaining: amount,
    priority: as("Smaller is spent first.", count),
    effectiveAt: time,
    expiresAt: time.nullable(),
    only: as("The kinds of usage that may draw on it. Null means all.", z.array(z.string()).nullable()),
    recordedAt: time,
  }),
  { id: "Grant", description: "A block of credits that was added." },
);

const repeated = as("True if the key was used before. Nothing moved.", z.boolean());
const nextCursor = as("The cursor of the next part. It is null at the end.", text);

export const entryResult = documented(z.object({ entry, repeated }), { id: "EntryResult" });
export const holdResult = documented(z.object({ hold, repeated }), { id: "HoldResult" });
export const settleResult = documented(
  z.union([
    as("The usage that was posted.", z.object({ entry, hold: z.null(), repeated })),
    as("The released hold, when nothing was taken.", z.object({ entry: z.null(), hold, repeated })),
  ]),
  { id: "SettleResult" },
);
export const entryList = documented(z.object({ entries: z.array(entry), nextCursor }), { id: "EntryList" });
export const accountList = documented(z.object({ accounts: z.array(account), nextCursor }), {
  id: "AccountList",
});
export const holdList = documented(z.object({ holds: z.array(hold), nextCursor }), { id: "HoldList" });
export const grantList = documented(z.object({ grants: z.array(grant), nextCursor }), { id: "GrantList" });

export const balance = documented(
  z.object({
    balance: amount,
    seq: as("The seq of the last entry at that moment. It is 0 before the first one.", count),
    recordedAt: as("The time at which that entry was recorded.", time.nullable()),
  }),
  { id: "Balance", description: "The balance of an account at a moment." },
);

export const total = documented(
  z.object({
    day: as(
      "The date in the time zone, such as 2026-11-22. It is null if the totals are by another fact.",
      text,
    ),
    kind: as("Null if the totals are by another fact.", text),
    title: as("The title of the kind.", text),
    source: as("Null for entries without one, and if the totals are by another fact.", optionalSource),
    project: as("Null for entries without one, and if the totals are by another fact.", optionalDimension),
    member: as("Null for entries without one, and if the totals are by another fact.", optionalDimension),
    credits: as("The sum of the three below.", amount),
    added: as("The credits of entries in the category added.", amount),
    used: as("The credits of entries in the category used. It is not positive.", amount),
    adjustments: as("The credits of entries in the category adjustments.", amount),
    entries: as("The number of entries.", count),
    balance: as(
      "The balance at the end of the day. It is null if the totals are by another fact.",
      optionalAmount,
    ),
  }),
  { id: "Total", description: "The credits of a span of entries that have a fact in common." },
);

export const totals = documented(
  z.object({
    totals: z.array(total),
    opening: as("The balance before the span.", amount),
    closing: as("The balance after the span. It is `opening` plus the credits of all totals.", amount),
    nextCursor,
  }),
  { id: "Totals" },
);

export const token = documented(z.object({ token: z.string(), expiresAt: time }), {
  id: "AccountToken",
  description: "A short-lived token that reads one account.",
});

export const activityPage = documented(
  z.object({
    rows: z.array(row),
    from: as("The number of the first row shown, from the newest.", count),
    to: as("The number of the last row shown.", count),
    total: as("The number of rows under the filter.", count),
    page: count,
    pages: count,
    asOf: as("The moment that the page shows. Send it with the later pages.", z.string()),
    balance: as("The balance at that moment.", amount),
    pending: as("The part of that balance in grants that are not effective yet.", amount),
  }),
  { id: "ActivityPage", description: "A page of activity rows, newest first." },
);

const code = z.enum(PROBLEM_CODES as [string, ...string[]]);
const facts = as("The facts of the code, such as `available`.", z.record(z.string(), z.unknown()));

export const usageResult = documented(
  z.discriminatedUnion("status", [
    z.object({ status: z.literal("posted"), id: z.string(), entry }),
    z.object({ status: z.literal("duplicate"), id: z.string(), entry }),
    z.object({
      status: z.literal("refused"),
      id: text,
      error: z.object({ code, detail: z.string(), facts }),
    }),
    as(
      "The ledger could not decide the event. It may have been posted, so send it again with the same id.",
      z.object({
        status: z.literal("failed"),
        id: z.string(),
        error: z.object({ code, detail: z.string(), facts }),
      }),
    ),
  ]),
  { id: "UsageResult", description: "The result of one usage event." },
);
export const usageResults = documented(
  z.object({ results: as("One result per event, in the order of the events.", z.array(usageResult)) }),
  { id: "UsageResults" },
);

export const problem = documented(
  z.object({
    type: documented(z.string(), { examples: ["about:blank"] }),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code,
    facts,
    errors: as(
      "The faults of the request.",
      z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    ),
  }),
  { id: "Problem", description: "A problem document (RFC 9457)." },
);
