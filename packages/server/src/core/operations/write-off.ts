import { z } from "zod";
import { toSourceArray } from "../chain.js";
import type { Inside } from "../codec.js";
import type { Operation } from "../command.js";
import { documented } from "../documented.js";
import { toFacts } from "../facts.js";
import * as field from "../fields.js";
import { postDebit } from "../post.js";
import { requireCovered, requirePositive } from "../rules.js";
import { DESCRIBED, isVersion1, SOURCED, toVersion1Description } from "./fields.js";

const schema = z.strictObject({
  credits: documented(field.amountInput, { description: "The credits to take, as a positive amount." }),
  ...SOURCED,
  ...DESCRIBED,
  description: field.string(500, 1),
});

/** Takes credits away for good, never more than are available. */
export const writeOff: Operation<Inside<typeof schema>> = {
  name: "writeOff",
  schema,
  hasKind: false,
  type: "correction",
  result: "entry",
  refusals: ["insufficient_credits", "invalid_amount", "amount_out_of_range"],
  route: { path: "/writeoffs", tag: "Commands", summary: "Take credits away for good", description: "" },

  toVersion1({ input }) {
    if (!isVersion1(input)) return null;
    return [`${input.credits}`, toSourceArray(input.source), ...toVersion1Description(input)];
  },

  decide(draft, command) {
    const { credits } = command.input;
    requirePositive(credits);
    requireCovered(draft, credits, null, "write off");
    const facts = toFacts(command.input);
    return postDebit(draft, credits, { command, kind: "writeoff", type: "correction", facts });
  },
};
