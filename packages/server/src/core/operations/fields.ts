import { z } from "zod";
import type { Micros } from "../amount.js";
import { documented } from "../documented.js";
import type { Facts } from "../facts.js";
import type { Fault } from "../faults.js";
import * as field from "../fields.js";
import { sortedJson } from "../json.js";
import * as record from "../records.js";

/*
 * The fields that operations share. A fact that usage gains is added to `MEASURED` or `ATTRIBUTED` here, to `Facts`, to
 * the canonical form and to the columns.
 */

/** The facts of every command. */
export const DESCRIBED = {
  description: field.description.nullish(),
  metadata: record.metadata.nullish(),
  privateMetadata: documented(record.metadata.nullish(), {
    description: "Metadata that account tokens can't read.",
  }),
};

/** The cause of a command. */
export const SOURCED = {
  source: field.sourceInput.nullish(),
};

/** The cause, and the dimensions in which credits are used. */
export const ATTRIBUTED = {
  ...SOURCED,
  project: field.dimensionInput.nullish(),
  member: field.dimensionInput.nullish(),
  task: field.dimensionInput.nullish(),
};

/** The charge, and the facts that it was computed from. */
export const MEASURED = {
  credits: documented(field.amountInput, { description: "The credits to take, as a positive amount." }),
  originalCredits: documented(field.amountInput.nullish(), { description: "The credits before a discount." }),
  price: documented(field.string(128, 1).nullish(), {
    description: "The version of the price that rated the usage.",
  }),
  quantities: documented(record.quantities.nullish(), { description: "The measured quantities, by name." }),
  estimated: documented(field.withDefault(z.boolean(), false), {
    description: "True if the quantities are estimated.",
  }),
  cost: documented(field.amountInput.nullish(), {
    description: "Your own cost. Account tokens can't read it.",
  }),
};

/** Returns the JSON schema of a charge that `findDiscounted` refuses. */
export function toDiscountedWith(option: string, value: string | boolean): object {
  return {
    properties: { originalCredits: { not: { type: "null" } }, [option]: { const: value } },
    required: ["originalCredits", option],
  };
}

/** Refuses an option that makes a charge smaller together with a discount, which could not be stated then. */
export function findDiscounted(path: string, original: Micros | null): readonly Fault[] {
  if (original === null) return [];
  return [{ path, message: "is not possible with originalCredits. Leave one of them out" }];
}

/** The kind of usage for which none is given. */
export const USAGE_KIND_DEFAULT = "ai_usage";

const USAGE_KINDS = "ai_usage, build_usage, runtime_usage, or a configured kind of the type usage.";

/** A kind of usage. */
export const usageKind = documented(field.string(64, 1), {
  description: USAGE_KINDS,
  examples: [USAGE_KIND_DEFAULT],
});

/** A kind of usage that may be left out. */
export const optionalUsageKind = documented(field.withDefault(usageKind, USAGE_KIND_DEFAULT), {
  description: `${USAGE_KINDS} Default: ${USAGE_KIND_DEFAULT}.`,
  examples: [USAGE_KIND_DEFAULT],
});

type Input = Partial<Facts>;

/** True if an input has none of the facts that version 1 did not have. */
export function isVersion1(input: Input): boolean {
  return (
    (input.member ?? null) === null &&
    (input.task ?? null) === null &&
    (input.project?.label ?? null) === null &&
    (input.price ?? null) === null &&
    (input.quantities ?? null) === null &&
    (input.estimated ?? null) === null &&
    (input.cost ?? null) === null &&
    (input.privateMetadata ?? null) === null
  );
}

/** Returns the charge as version 1 has it. */
export function toVersion1Amounts(input: Input & { readonly credits: Micros }): readonly unknown[] {
  return [`${input.credits}`, input.originalCredits == null ? null : `${input.originalCredits}`];
}

/** Returns the description and metadata as version 1 has them. */
export function toVersion1Description({ description, metadata }: Input): readonly unknown[] {
  return [description ?? null, sortedJson(metadata ?? {})];
}
