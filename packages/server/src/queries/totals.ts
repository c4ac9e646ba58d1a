import { type Micros, micros } from "../core/amount.js";
import type { GroupFact } from "../core/entry.js";
import { WINDOW_ROWS_MAX } from "../core/windows.js";
import type { Reader } from "../db/port.js";
import type { Mark } from "./moments.js";

/** The facts that totals are by. */
export const TOTALS_BY = ["day", "kind", "source", "project", "member"] as const;
export type TotalsBy = (typeof TOTALS_BY)[number];

/** The rows that the totals of one request may add up, and the entries of windows that its bounds cut or groups share. */
export const ADDED_MAX = 100_000;

export interface TotalsRange {
  readonly by: TotalsBy;
  /** The ends of segments that follow each other: a segment has the entries after one bound up to the next. */
  readonly bounds: readonly Pick<Mark, "seq" | "position">[];
  readonly offset: number;
  readonly limit: number;
}

/** The sums of the entries of a segment that have a fact in common. */
export interface Total {
  /** The index of the segment. */
  readonly segment: number;
  /** The kind, the id of the project or member, or a JSON array of type, id and label of the source. Null for none. */
  readonly key: string | null;
  readonly added: Micros;
  readonly used: Micros;
  readonly adjustments: Micros;
  readonly entries: number;
}

interface Columns {
  segment: number | null;
  key: string | null;
  added: string;
  used: string;
  adjustments: string;
  entries: bigint;
  cut: bigint;
}

/** The key of an activity row `r`. */
const KEYS: Readonly<Record<TotalsBy, string>> = {
  day: "NULL::text",
  kind: "r.kind",
  source: `CASE WHEN r.source_type IS NOT NULL THEN
    json_build_array(r.source_type, r.source_id, r.source_label)::text END`,
  project: "r.project",
  member: "r.member",
};

const ROW = `category, position, first_seq, last_seq, credits, entries, kind, source_type, source_id, source_label,
  project, member, various`;

/** True if the entries of an activity row differ in the fact, so that the row can't be added up as a whole. */
const MIXED: Readonly<Record<TotalsBy, string>> = {
  day: "false",
  kind: "false",
  source: toMixed("source"),
  project: toMixed("project"),
  member: toMixed("member"),
};

function toMixed(fact: GroupFact): string {
  return `coalesce(various LIKE '%"${fact}"%', false)`;
}

/**
 * Adds up activity rows, each in the segment in which it ends. A row that goes on after a bound is cut by it: the part before
 * the bound is added to the segment before it, and taken from the one after it. All cut rows of a bound are of one window.
 * Its entries are read on the side of the bound that has less of them. A row whose entries differ in the fact is added up by
 * its entries.
 */
const toAddUp = (by: TotalsBy) => `
  WITH bounds AS MATERIALIZED (
    SELECT * FROM unnest($2::bigint[], $3::bigint[]) WITH ORDINALITY AS b (seq, position, number)
  ),
  span AS MATERIALIZED (
    SELECT min(seq) AS after, max(seq) AS last, count(*) - 1 AS segments,
      min(position) - ${WINDOW_ROWS_MAX} AS first_position, max(position) + ${WINDOW_ROWS_MAX} AS last_position
    FROM bounds
  ),
  opened AS MATERIALIZED (
    SELECT ${ROW} FROM credits.activity WHERE account = $1 AND position > (
      SELECT coalesce(max(position), 0) FROM credits.activity_rows WHERE account = $1
    )
  ),
  ended AS (
    SELECT ${ROW} FROM credits.activity_rows
    WHERE account = $1 AND position > (SELECT first_position FROM span)
      AND position < (SELECT last_position FROM span)
    UNION ALL SELECT ${ROW} FROM opened
  ),
  mixed AS MATERIALIZED (
    SELECT r.category, r.position, greatest(r.first_seq, s.after + 1) AS first_seq, least(r.last_seq, s.last) AS last_seq
    FROM ended r CROSS JOIN span s WHERE ${MIXED[by]} AND r.last_seq > s.after AND r.first_seq <= s.last
  ),
  cut AS MATERIALIZED (
    SELECT b.number, b.seq, r.position, r.category, ${KEYS[by]} AS key, r.credits, r.entries,
      min(r.first_seq) OVER of_bound AS first_seq, max(r.last_seq) OVER of_bound AS last_seq
    FROM bounds b CROSS JOIN LATERAL (
      SELECT ${ROW} FROM credits.activity_rows
      WHERE account = $1 AND position > b.position - ${WINDOW_ROWS_MAX} AND position < b.position + ${WINDOW_ROWS_MAX}
        AND first_seq <= b.seq AND last_seq > b.seq
      UNION ALL SELECT ${ROW} FROM opened WHERE first_seq <= b.seq AND last_seq > b.seq
    ) r
    WHERE NOT ${MIXED[by]}
    WINDOW of_bound AS (PARTITION BY b.number)
  ),
  sides AS MATERIALIZED (
    SELECT DISTINCT number, seq - first_seq < last_seq - seq AS is_before,
      CASE WHEN seq - first_seq < last_seq - seq THEN first_seq ELSE seq + 1 END AS first_seq,
      CASE WHEN seq - first_seq < last_seq - seq THEN seq ELSE last_seq END AS last_seq
    FROM cut
  ),
  size AS MATERIALIZED (
    SELECT coalesce(sum(last_seq - first_seq + 1), 0)::bigint AS cut
    FROM (SELECT first_seq, last_seq FROM sides UNION ALL SELECT first_seq, last_seq FROM mixed) e
  ),
  parts AS MATERIALIZED (
    SELECT s.number, s.is_before, e.position, sum(e.credits)::bigint AS credits, count(*) AS entries
    FROM sides s CROSS JOIN LATERAL (
      SELECT position, credits FROM credits.entries
      WHERE account = $1 AND seq >= s.first_seq AND seq <= s.last_seq OFFSET 0
    ) e
    WHERE (SELECT cut FROM size) <= $4::bigint
    GROUP BY s.number, s.is_before, e.position
  ),
  before AS MATERIALIZED (
    SELECT c.number, c.category, c.key,
      CASE WHEN p.is_before THEN p.credits ELSE c.credits - p.credits END AS credits,
      CASE WHEN p.is_before THEN p.entries ELSE c.entries - p.entries END AS entries
    FROM cut c JOIN parts p ON p.number = c.number AND p.position = c.position
  ),
  pieces AS (
    SELECT width_bucket(r.last_seq - 1, $2::bigint[])::bigint AS segment, r.category, ${KEYS[by]} AS key, r.credits, r.entries
    FROM ended r WHERE NOT ${MIXED[by]} AND r.last_seq > (SELECT after FROM span) AND r.last_seq <= (SELECT last FROM span)
    UNION ALL SELECT number - 1, category, key, credits, entries FROM before
    UNION ALL SELECT number, category, key, -credits, -entries FROM before
    UNION ALL SELECT width_bucket(r.seq - 1, $2::bigint[])::bigint, m.category, ${KEYS[by]}, r.credits, 1
    FROM mixed m CROSS JOIN LATERAL (
      SELECT * FROM credits.entries
      WHERE account = $1 AND seq >= m.first_seq AND seq <= m.last_seq AND (SELECT cut FROM size) <= $4::bigint OFFSET 0
    ) r
    WHERE r.position = m.position
  ),
  totals AS (
    SELECT segment, key, coalesce(sum(credits) FILTER (WHERE category = 'added'), 0)::text AS added,
      coalesce(sum(credits) FILTER (WHERE category = 'used'), 0)::text AS used,
      coalesce(sum(credits) FILTER (WHERE category = 'adjustments'), 0)::text AS adjustments,
      sum(entries)::bigint AS entries
    FROM pieces WHERE segment >= 1 AND segment <= (SELECT segments FROM span)
    GROUP BY segment, key HAVING sum(entries) > 0
    ORDER BY segment, key COLLATE "C" NULLS FIRST LIMIT $5::integer OFFSET $6::bigint
  )
  SELECT size.cut, (t.segment - 1)::integer AS segment, t.key, t.added, t.used, t.adjustments, t.entries
  FROM size LEFT JOIN totals t ON true ORDER BY t.segment, t.key COLLATE "C" NULLS FIRST`;

const ADD_UP = Object.fromEntries(TOTALS_BY.map((by) => [by, toAddUp(by)])) as Record<TotalsBy, string>;

/**
 * Adds up the entries of segments by a fact, in the order of the segments and keys. It returns null when that takes more than
 * {@link ADDED_MAX} rows, or as many entries of windows that the bounds cut.
 */
export async function readTotals(
  reader: Reader,
  account: string,
  { by, bounds, offset, limit }: TotalsRange,
): Promise<Total[] | null> {
  const rowCount = (bounds.at(-1)?.position ?? 0) - (bounds[0]?.position ?? 0);
  if (rowCount > ADDED_MAX) return null;
  const rows = await reader.query<Columns>(ADD_UP[by], [
    account,
    { array: "bigint", records: bounds, value: ({ seq }: Mark) => seq },
    { array: "bigint", records: bounds, value: ({ position }: Mark) => position },
    ADDED_MAX,
    limit,
    offset,
  ]);
  if (rows.some(({ cut }) => cut > ADDED_MAX)) return null;
  return rows.flatMap(({ segment, key, added, used, adjustments, entries }) =>
    segment === null
      ? []
      : [
          {
            segment,
            key,
            added: micros(BigInt(added)),
            used: micros(BigInt(used)),
            adjustments: micros(BigInt(adjustments)),
            entries: Number(entries),
          },
        ],
  );
}
