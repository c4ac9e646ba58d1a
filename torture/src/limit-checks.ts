import { type Amount, fromMicros, toMicros } from "@credit-activity/client";
import { type Finding, sum } from "./finding.js";
import { isFor, listUntouched } from "./grant-checks.js";
import type { AccountHistory, Recorded } from "./history.js";
import {
  type Ending,
  findHold,
  type Given,
  listAccepted,
  listLives,
  toEndings,
  toGivenEnd,
  toHoldEnds,
  toLatest,
  toMs,
} from "./lifetimes.js";

/** The kind of all spends and holds. */
const SPENT = "ai_usage";

/** Credits that a debit can't take: those of a hold, of a grant that is not effective, or of one for other kinds. */
interface Aside {
  readonly recorded: Recorded;
  readonly credits: Amount;
  readonly ends: readonly Given[];
  readonly ending: Ending | undefined;
  /** True if all of it is certainly there. Of a grant for some kinds, others may have taken a part. */
  readonly isWhole: boolean;
}

function listAsides(history: AccountHistory): Aside[] {
  const endings = toEndings(history);
  const holdEnds = toHoldEnds(history);
  const holds = listAccepted(history, "hold").flatMap(({ recorded, response: { hold } }): Aside[] => {
    if (hold === null) return [];
    const ends = holdEnds.get(hold.id) ?? [];
    return [{ recorded, credits: hold.credits, ends, ending: endings.get(hold.id), isWhole: true }];
  });
  const untouched = new Set(listUntouched(history).map(({ seq }) => seq));
  const grants = listLives(history).flatMap(({ granted, seq, moves }): Aside[] => {
    const { recorded, acceptedMs, command } = granted;
    const { credits, effectiveAt } = command.input;
    const aside = { recorded, credits: fromMicros(toMicros(credits)), ending: endings.get(seq) };
    const ends = [granted, ...moves].map((one) => ({ acceptedMs: one.acceptedMs, end: toGivenEnd(one) }));
    if (!isFor(granted, SPENT)) return [{ ...aside, ends, isWhole: untouched.has(seq) }];
    return effectiveAt == null
      ? []
      : [{ ...aside, ends: [{ acceptedMs, end: toMs(effectiveAt) }], isWhole: true }];
  });
  return [...holds, ...grants];
}

/**
 * No spend, no write-off and no settlement beyond its hold takes the account below its overdraft limit, or takes what was set
 * aside meanwhile. A hold counts if it was confirmed before the command was sent, and if nobody tried to end it before the
 * command was confirmed. One that takes what is covered takes all of it.
 */
export function* checkLimits(history: AccountHistory): Iterable<Finding> {
  const asides = listAsides(history);
  const limit = -toMicros(history.overdraftLimit);
  for (const recorded of history.accepted) {
    const { command, response } = recorded;
    const entry = response?.entry;
    if (entry == null || !isLimited(history, recorded)) continue;
    const [sentMs, acceptedMs] = [recorded.sentMs as number, recorded.acceptedMs as number];
    const at = Date.parse(entry.recordedAt);
    const kept = asides.filter(
      (aside) =>
        aside.isWhole &&
        (aside.recorded.acceptedMs as number) < sentMs &&
        (aside.ending?.sentMs ?? Number.POSITIVE_INFINITY) > acceptedMs &&
        toLatest(aside.ends, sentMs) > at,
    );
    const left = toMicros(entry.balance) - sum(kept.map(({ credits }) => credits));
    // Usage may have gone beyond the limit before. A settlement still takes what its hold had set aside.
    if (left < limit && isBeyondHold(history, recorded)) {
      const problem = `Entry ${entry.seq} leaves ${fromMicros(left)} available, beyond the overdraft limit of ${history.overdraftLimit}.`;
      yield { problem, evidence: { recorded, kept: kept.map(({ recorded: one }) => one) } };
    }
    const { credits } = command.input as { credits: Amount };
    if (command.name === "writeOff" || -toMicros(entry.credits) >= toMicros(credits)) continue;
    const possible = asides.filter(
      (aside) =>
        (aside.recorded.sentMs as number) < acceptedMs &&
        !aside.ending?.accepted.some((one) => (one.acceptedMs as number) < sentMs) &&
        toLatest(aside.ends) >= at,
    );
    const rest = toMicros(entry.balance) - sum(possible.map((aside) => aside.credits));
    if (rest <= limit) continue;
    const problem = `Entry ${entry.seq} takes less than was covered, and leaves ${fromMicros(rest)}.`;
    yield { problem, evidence: { recorded, possible: possible.map((aside) => aside.recorded) } };
  }
}

/** True if the command has to be covered. */
function isLimited(
  history: AccountHistory,
  { command, response }: Pick<Recorded, "command" | "response">,
): boolean {
  if (command.name === "spend" || command.name === "writeOff") return true;
  if (command.name !== "settle" || command.input.excess === "debt") return false;
  const isCapped = toMicros(command.input.credits) > -toMicros(response?.entry?.credits ?? "0");
  return isCapped || isBeyondHold(history, { command, response });
}

/** True if a command took more than its hold had set aside. A command without a hold does. */
function isBeyondHold(
  history: AccountHistory,
  { command, response }: Pick<Recorded, "command" | "response">,
): boolean {
  if (command.name !== "settle") return true;
  const held = toMicros(findHold(history, command.hold)?.credits ?? "0");
  return -toMicros(response?.entry?.credits ?? "0") > held;
}
