import { expect, it } from "vitest";
import { decideBatch } from "../../src/core/decide.js";
import type { Entry } from "../../src/core/entry.js";
import type { Instant } from "../../src/core/instant.js";
import { DUE_MAX } from "../../src/core/operations/expire.js";
import { NO_PAST } from "../../src/core/state.js";
import { toExtend, toExtendGrant, toGrant, toHold, toTouch, toUsage, toVoidGrant } from "../commands.js";
import { decideAll, minutes, toCircumstances, toCodes } from "./rules.js";

it("what is due is listed again when a command came between, by a clock that had stepped back", () => {
  const holds = Array.from({ length: DUE_MAX }, (_, index) =>
    toHold("a", `h-${index}`, "1", { expiresIn: 60 }),
  );
  const last = toHold("a", "last", "1", { expiresIn: 180 });
  const { state } = decideAll([toGrant("a", "g", "1000"), ...holds, last]);
  const part = decideBatch(state, [toTouch("a")], toCircumstances(minutes(5)), NO_PAST);
  expect(part.outcomes).toBeNull();
  decideAll([toExtend("a", "x", "hold-last", 600)], state, minutes(2));
  decideAll([toTouch("a")], state, minutes(6));
  expect([...state.holds.keys()]).toEqual(["hold-last"]);
});

it("a server whose clock is a little behind does not revive what another one has ended", () => {
  const { state, changes } = decideAll([toGrant("a", "g", "10")]);
  const { seq } = changes.entries[0] as Entry;
  decideAll([toVoidGrant("a", "v", seq)], state, minutes(1));
  const { outcomes, changes: later } = decideAll(
    [toExtendGrant("a", "x", seq, { expiresAt: minutes(60) }), toUsage("a", "u", "1")],
    state,
    (minutes(1) - 138_000) as Instant,
  );
  expect(toCodes({ outcomes })).toEqual(["grant_ended", "posted"]);
  expect(later.entries[0]?.recordedAt).toBe(minutes(1));
});
