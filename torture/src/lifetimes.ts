import type { Hold } from "@credit-activity/client";
import type { Command } from "./commands.js";
import type { AccountHistory, Recorded } from "./history.js";

/*
 * The ends of holds and grants as the clients have seen them. Times are in milliseconds since 1970. What never ends does so
 * at infinity.
 */

/** A command of a name that was accepted. */
export interface Accepted<Name extends Command["name"]> {
  readonly recorded: Recorded;
  readonly command: Extract<Command, { name: Name }>;
  readonly response: NonNullable<Recorded["response"]>;
  readonly sentMs: number;
  readonly acceptedMs: number;
}

/** Returns the accepted commands of a name. */
export function listAccepted<Name extends Command["name"]>(
  { accepted }: AccountHistory,
  name: Name,
): Accepted<Name>[] {
  return accepted.flatMap((recorded) => {
    const { command, response, sentMs, acceptedMs } = recorded;
    if (command.name !== name || response === null || sentMs === null || acceptedMs === null) return [];
    return [{ recorded, command: command as Accepted<Name>["command"], response, sentMs, acceptedMs }];
  });
}

/** The first moment at which a hold or grant may have been ended, and the commands that ended it. */
export interface Ending {
  sentMs: number;
  readonly accepted: Recorded[];
}

/** Returns the endings of holds by id, and those of voided grants by seq. */
export function toEndings({ commands }: AccountHistory): Map<string | number, Ending> {
  const endings = new Map<string | number, Ending>();
  for (const recorded of commands.values()) {
    const { command, sentMs, response } = recorded;
    const ended = toEnded(command);
    if (ended === null || sentMs === null) continue;
    const ending = endings.get(ended) ?? { sentMs, accepted: [] };
    ending.sentMs = Math.min(ending.sentMs, sentMs);
    if (response !== null) ending.accepted.push(recorded);
    endings.set(ended, ending);
  }
  return endings;
}

function toEnded(command: Command): string | number | null {
  if (command.name === "voidGrant") return command.input.grant;
  return command.name === "extend" ? null : command.hold;
}

/** Returns the hold of an id as it was opened. */
export function findHold(history: AccountHistory, id: string | null): Hold | null {
  const opened = listAccepted(history, "hold").find(({ response }) => response.hold?.id === id);
  return opened?.response.hold ?? null;
}

/** An end that a response has given to a hold or grant, and when the response came. */
export interface Given {
  readonly acceptedMs: number;
  readonly end: number;
}

/** Returns the ends of holds by id: the first one, and those of their extensions. */
export function toHoldEnds(history: AccountHistory): Map<string, Given[]> {
  const ends = new Map<string, Given[]>();
  for (const { response, acceptedMs } of [
    ...listAccepted(history, "hold"),
    ...listAccepted(history, "extend"),
  ]) {
    const { hold } = response;
    if (hold === null) continue;
    const given = ends.get(hold.id) ?? [];
    given.push({ acceptedMs, end: Date.parse(hold.expiresAt) });
    ends.set(hold.id, given);
  }
  return ends;
}

/** Returns the latest end, or the latest one that was given before a moment. */
export function toLatest(given: readonly Given[], beforeMs = Number.POSITIVE_INFINITY): number {
  return Math.max(0, ...given.filter(({ acceptedMs }) => acceptedMs < beforeMs).map(({ end }) => end));
}

/** A grant with the commands that moved its end, in the order of their entries. */
export interface Life {
  readonly granted: Accepted<"grant">;
  readonly seq: number;
  readonly moves: readonly (Accepted<"extendGrant"> | Accepted<"voidGrant">)[];
}

/** Returns the lives of the grants that were granted by commands. */
export function listLives(history: AccountHistory): Life[] {
  const moves = [...listAccepted(history, "extendGrant"), ...listAccepted(history, "voidGrant")].sort(
    (one, other) => toSeq(one.recorded) - toSeq(other.recorded),
  );
  return listAccepted(history, "grant").map((granted) => {
    const seq = toSeq(granted.recorded);
    return { granted, seq, moves: moves.filter(({ command }) => command.input.grant === seq) };
  });
}

/** Returns the seq of the entry of a command, or 0. */
export const toSeq = ({ response }: Recorded) => response?.entry?.seq ?? 0;

/** Returns the end that a command gives to its grant. */
export function toGivenEnd({ command, response }: Life["moves"][number] | Life["granted"]): number {
  return command.name === "voidGrant"
    ? Date.parse(response.entry?.recordedAt ?? "")
    : toMs(command.input.expiresAt);
}

/** Returns the end of a grant that the last of its commands gave it. */
export function toGrantEnd({ granted, moves }: Life): number {
  return toGivenEnd(moves.at(-1) ?? granted);
}

/** Returns a time that was given. One that was left out is infinity. */
export function toMs(time: string | Date | null | undefined): number {
  return time == null ? Number.POSITIVE_INFINITY : new Date(time).getTime();
}
