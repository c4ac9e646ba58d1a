import { insertRows } from "../../db/tables/rows.js";
import { collect, type Projection } from "./projection.js";

/** Appends the activity rows that are complete. Those of the open window are on the account's row. */
export const projectRows: Projection = (changes) =>
  insertRows(collect(changes, ({ result }) => result.changes.rows));
