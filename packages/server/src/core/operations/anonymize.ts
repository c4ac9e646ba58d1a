import { z } from "zod";
import { ZERO } from "../amount.js";
import type { Inside } from "../codec.js";
import type { Operation } from "../command.js";
import { NO_FACTS } from "../facts.js";
import { postDraws } from "../post.js";
import { refuse } from "../refusal.js";

const schema = z.strictObject({});

/**
 * Records that the free text about people in all entries before this one is erased. The database lets that one update
 * through only with this entry. Amounts, times, keys, ids of sources, projects and tasks stay.
 */
export const anonymizeAccount: Operation<Inside<typeof schema>> = {
  name: "anonymizeAccount",
  schema,
  hasKind: false,
  type: "correction",
  result: "entry",
  refusals: ["account_open"],
  isForClosed: true,
  route: {
    path: "/anonymize",
    tag: "Commands",
    summary: "Erase the free text about people from a closed account",
    description:
      "Descriptions, given titles, labels, members, metadata and costs of all entries are erased for good. Amounts, times, keys and ids stay.",
  },

  toVersion1: () => null,

  decide(draft, command) {
    if (draft.closedAt === null) {
      refuse(
        "account_open",
        `The account "${draft.account}" is not closed. Close it first with closeAccount.`,
      );
    }
    return postDraws(draft, ZERO, [], draft.debt, {
      command,
      kind: "anonymization",
      type: "correction",
      facts: NO_FACTS,
    });
  },
};
