import { z } from "zod";
import * as field from "./fields.js";

const described = {
  description: field.description.nullish(),
  metadata: field.metadata.optional(),
};
const caused = {
  source: field.source.nullish(),
  project: field.project.nullish(),
};
const charged = {
  credits: field.amount,
  originalCredits: field.amount.nullish(),
};

/** What the library takes, as schemas: each call is checked by one before anything else happens. */
export const accountSettings = z.strictObject({
  name: field.text(200).nullish(),
  timeZone: field.timeZone.optional(),
  overdraftLimit: field.amount.refine((limit) => limit >= 0n, "can't be negative").optional(),
  metadata: field.metadata.optional(),
});

export const grantInput = z
  .strictObject({
    kind: field.grantKind,
    credits: field.amount,
    title: field.title.nullish(),
    source: field.source.nullish(),
    effectiveAt: field.moment.nullish(),
    expiresAt: field.moment.nullish(),
    priority: field.priority.optional(),
    ...described,
  })
  .refine((input) => input.kind === "bonus" || input.title == null, {
    path: ["title"],
    message: "only a bonus has a name of its own; use description for the other kinds",
  });

export const spendInput = z.strictObject({
  kind: field.usageKind.optional(),
  ...charged,
  ...caused,
  ...described,
});

export const usageEvent = z.strictObject({
  id: field.key,
  account: field.accountId,
  kind: field.usageKind,
  occurredAt: field.moment.nullish(),
  ...charged,
  ...caused,
  ...described,
});

export const holdInput = z.strictObject({
  kind: field.usageKind.optional(),
  credits: field.amount,
  expiresIn: field.holdSeconds.optional(),
  description: field.description.nullish(),
  ...caused,
});

export const settleInput = z.strictObject({ ...charged, ...described });

export const refundInput = z.strictObject({
  entry: field.entrySeq,
  credits: field.amount.nullish(),
  source: field.source.nullish(),
  ...described,
});

export const correctionInput = z.strictObject({
  credits: field.amount,
  description: field.text(500, 1),
  source: field.source.nullish(),
  metadata: field.metadata.optional(),
});

export type AccountSettingsInput = z.input<typeof accountSettings>;
export type GrantInput = z.input<typeof grantInput>;
export type SpendInput = z.input<typeof spendInput>;
export type UsageEventInput = z.input<typeof usageEvent>;
export type HoldInput = z.input<typeof holdInput>;
export type SettleInput = z.input<typeof settleInput>;
export type RefundInput = z.input<typeof refundInput>;
export type CorrectionInput = z.input<typeof correctionInput>;

/** What is wrong with an input, and where. */
export interface InputIssue {
  readonly path: string;
  readonly message: string;
}

/** Thrown when a call's arguments are not what it takes. Nothing was done. */
export class InvalidInputError extends Error {
  override readonly name = "InvalidInputError";
  constructor(readonly issues: readonly InputIssue[]) {
    super(
      issues
        .map((issue) => (issue.path === "" ? issue.message : `${issue.path}: ${issue.message}`))
        .join("; "),
    );
  }
}

/** The issues of a zod error, with paths such as `events.3.credits`. */
export function issuesOf(error: z.ZodError): InputIssue[] {
  return error.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message }));
}

/**
 * Checks a value against a schema.
 *
 * @throws InvalidInputError naming every place that is wrong
 */
export function check<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (!result.success) throw new InvalidInputError(issuesOf(result.error));
  return result.data;
}
