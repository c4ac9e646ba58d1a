import { z } from "zod";
import type { Inside } from "../codec.js";
import type { Operation } from "../command.js";
import { documented } from "../documented.js";
import { toGrantFacts } from "../facts.js";
import * as field from "../fields.js";
import { drain, moveExpiry, requireLive } from "../grants.js";
import { postDraws } from "../post.js";
import { DESCRIBED, SOURCED } from "./fields.js";

const schema = z.strictObject({
  grant: documented(field.seq, { description: "The seq of the grant to void." }),
  ...SOURCED,
  ...DESCRIBED,
  description: field.string(500, 1),
});

/**
 * Takes back what remains of one grant, such as a purchase that was charged back, and nothing of any other. The grant ends
 * now. What a hold has set aside of it stays with the hold. What the hold leaves then expires.
 */
export const voidGrant: Operation<Inside<typeof schema>> = {
  name: "voidGrant",
  schema,
  hasKind: false,
  type: "correction",
  result: "entry",
  refersTo: "grant",
  refusals: ["grant_not_found", "grant_ended"],
  route: {
    path: "/voids",
    tag: "Commands",
    summary: "Take back what remains of a grant",
    description:
      "The grant ends now, and no other grant is touched. Credits of it that are held stay with the hold. What the hold leaves expires.",
  },

  toVersion1: () => null,

  decide(draft, command) {
    const grant = requireLive(draft, command.input.grant);
    const taken = drain(draft, grant);
    const expiry = moveExpiry(draft, draft.seq + 1, grant, draft.now);
    const draws = taken > 0n ? [{ grant: grant.seq, credits: taken }] : [];
    return postDraws(draft, taken, draws, draft.debt, {
      command,
      kind: "writeoff",
      type: "correction",
      facts: toGrantFacts(grant, command.input),
      grant: grant.seq,
      expiry,
    });
  },
};
