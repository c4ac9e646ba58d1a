import { type Micros, micros } from "../../core/amount.js";
import type { Draw } from "../../core/entry.js";
import type { Column } from "./columns.js";

/** Returns the columns of draws: an array of grants and one of credits, pairwise. */
export function toDrawColumns<T>(prefix: string, toDraws: (record: T) => readonly Draw[]): Column<T>[] {
  const toColumn = (name: string, pick: (draw: Draw) => number | Micros): Column<T> => ({
    name: `${prefix}_${name}`,
    array: "text",
    cast: "bigint[]",
    value: (record) => toArrayString(toDraws(record), pick),
  });
  return [toColumn("grants", ({ grant }) => grant), toColumn("credits", ({ credits }) => credits)];
}

function toArrayString(draws: readonly Draw[], pick: (draw: Draw) => number | bigint): string {
  const [only] = draws;
  return only !== undefined && draws.length === 1 ? `{${pick(only)}}` : `{${draws.map(pick).join(",")}}`;
}

/** Returns the draws in their columns. */
export function fromDrawColumns(grants: readonly bigint[], credits: readonly bigint[]): Draw[] {
  return grants.map((grant, at) => ({ grant: Number(grant), credits: micros(credits[at] as bigint) }));
}
