import type { Hold } from "../../core/entry.js";
import type { HoldChange } from "../../core/state.js";
import { insertExtensions, upsertHolds } from "../../db/tables/holds.js";
import { collect, type Projection } from "./projection.js";

/** Adds holds, updates those that were extended or closed, and records what extended them. */
export const projectHolds: Projection = (changes) => [
  ...upsertHolds(collect(changes, ({ result }) => toLatest(result.changes.holds))),
  ...insertExtensions(
    collect(changes, ({ result }) =>
      result.changes.holds.flatMap(({ hold }) =>
        hold.extension === null ? [] : [{ hold, ...hold.extension }],
      ),
    ),
  ),
];

/** Returns each changed hold as it is now. */
function toLatest(changes: readonly HoldChange[]): readonly Hold[] {
  if (changes.length < 2) return changes.map(({ hold }) => hold);
  return [...new Map(changes.map(({ hold }) => [hold.id, hold])).values()];
}
