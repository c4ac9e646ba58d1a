import { z } from "zod";
import { least, type Micros, micros, ZERO } from "../amount.js";
import { requireCharge } from "../charge.js";
import type { Inside } from "../codec.js";
import type { Operation } from "../command.js";
import { DOCUMENTATION, documented } from "../documented.js";
import type { Hold } from "../entry.js";
import { toFacts } from "../facts.js";
import * as field from "../fields.js";
import { closeHold, requireOpen } from "../holds.js";
import { postDebit } from "../post.js";
import { requireCovered, toCovered } from "../rules.js";
import type { Draft } from "../state.js";
import { expireLeft } from "./expire.js";
import {
  DESCRIBED,
  findDiscounted,
  isVersion1,
  MEASURED,
  toDiscountedWith,
  toVersion1Amounts,
  toVersion1Description,
} from "./fields.js";
import { releaseHold } from "./release.js";

const EXCESS_DEFAULT = "refuse";

const schema = z.strictObject({
  ...MEASURED,
  excess: documented(field.withDefault(z.enum(["refuse", "cap", "debt"]), EXCESS_DEFAULT), {
    description: `What to do with credits beyond the hold that are not covered: refuse the settlement, take what is covered, or leave a debt. Default: ${EXCESS_DEFAULT}.`,
  }),
  ...DESCRIBED,
});
DOCUMENTATION.add(schema, { not: toDiscountedWith("excess", "cap") });

type SettleInput = Inside<typeof schema>;

/**
 * Turns a hold into usage. Up to the amount of the hold it always posts, because that was promised. More has to be
 * covered, unless the command states otherwise. A settlement of nothing releases the hold. What is not needed becomes available again, except that of a grant that has expired meanwhile expires.
 */
export const settle: Operation<SettleInput> = {
  name: "settle",
  schema,
  hasKind: false,
  type: "usage",
  result: "settlement",
  refersTo: "hold",
  refusals: [
    "hold_not_found",
    "hold_closed",
    "insufficient_credits",
    "invalid_amount",
    "amount_out_of_range",
  ],
  route: {
    path: "/holds/{hold}/settle",
    tag: "Holds",
    summary: "Turn a hold into usage",
    description:
      "Up to the amount of the hold it always posts. A settlement of 0 releases the hold and posts nothing. More has to be covered. What is not needed becomes available again, or expires if its grant has expired meanwhile.",
  },

  findFaults: ({ excess, originalCredits }) =>
    excess === "cap" ? findDiscounted("excess", originalCredits) : [],

  toVersion1({ hold, input }) {
    if (!isVersion1(input) || input.excess !== null) return null;
    return [hold, ...toVersion1Amounts(input), ...toVersion1Description(input)];
  },

  decide(draft, command, past) {
    if (isNothing(command.input)) {
      return releaseHold(draft, command, requireOpen(draft, past, command.hold as string));
    }
    const facts = requireCharge(command.input.credits, toFacts(command.input));
    const open = requireOpen(draft, past, command.hold as string);
    const credits = toCharged(draft, open, command.input);
    const settled: Hold = { ...open, extension: null, status: "settled", settledSeq: draft.seq + 1 };
    const taken = closeHold(draft, settled, credits);
    const posting = { command, kind: open.kind, type: "usage", facts: toFacts(facts, open.facts) } as const;
    const entry = postDebit(draft, credits, posting, taken);
    expireLeft(draft, settled, draft.now);
    return entry;
  },
};

/** True if a settlement takes nothing, and not because of a discount. */
function isNothing({ credits, originalCredits }: SettleInput): boolean {
  return credits === ZERO && (originalCredits === null || originalCredits === ZERO);
}

/** Returns the credits that a settlement takes. */
function toCharged(draft: Draft, open: Hold, { credits, excess: rule }: SettleInput): Micros {
  const excess = micros(credits - open.credits);
  if (excess <= ZERO || rule === "debt") return credits;
  const covered = toCovered(draft, open.kind);
  if (rule === "cap") return micros(open.credits + (covered > ZERO ? least(excess, covered) : ZERO));
  requireCovered(draft, excess, open.kind, "settle beyond the hold");
  return credits;
}
