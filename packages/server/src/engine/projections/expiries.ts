import { insertExpiries } from "../../db/tables/expiries.js";
import { collect, type Projection } from "./projection.js";

/** Records what entries did to the expiry of grants. */
export const projectExpiries: Projection = (changes) =>
  insertExpiries(collect(changes, ({ result }) => result.changes.expiries));
