import type { Micros } from "../../core/amount.js";
import type { Grant } from "../../core/entry.js";
import type { Instant } from "../../core/instant.js";
import { CHANGE, insertInto, type Owned, withAccount, within } from "./columns.js";
import { fromSourceColumns, SOURCE_COLUMNS, type SourceColumns } from "./facts.js";

/** A row of `credits.grants` as the port returns it. */
export interface GrantColumns extends SourceColumns {
  account: string;
  seq: bigint;
  kind: string;
  title: string | null;
  description: string | null;
  credits: Micros;
  remaining: Micros;
  priority: number;
  effective_at: Instant;
  expires_at: Instant | null;
  only_kinds: string[] | null;
  recorded_at: Instant;
}

const COLUMNS = withAccount<Grant>([
  { name: "seq", array: "bigint", value: ({ seq }) => seq },
  { name: "kind", array: "text", value: ({ kind }) => kind },
  { name: "title", array: "text", value: ({ title }) => title },
  { name: "description", array: "text", value: ({ description }) => description },
  ...within(SOURCE_COLUMNS, ({ source }: Grant) => source),
  { name: "credits", array: "bigint", value: ({ credits }) => credits },
  { name: "remaining", array: "bigint", value: ({ remaining }) => remaining },
  { name: "priority", array: "bigint", cast: "integer", value: ({ priority }) => priority },
  { name: "effective_at", array: "timestamptz", value: ({ effectiveAt }) => effectiveAt },
  { name: "expires_at", array: "timestamptz", value: ({ expiresAt }) => expiresAt },
  {
    name: "only_kinds",
    array: "text",
    cast: "jsonb",
    value: ({ only }) => (only === null ? null : JSON.stringify(only)),
  },
  { name: "recorded_at", array: "timestamptz", value: ({ recordedAt }) => recordedAt },
]);

/** The credits that remain of a grant `g`, as SQL. Its account `a` has them if it draws on the grant. */
export const REMAINING = "CASE WHEN g.seq = a.drawn_grant THEN a.drawn_remaining ELSE g.remaining END";

/** Adds grants. */
export const insertGrants = insertInto<Owned<Grant>>("grants", [...COLUMNS, CHANGE]);

/** Returns the grant in its columns. */
export function fromGrantColumns(columns: GrantColumns): Grant {
  return {
    seq: Number(columns.seq),
    kind: columns.kind,
    title: columns.title,
    description: columns.description,
    source: fromSourceColumns(columns),
    credits: columns.credits,
    remaining: columns.remaining,
    priority: columns.priority,
    effectiveAt: columns.effective_at,
    expiresAt: columns.expires_at,
    only: columns.only_kinds,
    recordedAt: columns.recorded_at,
  };
}
