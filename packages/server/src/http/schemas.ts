import { z } from "@hono/zod-openapi";
import { CreditsFormatError, parseCredits } from "../ledger/credits.js";
import { HOLD_STATUSES } from "../ledger/entry.js";
import { InstantFormatError, parseInstant } from "../ledger/instant.js";
import { BLOCK_KINDS, CATEGORIES, KINDS } from "../ledger/kinds.js";
import { DEFAULT_PRIORITY } from "../ledger/post.js";
import * as field from "../service/fields.js";
import { PROBLEM_CODES } from "./problems.js";

/** A decimal string on the wire, micro-credits inside. */
const amountIn = z
  .string({
    error: ({ input }) =>
      input === undefined
        ? 'is missing; write it as a decimal string such as "12.5"'
        : 'is not a string; write amounts as decimal strings such as "12.5", so that no digit is lost',
  })
  .transform((text, context) => {
    try {
      return parseCredits(text);
    } catch (error) {
      if (!(error instanceof CreditsFormatError)) throw error;
      context.addIssue({ code: "custom", message: error.message });
      return z.NEVER;
    }
  })
  .openapi({
    type: "string",
    example: "12.5",
    description: "Credits, as a decimal with at most 6 decimals.",
  });

const timeIn = z
  .string()
  .transform((text, context) => {
    try {
      return parseInstant(text);
    } catch (error) {
      if (!(error instanceof InstantFormatError)) throw error;
      context.addIssue({ code: "custom", message: error.message });
      return z.NEVER;
    }
  })
  .openapi({ type: "string", format: "date-time", example: "2026-11-22T10:05:00Z" });

const amountOut = z
  .string()
  .openapi({ example: "-18.72", description: "Credits, as a decimal without trailing zeros." });
const timeOut = z.string().openapi({ format: "date-time", example: "2026-11-22T10:05:00.123456Z" });
const count = z.number().int().openapi({ example: 14 });

export const source = z
  .object({
    type: z.string().openapi({ example: "model" }),
    id: z.string().nullable(),
    label: z.string().openapi({ example: "Claude Sonnet" }),
  })
  .openapi("Source", { description: "What an entry is due to." });

const metadataOut = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
  .openapi("Metadata", { description: "Facts of your own; account tokens can read them too." });

const sourceIn = field.source.openapi("SourceInput");
const metadataIn = field.metadata.openapi("MetadataInput");

export const accountIn = z
  .strictObject({
    name: field.text(200).nullish(),
    time_zone: field.timeZone.optional().openapi({ example: "Europe/Berlin" }),
    overdraft_limit: amountIn.refine((limit) => limit >= 0n, "can't be negative").optional(),
    metadata: metadataIn.optional(),
  })
  .openapi("AccountInput");

const described = {
  description: field.description.nullish(),
  metadata: metadataIn.optional(),
};
const caused = { source: sourceIn.nullish(), project: field.project.nullish() };
const charged = {
  credits: amountIn,
  original_credits: amountIn
    .nullish()
    .openapi({ type: ["string", "null"], description: "The amount before a discount." }),
};

export const grantIn = z
  .strictObject({
    kind: field.grantKind,
    credits: amountIn,
    title: field.title.nullish().openapi({ description: "The name of a bonus; for the kind bonus only." }),
    source: sourceIn.nullish(),
    effective_at: timeIn
      .nullish()
      .openapi({ type: ["string", "null"], description: "When it can be spent from. Default: at once." }),
    expires_at: timeIn
      .nullish()
      .openapi({ type: ["string", "null"], description: "When what remains is lost. Default: never." }),
    priority: field.priority
      .optional()
      .openapi({ description: `Smaller is spent first. Default ${DEFAULT_PRIORITY}.` }),
    ...described,
  })
  .refine((input) => input.kind === "bonus" || input.title == null, {
    path: ["title"],
    message: "only a bonus has a name of its own; use description for the other kinds",
  })
  .openapi("GrantInput");

export const spendIn = z
  .strictObject({ kind: field.usageKind.optional(), ...charged, ...caused, ...described })
  .openapi("SpendInput");

export const usageEventIn = z
  .strictObject({
    id: field.key.openapi({ description: "The event's key: the same id again posts nothing." }),
    account: field.accountId,
    kind: field.usageKind,
    occurred_at: timeIn.nullish().openapi({ type: ["string", "null"] }),
    ...charged,
    ...caused,
    ...described,
  })
  .openapi("UsageEvent");

export const usageIn = z
  .strictObject({ events: z.array(usageEventIn).min(1).max(field.EVENTS_MAX) })
  .openapi("UsageInput");

export const holdIn = z
  .strictObject({
    kind: field.usageKind.optional(),
    credits: amountIn,
    expires_in: field.holdSeconds
      .optional()
      .openapi({ description: `Seconds. Default ${field.HOLD_SECONDS_DEFAULT}.` }),
    description: field.description.nullish(),
    ...caused,
  })
  .openapi("HoldInput");

export const settleIn = z.strictObject({ ...charged, ...described }).openapi("SettleInput");
export const releaseIn = z.strictObject({}).openapi("ReleaseInput");

export const refundIn = z
  .strictObject({
    entry: field.entrySeq.openapi({ description: "The seq of the entry to return." }),
    credits: amountIn
      .nullish()
      .openapi({ type: ["string", "null"], description: "How much of it. Default: all that is left." }),
    source: sourceIn.nullish().openapi({ description: "Default: that of the entry it returns." }),
    ...described,
  })
  .openapi("RefundInput");

export const correctionIn = z
  .strictObject({
    credits: amountIn,
    description: field.text(500, 1),
    source: sourceIn.nullish().openapi({ description: "Who or what it is due to, such as support." }),
    metadata: metadataIn.optional(),
  })
  .openapi("CorrectionInput");

export const tokenIn = z
  .strictObject({
    expires_in: field.tokenSeconds
      .optional()
      .openapi({ description: `Seconds. Default ${field.TOKEN_SECONDS_DEFAULT}.` }),
  })
  .openapi("TokenInput");

export const accountOut = z
  .object({
    account: z.string(),
    name: z.string().nullable(),
    time_zone: z.string(),
    overdraft_limit: amountOut,
    metadata: metadataOut,
    balance: amountOut,
    held: amountOut.openapi({ description: "Open holds, and credits that are not effective yet." }),
    available: amountOut.openapi({ description: "balance - held" }),
    remaining: z
      .object(Object.fromEntries(BLOCK_KINDS.map((kind) => [kind, amountOut])))
      .openapi({ description: "What remains of the grants, by kind." }),
    created_at: timeOut,
    updated_at: timeOut,
  })
  .openapi("Account");

export const entryOut = z
  .object({
    seq: count,
    kind: z.enum(KINDS),
    category: z.enum(CATEGORIES),
    title: z.string(),
    description: z.string().nullable(),
    source: source.nullable(),
    project: z.string().nullable(),
    credits: amountOut,
    original_credits: amountOut.nullable(),
    discount_percent: z.number().nullable().openapi({ example: 20 }),
    balance: amountOut,
    occurred_at: timeOut,
    recorded_at: timeOut,
    key: z.string().nullable(),
    hash: z.string().openapi({ description: "SHA-256 over the previous hash and this entry, in hex." }),
    metadata: metadataOut,
  })
  .openapi("Entry");

export const rowOut = z
  .object({
    position: count,
    kind: z.enum(KINDS),
    category: z.enum(CATEGORIES),
    title: z.string(),
    description: z
      .string()
      .nullable()
      .openapi({ description: "What its entries have in common, else how many they are." }),
    common_description: z.string().nullable(),
    source: source.nullable(),
    project: z.string().nullable(),
    started_at: timeOut,
    ended_at: timeOut,
    entries: count,
    first_seq: count,
    last_seq: count,
    credits: amountOut,
    original_credits: amountOut.nullable(),
    discount_percent: z.number().nullable(),
    balance: amountOut,
  })
  .openapi("ActivityRow");

export const holdOut = z
  .object({
    hold: z.string(),
    kind: field.usageKind,
    credits: amountOut,
    description: z.string().nullable(),
    source: source.nullable(),
    project: z.string().nullable(),
    status: z.enum(HOLD_STATUSES),
    created_at: timeOut,
    expires_at: timeOut,
    settled_seq: count.nullable(),
    key: z.string(),
  })
  .openapi("Hold");

export const grantOut = z
  .object({
    seq: count,
    kind: z.enum(BLOCK_KINDS),
    title: z.string(),
    description: z.string().nullable(),
    source: source.nullable(),
    credits: amountOut,
    remaining: amountOut,
    priority: z.number().int(),
    effective_at: timeOut,
    expires_at: timeOut.nullable(),
    recorded_at: timeOut,
  })
  .openapi("Grant");

const nextCursor = z.string().nullable();
export const entryAnswer = z.object({ entry: entryOut }).openapi("EntryAnswer");
export const holdAnswer = z.object({ hold: holdOut }).openapi("HoldAnswer");
export const tokenAnswer = z.object({ token: z.string(), expires_at: timeOut }).openapi("Token");
export const entriesOut = z
  .object({ entries: z.array(entryOut), next_cursor: nextCursor })
  .openapi("Entries");
export const grantsOut = z.object({ grants: z.array(grantOut), next_cursor: nextCursor }).openapi("Grants");

export const activityOut = z
  .object({
    rows: z.array(rowOut),
    from: count,
    to: count,
    total: count,
    page: count,
    pages: count,
    as_of: z.string(),
    balance: amountOut,
  })
  .openapi("Activity");

export const usageOut = z
  .object({
    results: z.array(
      z.object({
        id: z.string().nullable(),
        status: z.enum(["posted", "duplicate", "refused"]),
        // Not nullable(): beside a reference the document would then allow no null.
        entry: z.union([entryOut, z.null()]),
        error: z.object({ code: z.enum(PROBLEM_CODES), detail: z.string() }).nullable(),
      }),
    ),
  })
  .openapi("UsageResults");

export const problemOut = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.enum(PROBLEM_CODES),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .openapi("Problem", { description: "RFC 9457" });

/** The query of the page. Numbers come as texts. */
export const activityQuery = z.strictObject({
  filter: z.enum(["all", ...CATEGORIES]).default("all"),
  page: z.coerce.number().int().min(1).max(1e12).default(1),
  per_page: z.coerce.number().int().min(1).max(100).default(8),
  as_of: z
    .string()
    .max(200)
    .optional()
    .openapi({ description: "From the first page, for the pages after it." }),
});

export const listQuery = z.strictObject({
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

export const entriesQuery = listQuery.extend({ order: z.enum(["asc", "desc"]).default("desc") });

export const accountParam = z.object({
  account: field.accountId.openapi({ param: { name: "account", in: "path" }, example: "acme" }),
});
export const holdParam = accountParam.extend({
  hold: field.holdId.openapi({ param: { name: "hold", in: "path" } }),
});
export const positionParam = accountParam.extend({
  position: z.coerce
    .number()
    .int()
    .min(1)
    .max(Number.MAX_SAFE_INTEGER)
    .openapi({ param: { name: "position", in: "path" }, example: 1 }),
});

export const keyHeader = z.object({
  "idempotency-key": field.key
    .regex(/^[\x20-\x7e]*$/, "has a character that headers do not carry as it is; keep to ASCII")
    .optional()
    .openapi({
      description: "The command's key. Without one the server makes one up, and a repeat is a new command.",
    }),
});
