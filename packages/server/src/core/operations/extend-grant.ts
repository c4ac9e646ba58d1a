import { z } from "zod";
import { ZERO } from "../amount.js";
import type { Inside } from "../codec.js";
import type { Operation } from "../command.js";
import { documented } from "../documented.js";
import { toGrantFacts } from "../facts.js";
import * as field from "../fields.js";
import { moveExpiry, requireLive } from "../grants.js";
import { formatInstant } from "../instant.js";
import { postDraws } from "../post.js";
import { refuse } from "../refusal.js";
import { DESCRIBED, SOURCED } from "./fields.js";

const schema = z.strictObject({
  grant: documented(field.seq, { description: "The seq of the grant to extend." }),
  expiresAt: documented(field.timeInput.nullable(), {
    description: "The time at which the remaining credits expire from now on. Null for never.",
  }),
  ...SOURCED,
  ...DESCRIBED,
});

/** Moves the expiry of a grant to a later time, by an entry that moves no credits. */
export const extendGrant: Operation<Inside<typeof schema>> = {
  name: "extendGrant",
  schema,
  hasKind: false,
  type: "correction",
  result: "entry",
  refersTo: "grant",
  refusals: ["grant_not_found", "grant_ended", "not_extended"],
  route: {
    path: "/extensions",
    tag: "Commands",
    summary: "Extend the expiry of a grant",
    description: "Refused when the grant has ended, or would not expire later.",
  },

  toVersion1: () => null,

  decide(draft, command) {
    const { expiresAt } = command.input;
    const grant = requireLive(draft, command.input.grant);
    const before = grant.expiresAt;
    if (before === null) refuse("not_extended", `The grant ${grant.seq} never expires. Leave it as it is.`);
    if (expiresAt !== null && expiresAt <= before) {
      refuse(
        "not_extended",
        `The grant ${grant.seq} expires at ${formatInstant(before)}, which is not before the given time. Give a later expiresAt.`,
      );
    }
    const expiry = moveExpiry(draft, draft.seq + 1, grant, expiresAt);
    return postDraws(draft, ZERO, [], draft.debt, {
      command,
      kind: "extension",
      type: "correction",
      facts: toGrantFacts(grant, command.input),
      grant: grant.seq,
      expiry,
    });
  },
};
