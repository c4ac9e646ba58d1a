import { insertWindowStates } from "../../db/tables/open-window.js";
import { insertRows } from "../../db/tables/rows.js";
import { collect, type Projection } from "./projection.js";

/**
 * Appends the activity rows that are complete, and the states of busy windows. The rows of the open window are on the
 * account's row.
 */
export const projectRows: Projection = (changes) => [
  ...insertRows(collect(changes, ({ result }) => result.changes.rows)),
  ...insertWindowStates(collect(changes, ({ result }) => result.changes.states)),
];
