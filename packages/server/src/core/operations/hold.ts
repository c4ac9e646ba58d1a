import { z } from "zod";
import { micros } from "../amount.js";
import { digestHold, toSourceArray } from "../chain.js";
import type { Inside } from "../codec.js";
import type { Operation } from "../command.js";
import { documented } from "../documented.js";
import type { Hold } from "../entry.js";
import { toFacts } from "../facts.js";
import * as field from "../fields.js";
import { toFingerprint } from "../fingerprint.js";
import { reserve } from "../grants.js";
import { openHold } from "../holds.js";
import { addSeconds } from "../instant.js";
import { requireCovered, requireFits, requirePositive } from "../rules.js";
import { ATTRIBUTED, DESCRIBED, isVersion1, optionalUsageKind, USAGE_KIND_DEFAULT } from "./fields.js";

const schema = z.strictObject({
  kind: optionalUsageKind,
  credits: documented(field.amountInput, { description: "The credits to set aside, as a positive amount." }),
  expiresIn: documented(field.withDefault(field.holdSeconds, field.HOLD_SECONDS_DEFAULT), {
    description: `The lifetime in seconds. Default: ${field.HOLD_SECONDS_DEFAULT}.`,
  }),
  ...ATTRIBUTED,
  ...DESCRIBED,
});

/**
 * Sets credits aside, when they are covered. It reserves the grants that it will draw on, in draw order. They are kept for
 * it beyond their expiry.
 */
export const hold: Operation<Inside<typeof schema>> = {
  name: "hold",
  schema,
  hasKind: true,
  type: "usage",
  result: "hold",
  refusals: ["insufficient_credits", "invalid_amount", "amount_out_of_range"],
  route: { path: "/holds", tag: "Holds", summary: "Set credits aside", description: "" },

  toVersion1({ input }) {
    if (!isVersion1(input) || input.metadata !== null) return null;
    return [
      input.kind ?? USAGE_KIND_DEFAULT,
      `${input.credits}`,
      toSourceArray(input.source),
      input.project?.id ?? null,
      input.description,
      input.expiresIn ?? field.HOLD_SECONDS_DEFAULT,
    ];
  },

  decide(draft, command) {
    const { credits, expiresIn } = command.input;
    const kind = command.input.kind ?? USAGE_KIND_DEFAULT;
    requirePositive(credits);
    requireCovered(draft, credits, kind, "hold");
    const held = micros(draft.held + credits);
    requireFits(held, "The sum of the holds");
    const salt = draft.salt();
    const facts = toFacts(command.input);
    const opened: Hold = {
      id: command.hold as string,
      kind,
      credits,
      facts,
      status: "open",
      createdAt: draft.now,
      expiresAt: addSeconds(draft.now, expiresIn ?? field.HOLD_SECONDS_DEFAULT),
      reserved: reserve(draft, credits, kind),
      key: command.key,
      fingerprint: toFingerprint(command, salt),
      salt,
      digest: digestHold(salt, facts),
      settledSeq: null,
      openedUntil: null,
      extensions: 0,
      extension: null,
      releaseKey: null,
      releaseFingerprint: null,
    };
    draft.held = held;
    openHold(draft, opened, null);
    return opened;
  },
};
