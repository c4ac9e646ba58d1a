import { z } from "zod";
import { formatAmount, least, type Micros, micros, ZERO } from "../amount.js";
import { toSourceArray } from "../chain.js";
import type { Inside } from "../codec.js";
import type { Operation } from "../command.js";
import { documented } from "../documented.js";
import type { Draw, Entry } from "../entry.js";
import { toFacts } from "../facts.js";
import * as field from "../fields.js";
import { findGrant, restore } from "../grants.js";
import { defaultTerms, postCredit } from "../post.js";
import { refuse } from "../refusal.js";
import { requirePositive } from "../rules.js";
import type { Draft, Past } from "../state.js";
import { DESCRIBED, isVersion1, SOURCED, toVersion1Description } from "./fields.js";

const schema = z.strictObject({
  entry: documented(field.seq, { description: "The seq of the entry to return." }),
  credits: documented(field.amountInput.nullish(), {
    description: "The credits to return. Default: all that are left.",
  }),
  source: documented(SOURCED.source, { description: "Default: the source of the entry." }),
  ...DESCRIBED,
});

/** The input of a refund. The engine loads the entry that it names. */
export type RefundInput = Inside<typeof schema>;

/**
 * Returns a debit in whole or in part. The credits go back to the grants they were drawn from, latest draw first. What
 * came from a grant that has expired since, or had gone into debt, pays outstanding debt and opens a new grant.
 */
export const refund: Operation<RefundInput> = {
  name: "refund",
  schema,
  hasKind: false,
  type: "correction",
  result: "entry",
  refersTo: "entry",
  refusals: [
    "entry_not_found",
    "not_refundable",
    "refund_exceeds_entry",
    "invalid_amount",
    "amount_out_of_range",
  ],
  route: {
    path: "/refunds",
    tag: "Commands",
    summary: "Return a debit",
    description:
      "In whole or in part, never more than it took. The credits go back to the grants they were drawn from.",
  },

  toVersion1({ input }) {
    if (!isVersion1(input)) return null;
    const credits = input.credits === null ? null : `${input.credits}`;
    return [input.entry, credits, toSourceArray(input.source), ...toVersion1Description(input)];
  },

  decide(draft, command, past) {
    const { input } = command;
    if (input.credits !== null) requirePositive(input.credits);
    const { returned, before, credits } = requireRefundable(past, input);
    const debtBefore = draft.debt;
    const { restored, loose } = giveBack(draft, returned, before, credits);
    const repaid = least(draft.debt, loose);
    draft.debt = micros(draft.debt - repaid);
    const { source, project, member, task } = returned.facts;
    const posting = {
      command,
      kind: "refund",
      type: "correction",
      facts: { ...toFacts(input), source: input.source ?? source, project, member, task },
      refundOf: returned.seq,
    } as const;
    return postCredit(draft, posting, {
      credits,
      opened: micros(loose - repaid),
      terms: defaultTerms(draft),
      draws: restored,
      debtBefore,
    });
  },
};

function requireRefundable(past: Past, { entry: seq, credits }: RefundInput) {
  const returned = past.entries.get(seq);
  if (returned === undefined) {
    refuse(
      "entry_not_found",
      `The entry ${seq} does not exist on the account. Give the seq of the entry to return.`,
    );
  }
  if (returned.credits >= 0n || returned.kind === "expiry") {
    refuse(
      "not_refundable",
      `The entry ${seq} of kind ${returned.kind} did not use credits. Use an adjustment or a manual grant.`,
    );
  }
  const before = past.refunded.get(seq) ?? ZERO;
  const left = micros(-returned.credits - before);
  const wanted = credits ?? left;
  if (wanted <= 0n || wanted > left) {
    refuse(
      "refund_exceeds_entry",
      `The entry ${seq} took ${formatAmount(-returned.credits)} credits, and ${formatAmount(before)} were refunded. Return at most ${formatAmount(left)}.`,
      { refundable: formatAmount(left) },
    );
  }
  return { returned, before, credits: wanted };
}

/** Walks an entry's draws from the last, past what was refunded before, and restores those grants that still live. */
function giveBack(
  draft: Draft,
  entry: Entry,
  before: Micros,
  credits: Micros,
): { restored: Draw[]; loose: Micros } {
  let skip = before;
  let open = credits;
  const take = (from: Micros): Micros => {
    const skipped = least(skip, from);
    skip = micros(skip - skipped);
    const part = least(micros(from - skipped), open);
    open = micros(open - part);
    return part;
  };
  let loose = take(entry.debt > 0n ? entry.debt : ZERO);
  const restored: Draw[] = [];
  for (const draw of entry.draws.toReversed()) {
    const part = take(draw.credits);
    if (part === ZERO) continue;
    const grant = findGrant(draft, draw.grant);
    const lives = grant !== undefined && (grant.expiresAt === null || grant.expiresAt > draft.now);
    if (lives) restored.push(restore(draft, draw.grant, part));
    else loose = micros(loose + part);
  }
  return { restored, loose };
}
