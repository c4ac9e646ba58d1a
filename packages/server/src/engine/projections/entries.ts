import { insertEntries } from "../../db/tables/entries.js";
import type { Projection } from "./projection.js";

/** Appends the entries. */
export const projectEntries: Projection = (changes) =>
  insertEntries(changes.flatMap(({ result }) => result.changes.entries));
