import { z } from "zod";
import { requireCharge } from "../charge.js";
import type { Inside } from "../codec.js";
import type { Operation } from "../command.js";
import { documented } from "../documented.js";
import { toFacts } from "../facts.js";
import * as field from "../fields.js";
import { formatInstant } from "../instant.js";
import { postDebit } from "../post.js";
import { refuse } from "../refusal.js";
import { WINDOW_MICROS } from "../windows.js";
import { ATTRIBUTED, DESCRIBED, MEASURED, usageKind } from "./fields.js";
import { toVersion1Charge } from "./spend.js";

const schema = z.strictObject({
  id: documented(field.key, { description: "The idempotency key of the event." }),
  account: field.accountId,
  kind: usageKind,
  occurredAt: documented(field.timeInput.nullish(), {
    description: "The time of the usage. Default: now.",
  }),
  ...MEASURED,
  ...ATTRIBUTED,
  ...DESCRIBED,
});

export type UsageInput = Inside<typeof schema>;

/** The distance by which usage may lie in the future, for clocks that run ahead. */
const AHEAD_MICROS_MAX = WINDOW_MICROS;

/** Reports usage after the fact. It is history, so the balance never stops it, and it may leave a debt. */
export const usage: Operation<UsageInput> = {
  name: "usage",
  schema,
  hasKind: true,
  type: "usage",
  result: "entry",
  refusals: ["invalid_amount", "occurred_in_future", "amount_out_of_range"],
  route: null,

  toVersion1: ({ input }) => toVersion1Charge(input, input.occurredAt),

  decide(draft, command) {
    const { kind, credits, occurredAt } = command.input;
    const facts = requireCharge(credits, toFacts(command.input));
    const at = occurredAt ?? draft.now;
    if (at > draft.now + AHEAD_MICROS_MAX) {
      refuse(
        "occurred_in_future",
        `occurredAt ${formatInstant(at)} is more than five minutes after the server's ${formatInstant(draft.now)}. Check the sender's clock.`,
      );
    }
    return postDebit(draft, credits, {
      command,
      kind,
      type: "usage",
      facts,
      occurredAt: at,
    });
  },
};
