import { z } from "zod";
import type { Inside } from "../codec.js";
import type { Operation } from "../command.js";
import { documented } from "../documented.js";
import type { Hold } from "../entry.js";
import * as field from "../fields.js";
import { toFingerprint } from "../fingerprint.js";
import { openHold, requireOpen } from "../holds.js";
import { addSeconds } from "../instant.js";

const schema = z.strictObject({
  expiresIn: documented(field.withDefault(field.holdSeconds, field.HOLD_SECONDS_DEFAULT), {
    description: `The lifetime in seconds from now. Default: ${field.HOLD_SECONDS_DEFAULT}.`,
  }),
});

/** Prolongs an open hold. One that lasts longer already stays as it is. */
export const extend: Operation<Inside<typeof schema>> = {
  name: "extend",
  schema,
  hasKind: false,
  type: "usage",
  result: "hold",
  refersTo: "hold",
  refusals: ["hold_not_found", "hold_closed"],
  route: {
    path: "/holds/{hold}/extend",
    tag: "Holds",
    summary: "Prolong a hold",
    description: "Counted from now. It never shortens the hold.",
  },

  toVersion1: () => null,

  decide(draft, command, past) {
    const open = requireOpen(draft, past, command.hold as string);
    const wanted = addSeconds(draft.now, command.input.expiresIn ?? field.HOLD_SECONDS_DEFAULT);
    const extended: Hold = {
      ...open,
      openedUntil: open.openedUntil ?? open.expiresAt,
      extensions: open.extensions + 1,
      expiresAt: wanted > open.expiresAt ? wanted : open.expiresAt,
      extension: { key: command.key, fingerprint: toFingerprint(command, open.salt) },
    };
    openHold(draft, extended, open);
    return extended;
  },
};
