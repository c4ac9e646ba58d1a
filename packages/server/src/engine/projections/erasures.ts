import type { Entry } from "../../core/entry.js";
import { insertInto, withAccount } from "../../db/tables/columns.js";
import { collect, type Projection } from "./projection.js";

const insertErasures = insertInto(
  "erasures",
  withAccount<Entry>([{ name: "seq", array: "bigint", value: ({ seq }) => seq }]),
);

/** Notes the erasures that entries record. They are carried out afterwards. */
export const projectErasures: Projection = (changes) =>
  insertErasures(
    collect(changes, ({ cached, result }) =>
      // Only a closed account is anonymized, and all others are written more often.
      cached.state.closedAt === null
        ? NONE
        : result.changes.entries.filter(({ kind }) => kind === "anonymization"),
    ),
  );

const NONE: readonly Entry[] = [];
