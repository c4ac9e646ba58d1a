import type { ExpiryMove } from "../../core/state.js";
import { insertInto, withAccount } from "./columns.js";

/** Records changes of the expiry of grants. */
export const insertExpiries = insertInto(
  "expiries",
  withAccount<ExpiryMove>([
    { name: "seq", array: "bigint", value: ({ seq }) => seq },
    { name: "grant_seq", array: "bigint", value: ({ grant }) => grant },
    { name: "expires_before", array: "timestamptz", value: ({ before }) => before },
    { name: "expires_at", array: "timestamptz", value: ({ after }) => after },
  ]),
);
