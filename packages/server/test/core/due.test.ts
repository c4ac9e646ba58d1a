import { expect, it } from "vitest";
import { decideBatch } from "../../src/core/decide.js";
import { DUE_MAX } from "../../src/core/operations/expire.js";
import { NO_PAST } from "../../src/core/state.js";
import { toExtend, toGrant, toHold, toTouch } from "../commands.js";
import { decideAll, minutes, toCircumstances } from "./rules.js";

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
