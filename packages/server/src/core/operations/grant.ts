import { z } from "zod";
import { toSourceArray } from "../chain.js";
import type { Inside } from "../codec.js";
import type { Operation } from "../command.js";
import { DOCUMENTATION, documented } from "../documented.js";
import { toFacts } from "../facts.js";
import * as field from "../fields.js";
import { formatInstant } from "../instant.js";
import { postCredit } from "../post.js";
import { refuse } from "../refusal.js";
import { requirePositive } from "../rules.js";
import { DESCRIBED, isVersion1, SOURCED, toVersion1Description } from "./fields.js";

const schema = z.strictObject({
  kind: documented(field.string(64, 1), {
    description: "monthly_grant, purchase, bonus, manual_grant, or a configured kind of the type grant.",
    examples: ["purchase"],
  }),
  credits: documented(field.amountInput, { description: "The credits to add, as a positive amount." }),
  title: documented(field.title.nullish(), {
    description: "The title on the page, for the kind bonus only.",
  }),
  ...SOURCED,
  effectiveAt: documented(field.timeInput.nullish(), {
    description: "The time from which the credits can be spent. Default: now.",
  }),
  expiresAt: documented(field.timeInput.nullish(), {
    description: "The time at which the remaining credits expire. Default: never.",
  }),
  priority: documented(field.withDefault(field.priority, field.PRIORITY_DEFAULT), {
    description: `Smaller is spent first. Default: ${field.PRIORITY_DEFAULT}.`,
  }),
  only: documented(field.usageKinds.nullish(), {
    description:
      "The kinds of usage that may draw on the grant. It is drawn on before grants for all kinds, and pays no debt. Default: all kinds.",
  }),
  ...DESCRIBED,
});
DOCUMENTATION.add(schema, {
  not: { properties: { kind: { not: { const: "bonus" } }, title: { type: "string" } }, required: ["title"] },
});

/** Adds a block of credits. */
export const grant: Operation<Inside<typeof schema>> = {
  name: "grant",
  schema,
  hasKind: true,
  type: "grant",
  result: "entry",
  refusals: ["invalid_amount", "already_expired", "amount_out_of_range"],
  route: { path: "/grants", tag: "Commands", summary: "Add credits", description: "" },
  findFaults: ({ kind, title }) =>
    kind === "bonus" || title === null
      ? []
      : [{ path: "title", message: `is not possible for the kind ${kind}. Use description` }],

  toVersion1({ input }) {
    if (!isVersion1(input) || input.only !== null) return null;
    return [
      input.kind,
      input.title,
      `${input.credits}`,
      toSourceArray(input.source),
      input.priority ?? field.PRIORITY_DEFAULT,
      input.effectiveAt,
      input.expiresAt,
      ...toVersion1Description(input),
    ];
  },

  decide(draft, command) {
    const { kind, title, credits, expiresAt, priority, effectiveAt, only } = command.input;
    requirePositive(credits);
    const terms = {
      priority: priority ?? field.PRIORITY_DEFAULT,
      effectiveAt: effectiveAt ?? draft.now,
      expiresAt,
      only,
    };
    if (expiresAt !== null && (expiresAt <= draft.now || expiresAt <= terms.effectiveAt)) {
      refuse(
        "already_expired",
        `The grant would expire at ${formatInstant(expiresAt)}, before it could be spent. Give an expiresAt after now and after effectiveAt.`,
      );
    }
    const posting = { command, kind, type: "grant", title, facts: toFacts(command.input) } as const;
    return postCredit(draft, posting, { credits, opened: credits, terms, draws: [], debtBefore: draft.debt });
  },
};
