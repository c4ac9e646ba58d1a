import { z } from "zod";
import { micros } from "../amount.js";
import { toSourceArray } from "../chain.js";
import type { Inside } from "../codec.js";
import type { Operation } from "../command.js";
import { documented } from "../documented.js";
import { toFacts } from "../facts.js";
import * as field from "../fields.js";
import { defaultTerms, postCredit, postDebit } from "../post.js";
import { refuse } from "../refusal.js";
import { DESCRIBED, isVersion1, SOURCED, toVersion1Description } from "./fields.js";

const KIND_DEFAULT = "adjustment";

const schema = z.strictObject({
  kind: documented(field.withDefault(field.string(64, 1), KIND_DEFAULT), {
    description: `${KIND_DEFAULT}, or a configured kind of the type correction. Default: ${KIND_DEFAULT}.`,
  }),
  credits: documented(field.amountInput, {
    description: "The credits to add (positive) or take (negative).",
  }),
  ...SOURCED,
  ...DESCRIBED,
  description: field.string(500, 1),
});

/** Corrects the balance up (positive) or down (negative). */
export const adjust: Operation<Inside<typeof schema>> = {
  name: "adjust",
  schema,
  hasKind: true,
  type: "correction",
  result: "entry",
  refusals: ["invalid_amount", "amount_out_of_range"],
  route: {
    path: "/adjustments",
    tag: "Commands",
    summary: "Correct the balance up or down",
    description: "",
  },

  toVersion1({ input }) {
    if (!isVersion1(input) || (input.kind ?? KIND_DEFAULT) !== KIND_DEFAULT) return null;
    return [`${input.credits}`, toSourceArray(input.source), ...toVersion1Description(input)];
  },

  decide(draft, command) {
    const { kind, credits } = command.input;
    if (credits === 0n) {
      refuse(
        "invalid_amount",
        "The amount is 0. Give a positive amount to add, or a negative amount to take.",
      );
    }
    const posting = {
      command,
      kind: kind ?? KIND_DEFAULT,
      type: "correction",
      facts: toFacts(command.input),
    } as const;
    if (credits < 0n) return postDebit(draft, micros(-credits), posting);
    return postCredit(draft, posting, {
      credits,
      opened: credits,
      terms: defaultTerms(draft),
      draws: [],
      debtBefore: draft.debt,
    });
  },
};
