import { z } from "zod";
import { micros } from "../amount.js";
import { requireCharge } from "../charge.js";
import type { Inside } from "../codec.js";
import type { Operation } from "../command.js";
import { toFacts } from "../facts.js";
import { closeHold, requireOpen } from "../holds.js";
import { postDebit } from "../post.js";
import { requireCovered } from "../rules.js";
import { DESCRIBED, isVersion1, MEASURED, toVersion1Amounts, toVersion1Description } from "./fields.js";

const schema = z.strictObject({ ...MEASURED, ...DESCRIBED });

/**
 * Turns a hold into usage. Up to the amount of the hold it always posts, because that was promised. More has to be
 * covered. What is not needed becomes available again.
 */
export const settle: Operation<Inside<typeof schema>> = {
  name: "settle",
  schema,
  hasKind: false,
  type: "usage",
  result: "entry",
  refusals: [
    "account_not_found",
    "hold_not_found",
    "hold_closed",
    "insufficient_credits",
    "key_conflict",
    "invalid_amount",
    "amount_out_of_range",
  ],
  route: {
    path: "/holds/{hold}/settle",
    tag: "Holds",
    summary: "Turn a hold into usage",
    description:
      "Up to the amount of the hold it always posts. More has to be covered. What is not needed becomes available again.",
  },

  toVersion1({ hold, input }) {
    if (!isVersion1(input)) return null;
    return [hold, ...toVersion1Amounts(input), ...toVersion1Description(input)];
  },

  decide(draft, command) {
    const { credits } = command.input;
    const facts = requireCharge(credits, toFacts(command.input));
    const open = requireOpen(draft, command.hold as string);
    if (credits > open.credits) {
      requireCovered(draft, micros(credits - open.credits), "settle beyond the hold");
    }
    closeHold(draft, { ...open, status: "settled", settledSeq: draft.seq + 1 });
    return postDebit(draft, credits, {
      command,
      kind: open.kind,
      type: "usage",
      facts: toFacts(facts, open.facts),
    });
  },
};
