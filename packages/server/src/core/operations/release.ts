import { z } from "zod";
import type { Inside } from "../codec.js";
import type { Command, Operation } from "../command.js";
import type { Hold } from "../entry.js";
import { toFingerprint } from "../fingerprint.js";
import { closeHold, requireOpen } from "../holds.js";
import type { Draft } from "../state.js";
import { expireLeft } from "./expire.js";

const schema = z.strictObject({});

/** Gives a hold up. Its credits are available again, or expire if their grant has expired meanwhile. */
export const release: Operation<Inside<typeof schema>> = {
  name: "release",
  schema,
  hasKind: false,
  type: "usage",
  result: "hold",
  refersTo: "hold",
  refusals: ["hold_not_found", "hold_closed"],
  isForClosed: true,
  route: { path: "/holds/{hold}/release", tag: "Holds", summary: "Give a hold up", description: "" },

  toVersion1: ({ hold }) => [hold],

  decide(draft, command, past) {
    return releaseHold(draft, command, requireOpen(draft, past, command.hold as string));
  },
};

/** Closes a hold by a command that takes nothing. */
export function releaseHold(draft: Draft, command: Command, open: Hold): Hold {
  const released: Hold = {
    ...open,
    extension: null,
    status: "released",
    releaseKey: command.key,
    releaseFingerprint: toFingerprint(command, open.salt),
  };
  closeHold(draft, released);
  expireLeft(draft, released, draft.now);
  return released;
}
