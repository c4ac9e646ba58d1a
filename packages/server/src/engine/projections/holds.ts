import { upsertHolds } from "../../db/tables/holds.js";
import { collect, type Projection } from "./projection.js";

/** Adds holds and updates those that were closed. */
export const projectHolds: Projection = (changes) =>
  upsertHolds(
    collect(changes, ({ result }) => [
      ...new Map(result.changes.holds.map((hold) => [hold.id, hold])).values(),
    ]),
  );
