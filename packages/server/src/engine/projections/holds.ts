import { upsertHolds } from "../../db/tables/holds.js";
import { collect, type Projection } from "./projection.js";

/** Adds holds and updates those that were closed. */
export const projectHolds: Projection = (changes) =>
  upsertHolds(
    collect(
      changes,
      ({
        result: {
          changes: { holds },
        },
      }) => (holds.length < 2 ? holds : [...new Map(holds.map((hold) => [hold.id, hold])).values()]),
    ),
  );
