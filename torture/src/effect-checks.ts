import { fromMicros, toMicros } from "@credit-activity/client";
import type { Command } from "./commands.js";
import type { Finding } from "./finding.js";
import type { AccountHistory, Recorded } from "./history.js";
import { findHold } from "./lifetimes.js";

/** Each entry, and each hold of a response, is what its command states. */
export function* checkEffects(history: AccountHistory): Iterable<Finding> {
  for (const recorded of history.accepted) {
    const entry = recorded.response?.entry ?? null;
    const expected = toExpected(recorded.command, history);
    if (entry === null || expected === null) {
      if (entry === null && expected === null && isHoldExpected(history, recorded)) continue;
      const problem = `The command ${recorded.command.name} has ${entry === null ? "no entry" : "an entry"}, or another hold than it states.`;
      yield { problem, evidence: recorded };
      continue;
    }
    const { kind, least, most } = expected;
    const credits = toMicros(entry.credits);
    const { description, grant } = toStated(recorded.command);
    const isDescribed = entry.description === description || isErased(history, entry.description);
    const isAbout = entry.grant === grant;
    if (entry.kind === kind && credits >= least && credits <= most && isDescribed && isAbout) continue;
    const problem = `Entry ${entry.seq} is not what its command states.`;
    yield { problem, evidence: { recorded, kind, least: fromMicros(least), most: fromMicros(most) } };
  }
}

/** True if a description is missing, and may be because an anonymization was sent. */
function isErased(history: AccountHistory, description: string | null): boolean {
  return description === null && history.firstSentMs("anonymizeAccount") !== null;
}

/** Returns the description of a command, and the grant that it ends or extends. */
function toStated({ name, input }: Command): { description: string | null; grant: number | null } {
  const { description = null } = input as { description?: string };
  return { description, grant: name === "voidGrant" || name === "extendGrant" ? input.grant : null };
}

/** True if the hold of a response is as its command leaves it. */
function isHoldExpected(history: AccountHistory, { command, response }: Recorded): boolean {
  const hold = response?.hold ?? null;
  if (hold === null) return false;
  const isOpen = command.name === "hold" || command.name === "extend";
  const credits = command.name === "hold" ? command.input.credits : findHold(history, command.hold)?.credits;
  return (
    hold.id === (command.hold ?? hold.id) &&
    hold.status === (isOpen ? "open" : "released") &&
    toMicros(hold.credits) === toMicros(credits ?? "0")
  );
}

/** The entry that a command has. Null stands for none. */
interface Expected {
  readonly kind: string;
  readonly least: bigint;
  readonly most: bigint;
}

function toExpected(command: Command, history: AccountHistory): Expected | null {
  const exactly = (kind: string, credits: bigint): Expected => ({ kind, least: credits, most: credits });
  switch (command.name) {
    case "grant":
      return exactly(command.input.kind, toMicros(command.input.credits));
    case "spend": {
      const credits = toMicros(command.input.credits);
      return { kind: "ai_usage", least: -credits, most: command.input.atMost ? -1n : -credits };
    }
    case "usage":
      return exactly(command.input.kind, -toMicros(command.input.credits));
    case "settle": {
      const credits = toMicros(command.input.credits);
      // A settlement of nothing is a release.
      if (credits === 0n) return null;
      const held = toMicros(findHold(history, command.hold)?.credits ?? "0");
      const isCapped = command.input.excess === "cap" && held < credits;
      return { kind: "ai_usage", least: -credits, most: isCapped ? -held : -credits };
    }
    case "refund": {
      const { credits } = command.input;
      return credits == null
        ? { kind: "refund", least: 1n, most: toTaken(history, command.input.entry) }
        : exactly("refund", toMicros(credits));
    }
    case "adjust":
      return exactly("adjustment", toMicros(command.input.credits));
    case "writeOff":
      return exactly("writeoff", -toMicros(command.input.credits));
    case "voidGrant":
      return { kind: "writeoff", least: -toGranted(history, command.input.grant), most: 0n };
    case "extendGrant":
      return exactly("extension", 0n);
    case "closeAccount":
      return exactly("closure", 0n);
    case "anonymizeAccount":
      return exactly("anonymization", 0n);
    case "hold":
    case "extend":
    case "release":
      return null;
  }
}

function toGranted({ accepted }: AccountHistory, seq: number): bigint {
  const granted = accepted.find(({ response }) => response?.entry?.seq === seq);
  return toMicros(granted?.response?.entry?.credits ?? "0");
}

function toTaken({ accepted }: AccountHistory, seq: number): bigint {
  const returned = accepted.find(({ response }) => response?.entry?.seq === seq);
  return -toMicros(returned?.response?.entry?.credits ?? "0");
}
