import { isDeepStrictEqual } from "node:util";
import { type Entry, fromMicros, toMicros } from "@credit-activity/client";
import type { Books } from "./books.js";
import { type Finding, sum, ZERO } from "./finding.js";
import type { AccountHistory } from "./history.js";
import {
  type Accepted,
  type Life,
  listAccepted,
  listLives,
  toEndings,
  toGivenEnd,
  toGrantEnd,
  toMs,
  toSeq,
} from "./lifetimes.js";
import { listLeft } from "./quiet.js";

/** The priority of a grant that was given none. */
const PRIORITY_DEFAULT = 100;

/** True if a kind of usage may draw on a grant. */
export function isFor({ command }: Accepted<"grant">, kind: string): boolean {
  return command.input.only == null || command.input.only.includes(kind);
}

/** Returns the grants for kinds that nobody used, on an account without corrections. Only their end takes credits of them. */
export function listUntouched(history: AccountHistory): Life[] {
  const isCorrected =
    listAccepted(history, "writeOff").length > 0 ||
    listAccepted(history, "adjust").some(({ command }) => toMicros(command.input.credits) < ZERO);
  if (isCorrected) return [];
  const used = [
    ...new Set(["ai_usage", ...listAccepted(history, "usage").map(({ command }) => command.input.kind)]),
  ];
  return listLives(history).filter(({ granted }) => used.every((kind) => !isFor(granted, kind)));
}

/** Each grant is as its command stated, and ends when the last of its commands states. An ended one has nothing left. */
export function* checkGrants(history: AccountHistory, { grants }: Books): Iterable<Finding> {
  for (const life of listLives(history)) {
    const { granted, seq, moves } = life;
    const grant = grants.find((one) => one.seq === seq);
    if (grant === undefined) {
      yield { problem: `The grant ${seq} is lost.`, evidence: granted.recorded };
      continue;
    }
    const { only, priority, credits } = granted.command.input;
    const stated = [only ?? null, priority ?? PRIORITY_DEFAULT, toMicros(credits)];
    if (!isDeepStrictEqual([grant.only, grant.priority, toMicros(grant.credits)], stated))
      yield { problem: `The grant ${seq} is not what its command states.`, evidence: { grant, granted } };
    let end = toGivenEnd(granted);
    let isVoided = false;
    for (const move of moves) {
      const moved = toGivenEnd(move);
      const isVoid = move.command.name === "voidGrant";
      if (isVoided || (isVoid ? moved > end : moved <= end)) {
        const problem = `Entry ${toSeq(move.recorded)} moved the end of the grant ${seq} from ${toTime(end)} to ${toTime(moved)}.`;
        yield { problem, evidence: { granted, moves } };
      }
      end = moved;
      isVoided = isVoid;
    }
    if (toMs(grant.expiresAt) !== end)
      yield {
        problem: `The grant ${seq} ends at ${grant.expiresAt}, and ${toTime(end)} was confirmed.`,
        evidence: grant,
      };
  }
  for (const grant of listLeft(history, grants))
    yield { problem: `The grant ${grant.seq} has ended, and has ${grant.remaining} left.`, evidence: grant };
}

const toTime = (ms: number) => (Number.isFinite(ms) ? new Date(ms).toISOString() : "no time");

/**
 * Only what a grant had is taken at its end, and not before. A void takes all that remained but what holds had reserved. The
 * grants that nobody could draw on were whole until then. An expiry has the description of its grant, unless it is erased.
 */
export function* checkEnds(history: AccountHistory, { entries, grants }: Books): Iterable<Finding> {
  const untouched = new Set(listUntouched(history).map(({ seq }) => seq));
  const isErased = history.firstSentMs("anonymizeAccount") !== null;
  for (const life of listLives(history)) {
    const { granted, seq } = life;
    const { description, credits } = granted.command.input;
    const whole = toMicros(credits);
    const end = toGrantEnd(life);
    const last = life.moves.at(-1);
    const voided = last?.command.name === "voidGrant" ? (last.response.entry as Entry) : null;
    const expiries = entries.filter((entry) => entry.kind === "expiry" && entry.description === description);
    const early = expiries.find(({ occurredAt }) => Date.parse(occurredAt) < end);
    if (early !== undefined)
      yield {
        problem: `Entry ${early.seq} expires the grant ${seq} before ${toTime(end)}.`,
        evidence: { early, life },
      };
    const expired = -sum(expiries.map((entry) => entry.credits));
    const taken = expired - toMicros(voided?.credits ?? "0");
    if (taken > whole)
      yield {
        problem: `${fromMicros(taken)} were taken at the end of the grant ${seq}.`,
        evidence: { life, expiries },
      };
    const reserved = voided === null ? ZERO : toReserved(history, last as Accepted<"voidGrant">);
    if (voided !== null && expired > reserved) {
      const problem = `Entry ${voided.seq} left ${fromMicros(expired)} of the grant ${seq}, and ${fromMicros(reserved)} were reserved.`;
      yield { problem, evidence: { life, expiries } };
    }
    if (!untouched.has(seq)) continue;
    const isOver = end <= Date.now();
    const remaining = toMicros(grants.find((grant) => grant.seq === seq)?.remaining ?? "0");
    if (
      remaining !== (isOver ? ZERO : whole) ||
      (isOver && !(isErased && voided === null) && taken !== whole)
    ) {
      const problem = `The grant ${seq} of ${credits} has ${fromMicros(remaining)}, and its end took ${fromMicros(taken)}, though nobody drew on it.`;
      yield { problem, evidence: { life, expiries } };
    }
  }
}

/** Returns the credits that holds may have had reserved when a grant was voided. */
function toReserved(history: AccountHistory, { sentMs, acceptedMs }: Accepted<"voidGrant">): bigint {
  const endings = toEndings(history);
  const holds = listAccepted(history, "hold").filter(
    ({ response, sentMs: openedMs }) =>
      openedMs < acceptedMs &&
      !endings.get(response.hold?.id ?? "")?.accepted.some((ended) => (ended.acceptedMs as number) < sentMs),
  );
  return sum(holds.map(({ response }) => response.hold?.credits ?? "0"));
}

/** A grant that is refused as ended has ended, and an extension that is refused as none would not have been one. */
export function* checkGrantRefusals(history: AccountHistory): Iterable<Finding> {
  const lives = listLives(history);
  for (const recorded of history.commands.values()) {
    const { command, refusal, refusedAt, response } = recorded;
    if (response !== null || refusedAt === null) continue;
    if (command.name !== "voidGrant" && command.name !== "extendGrant") continue;
    const life = lives.find(({ seq }) => seq === command.input.grant);
    if (life === undefined || refusal === "account_closed") continue;
    const ends = [life.granted, ...life.moves].map(toGivenEnd);
    const isRight =
      refusal === "grant_ended"
        ? toGrantEnd(life) <= refusedAt
        : command.name === "extendGrant" && Math.max(...ends) >= toMs(command.input.expiresAt);
    if (isRight) continue;
    yield {
      problem: `A command on the grant ${life.seq} was refused with ${refusal}.`,
      evidence: { recorded, life },
    };
  }
}

/** No more expires than was granted for a time, or was voided while holds had it reserved. */
export function* checkExpired(history: AccountHistory, { entries }: Books): Iterable<Finding> {
  const expiries = entries.filter(({ kind }) => kind === "expiry");
  const expired = -sum(expiries.map(({ credits }) => credits));
  const ending = listLives(history).filter(
    ({ granted, moves }) => granted.command.input.expiresAt != null || moves.length > 0,
  );
  const granted = sum(ending.map((life) => life.granted.response.entry?.credits ?? "0"));
  if (expired <= granted) return;
  const problem = `${fromMicros(expired)} expired, and ${fromMicros(granted)} were granted for a time.`;
  yield { problem, evidence: expiries };
}
