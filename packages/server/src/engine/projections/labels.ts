import type { Label } from "../../core/facts.js";
import { insertInto, type Owned, withAccount } from "../../db/tables/columns.js";
import { collect, type Projection } from "./projection.js";

/** Keeps the latest label per account, dimension and id. */
const upsertLabels = insertInto(
  "labels",
  withAccount<Label>([
    { name: "dimension", array: "text", value: ({ dimension }) => dimension },
    { name: "id", array: "text", value: ({ id }) => id },
    { name: "label", array: "text", value: ({ label }) => label },
  ]),
  `ON CONFLICT (account, dimension, id) DO UPDATE SET label = excluded.label
    WHERE labels.label <> excluded.label`,
);

/** Keeps the labels that came with commands. */
export const projectLabels: Projection = (changes) => {
  const latest = new Map<string, Owned<Label>>();
  for (const label of collect(changes, ({ result }) => result.changes.labels))
    latest.set(JSON.stringify([label.account, label.record.dimension, label.record.id]), label);
  return upsertLabels([...latest.values()]);
};
