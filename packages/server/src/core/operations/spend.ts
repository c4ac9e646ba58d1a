import { z } from "zod";
import { least, type Micros, ZERO } from "../amount.js";
import { toSourceArray } from "../chain.js";
import { requireCharge } from "../charge.js";
import type { Inside } from "../codec.js";
import type { Operation } from "../command.js";
import { DOCUMENTATION, documented } from "../documented.js";
import { type Facts, toFacts } from "../facts.js";
import * as field from "../fields.js";
import type { Instant } from "../instant.js";
import { postDebit } from "../post.js";
import { requireCovered, toCovered } from "../rules.js";
import {
  ATTRIBUTED,
  DESCRIBED,
  findDiscounted,
  isVersion1,
  MEASURED,
  optionalUsageKind,
  toDiscountedWith,
  toVersion1Amounts,
  toVersion1Description,
  USAGE_KIND_DEFAULT,
} from "./fields.js";

const schema = z.strictObject({
  kind: optionalUsageKind,
  ...MEASURED,
  atMost: documented(field.withDefault(z.boolean(), false), {
    description: "True to take what is covered, if that is less than credits. The entry has what was taken.",
  }),
  ...ATTRIBUTED,
  ...DESCRIBED,
});
DOCUMENTATION.add(schema, { not: toDiscountedWith("atMost", true) });

/** Spends credits now. A spend that is not covered is refused, or takes what is covered. */
export const spend: Operation<Inside<typeof schema>> = {
  name: "spend",
  schema,
  hasKind: true,
  type: "usage",
  result: "entry",
  refusals: ["insufficient_credits", "invalid_amount", "amount_out_of_range"],
  route: {
    path: "/spend",
    tag: "Commands",
    summary: "Spend credits now",
    description: "Refused with 402 when the available credits and the overdraft limit do not cover it.",
  },

  findFaults: ({ atMost, originalCredits }) =>
    atMost === true ? findDiscounted("atMost", originalCredits) : [],

  toVersion1: ({ input }) => (input.atMost === true ? null : toVersion1Charge(input, null)),

  decide(draft, command) {
    const { credits: wanted, atMost } = command.input;
    const kind = command.input.kind ?? USAGE_KIND_DEFAULT;
    const facts = requireCharge(wanted, toFacts(command.input));
    const credits = atMost === true ? toAtMost(wanted, toCovered(draft, kind)) : wanted;
    requireCovered(draft, credits, kind, "spend");
    return postDebit(draft, credits, { command, kind, type: "usage", facts });
  },
};

/** Returns what is wanted, or what is covered if that is less. Where nothing is covered, what is wanted is refused. */
function toAtMost(wanted: Micros, covered: Micros): Micros {
  return covered > ZERO ? least(wanted, covered) : wanted;
}

/** A charge as usage and spends have it. */
interface Charge extends Partial<Facts> {
  readonly kind: string | null;
  readonly credits: Micros;
}

/** Returns a charge as version 1 has it, or null when that version can't express it. */
export function toVersion1Charge(input: Charge, occurredAt: Instant | null): readonly unknown[] | null {
  if (!isVersion1(input)) return null;
  return [
    input.kind ?? USAGE_KIND_DEFAULT,
    ...toVersion1Amounts(input),
    toSourceArray(input.source ?? null),
    input.project?.id ?? null,
    occurredAt,
    ...toVersion1Description(input),
  ];
}
