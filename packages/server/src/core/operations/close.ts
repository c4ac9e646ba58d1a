import { z } from "zod";
import { ZERO } from "../amount.js";
import type { Inside } from "../codec.js";
import type { Operation } from "../command.js";
import { toFacts } from "../facts.js";
import { postDraws } from "../post.js";
import { DESCRIBED, SOURCED } from "./fields.js";

const schema = z.strictObject({
  ...SOURCED,
  ...DESCRIBED,
});

/**
 * Closes an account by an entry that moves no credits. It takes no commands afterwards, except those that give holds up or
 * anonymize it. Its history stays, and what is due goes on to expire.
 */
export const closeAccount: Operation<Inside<typeof schema>> = {
  name: "closeAccount",
  schema,
  hasKind: false,
  type: "correction",
  result: "entry",
  refusals: [],
  route: {
    path: "/close",
    tag: "Commands",
    summary: "Close an account",
    description:
      "It takes no commands afterwards, except to release holds and to anonymize it. Its history stays.",
  },

  toVersion1: () => null,

  decide(draft, command) {
    draft.closedAt = draft.now;
    return postDraws(draft, ZERO, [], draft.debt, {
      command,
      kind: "closure",
      type: "correction",
      facts: toFacts(command.input),
    });
  },
};
