import type { RefundCommand } from "./command.js";
import { amount, type Credits, formatCredits, least, ZERO } from "./credits.js";
import { restore } from "./draw.js";
import type { Draw, Entry } from "./entry.js";
import { requirePositive } from "./limits.js";
import { DEFAULT_PRIORITY, postCredit } from "./post.js";
import { refuse } from "./refusal.js";
import type { Draft, Past } from "./state.js";

/**
 * Returns a debit in whole or in part. The credits go back to the grants they were drawn from, latest draw first; what
 * came from a grant that has expired since, or had gone into debt, pays outstanding debt and opens a new grant.
 */
export function refund(draft: Draft, command: RefundCommand, fingerprint: string, past: Past): Entry {
  if (command.credits !== null) requirePositive(command.credits);
  const returned = past.entries.get(command.entry);
  if (returned === undefined) {
    refuse(
      "entry_not_found",
      `The account has no entry ${command.entry}. Give the seq of the entry to return.`,
    );
  }
  if (returned.credits >= 0n || returned.kind === "expiry") {
    refuse(
      "not_refundable",
      `Entry ${command.entry} did not use credits (it is of kind ${returned.kind}), so it can't be refunded. Use an adjustment or a manual grant.`,
    );
  }
  const before = past.refunded.get(command.entry) ?? ZERO;
  const left = amount(-returned.credits - before);
  const credits = command.credits ?? left;
  if (credits <= 0n || credits > left) {
    refuse(
      "refund_exceeds_entry",
      `Entry ${command.entry} took ${formatCredits(-returned.credits)} credits and ${formatCredits(before)} have been refunded, so at most ${formatCredits(left)} can be returned.`,
      { refundable: formatCredits(left) },
    );
  }
  const debtBefore = draft.debt;
  const { restored, loose } = giveBack(draft, returned, before, credits);
  const repaid = least(draft.debt, loose);
  draft.debt = amount(draft.debt - repaid);
  const posting = {
    kind: "refund" as const,
    key: command.key,
    fingerprint,
    description: command.description,
    source: command.source ?? returned.source,
    project: returned.project,
    refundOf: returned.seq,
    metadata: command.metadata,
  };
  const terms = { priority: DEFAULT_PRIORITY, effectiveAt: draft.now, expiresAt: null };
  return postCredit(draft, posting, terms, credits, amount(loose - repaid), restored, debtBefore);
}

/** Walks an entry's draws from the last, past what was refunded before, and restores those grants that still live. */
function giveBack(
  draft: Draft,
  entry: Entry,
  before: Credits,
  credits: Credits,
): { restored: Draw[]; loose: Credits } {
  let skip = before;
  let open = credits;
  const take = (from: Credits): Credits => {
    const skipped = least(skip, from);
    skip = amount(skip - skipped);
    const part = least(amount(from - skipped), open);
    open = amount(open - part);
    return part;
  };
  let loose = take(entry.debt > 0n ? entry.debt : ZERO);
  const restored: Draw[] = [];
  for (const draw of entry.draws.toReversed()) {
    const part = take(draw.credits);
    if (part === ZERO) continue;
    const grant = draft.grants.find((other) => other.seq === draw.grant);
    const lives = grant !== undefined && (grant.expiresAt === null || grant.expiresAt > draft.now);
    if (lives) restored.push(restore(draft, draw.grant, part));
    else loose = amount(loose + part);
  }
  return { restored, loose };
}
