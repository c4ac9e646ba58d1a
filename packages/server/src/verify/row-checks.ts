import { WINDOW_GROUPS_MAX, WINDOW_MICROS } from "../core/windows.js";
import { isIn, type SqlCheck } from "./check.js";

/*
 * The checks of the page's rows against the entries.
 */

const ONE = isIn("account");

/** Returns the condition that the entries of a row differ in one of some columns. */
const differ = (...columns: readonly string[]): string =>
  columns
    .map((name) => `coalesce(min(${name}) <> max(${name}), false) OR count(${name}) NOT IN (0, count(*))`)
    .join(" OR ");

/** The discount of an entry in tenths of a percent, as `toDiscount` of the rules rounds it. */
const DISCOUNT = `CASE WHEN original_credits IS NULL THEN NULL WHEN credits = 0 THEN 1000 ELSE least(greatest(
  div((abs(original_credits::numeric) - abs(credits::numeric)) * 2000 + abs(original_credits::numeric),
    nullif(abs(original_credits::numeric) * 2, 0)), 1), 999) END::integer`;

const rowChain: SqlCheck = {
  name: "each row's balance is that of the row beneath it plus its credits",
  sql: `
    SELECT account, 'row ' || position AS record,
      'has balance ' || balance || ', but ' || before || ' + ' || credits || ' were due (after row ' || under || ')'
      AS problem
    FROM (
      SELECT account, position, credits, balance, lag(position, 1, 0::bigint) OVER w AS under,
        lag(balance, 1, 0::bigint) OVER w AS before
      FROM credits.activity WHERE ${ONE} WINDOW w AS (PARTITION BY account ORDER BY position)
    ) r WHERE balance::numeric <> before::numeric + credits OR position <> under::numeric + 1
    ORDER BY account, position`,
};

/** Rows as their entries make them. */
const DUE = `
  SELECT account, position, entries, first_seq, last_seq, credits, started_at, ended_at, kind, title, type, description,
    is_alike AND is_usage_alone AS is_alike, first_recorded_at, last_recorded_at, is_erased,
    CASE WHEN NOT by_source THEN source_type END AS source_type,
    CASE WHEN NOT by_source THEN source_id END AS source_id,
    CASE WHEN NOT by_source THEN source_label END AS source_label,
    CASE WHEN NOT by_project THEN project END AS project,
    CASE WHEN NOT by_member THEN member END AS member,
    CASE WHEN NOT by_task THEN task END AS task,
    CASE WHEN NOT by_discount THEN discount END AS discount,
    CASE WHEN NOT by_discount THEN original_credits END AS original_credits,
    '[' || concat_ws(',', CASE WHEN by_source THEN '"source"' END, CASE WHEN by_project THEN '"project"' END,
      CASE WHEN by_member THEN '"member"' END, CASE WHEN by_task THEN '"task"' END,
      CASE WHEN by_discount THEN '"discount"' END) || ']' AS various
  FROM (
    SELECT account, position, count(*) AS entries, min(seq) AS first_seq, max(seq) AS last_seq, sum(credits) AS credits,
      sum(original_credits) AS original_credits, min(occurred_at) AS started_at, max(occurred_at) AS ended_at,
      min(recorded_at) AS first_recorded_at, max(recorded_at) AS last_recorded_at,
      NOT (${differ("kind", "title")}) AS is_alike,
      bool_or(version > 1 AND salt IS NULL) AS is_erased,
      count(*) = 1 OR bool_and(credits.type_of(type, kind) = 'usage') AS is_usage_alone,
      ${differ("source_type", "source_id", "source_label")} AS by_source, ${differ("project")} AS by_project,
      ${differ("member")} AS by_member, ${differ("task")} AS by_task, ${differ("discount")} AS by_discount,
      min(kind) AS kind, min(title) AS title, min(source_type) AS source_type, min(source_id) AS source_id,
      min(source_label) AS source_label, min(project) AS project, min(member) AS member, min(task) AS task,
      min(discount) AS discount, min(credits.type_of(type, kind)) AS type,
      CASE WHEN count(description) = count(*) AND min(description) = max(description) THEN min(description) END
        AS description
    FROM (SELECT *, ${DISCOUNT} AS discount FROM credits.entries WHERE ${ONE}) e GROUP BY account, position
  ) g`;

const WINDOW = `interval '${WINDOW_MICROS} microseconds'`;

/** The window in which a time lies. */
const toWindow = (time: string): string => `date_bin(${WINDOW}, ${time}, timestamptz 'epoch')`;

const rowEntries: SqlCheck = {
  name: "each row is the sum of its entries, and every entry is in one row",
  sql: `
    SELECT coalesce(r.account, e.account) AS account, 'row ' || coalesce(r.position, e.position) AS record,
      CASE WHEN r.position IS NULL THEN 'has entries but does not exist'
        WHEN e.position IS NULL THEN 'has no entries'
        ELSE 'is not what its ' || e.entries || ' entries make it, from ' || e.first_seq || ' to ' || e.last_seq END AS problem
    FROM (SELECT * FROM credits.activity WHERE ${ONE}) r
    FULL JOIN (${DUE}) e ON e.account = r.account AND e.position = r.position
    WHERE r.position IS NULL OR e.position IS NULL OR r.entries <> e.entries OR r.first_seq <> e.first_seq
      OR r.last_seq <> e.last_seq OR r.credits <> e.credits
      OR r.original_credits IS DISTINCT FROM e.original_credits OR r.discount IS DISTINCT FROM e.discount
      OR r.started_at <> e.started_at OR r.ended_at <> e.ended_at OR NOT e.is_alike
      OR (r.kind, r.title, r.source_type, r.source_id, r.source_label, r.project, r.member, r.task, r.description)
        IS DISTINCT FROM
        (e.kind, e.title, e.source_type, e.source_id, e.source_label, e.project, e.member, e.task, e.description)
      -- Entries differed in what has been erased from them.
      OR (coalesce(r.various, '[]') <> e.various AND NOT e.is_erased)
      OR r.category <> CASE e.type WHEN 'usage' THEN 'used' WHEN 'correction' THEN 'adjustments' ELSE 'added' END
      -- Rows that earlier versions have closed may have been recorded in any time.
      OR (r.various IS NOT NULL AND ${toWindow("e.first_recorded_at")} <> ${toWindow("e.last_recorded_at")})
    ORDER BY 1, coalesce(r.position, e.position)`,
};

/** Rows with more than one group or window in them. */
const MIXED = `(coalesce(various, '[]') <> '[]' OR ended_at - started_at >= 2 * ${WINDOW})`;

const sharedRows: SqlCheck = {
  name: "groups share a row only after a window is full",
  sql: `
    SELECT account, 'row ' || position AS record,
      'has several groups or windows, and is row ' || number || ' of its window' AS problem
    FROM (
      SELECT account, position, is_mixed, row_number() OVER (PARTITION BY account, recorded, island ORDER BY position) AS number
      FROM (
        SELECT r.account, r.position, ${MIXED} AS is_mixed, ${toWindow("e.recorded_at")} AS recorded,
          r.position - row_number() OVER (PARTITION BY r.account, ${toWindow("e.recorded_at")} ORDER BY r.position) AS island
        FROM (
          SELECT * FROM credits.activity WHERE category = 'used' AND ${ONE}
            AND account IN (SELECT account FROM credits.activity WHERE ${MIXED} AND ${ONE})
        ) r JOIN credits.entries e ON e.account = r.account AND e.seq = r.first_seq
      ) i
    ) n WHERE is_mixed AND number <= ${WINDOW_GROUPS_MAX} ORDER BY account, position`,
};

const windowStates: SqlCheck = {
  name: "states of windows are what their entries make",
  sql: `
    WITH states AS (
      SELECT account, position, seq, open_window::json AS state FROM credits.window_states WHERE ${ONE}
    ), state_rows AS (
      SELECT s.account, s.seq, s.position + r.number - 1 AS position, r.row, (r.row ->> 7)::bigint AS entries,
        (r.row ->> 8)::bigint AS first_seq, (r.row ->> 9)::bigint AS last_seq, (r.row ->> 10)::bigint AS credits
      FROM states s CROSS JOIN LATERAL json_array_elements(s.state -> 2) WITH ORDINALITY AS r (row, number)
    ), running AS (
      SELECT account, position, seq, count(*) OVER w AS entries, min(seq) OVER w AS first_seq, sum(credits) OVER w AS credits,
        (extract(epoch FROM min(occurred_at) OVER w) * 1000000)::bigint AS started_at,
        (extract(epoch FROM max(occurred_at) OVER w) * 1000000)::bigint AS ended_at
      FROM credits.entries WHERE account IN (SELECT account FROM states)
      WINDOW w AS (PARTITION BY account, position ORDER BY seq)
    )
    SELECT account, 'state ' || seq AS record, problem FROM (
      SELECT s.account, s.seq, 'has row ' || s.position || ', which is not what its entries make it' AS problem
      FROM state_rows s
      LEFT JOIN running e ON e.account = s.account AND e.position = s.position AND e.seq = s.last_seq
      LEFT JOIN credits.activity a ON a.account = s.account AND a.position = s.position
      WHERE e.seq IS NULL OR a.position IS NULL
        OR (s.entries, s.first_seq, s.credits, (s.row ->> 5)::bigint, (s.row ->> 6)::bigint, s.row ->> 0)
          IS DISTINCT FROM (e.entries, e.first_seq, e.credits, e.started_at, e.ended_at, a.kind)
        OR (coalesce(a.various, '[]') = '[]' AND (s.row -> 1 ->> 0, s.row -> 1 ->> 1, s.row -> 1 ->> 2, s.row ->> 2,
            (s.row ->> 3)::integer, s.row ->> 12, s.row ->> 13)
          IS DISTINCT FROM (a.source_type, a.source_id, a.source_label, a.project, a.discount, a.member, a.task))
      UNION ALL
      SELECT s.account, s.seq, 'has not all entries of its window'
      FROM states s
      JOIN (
        SELECT account, seq, sum(entries) AS entries, min(first_seq) AS first_seq, sum(credits) AS credits
        FROM state_rows GROUP BY account, seq
      ) r USING (account, seq)
      LEFT JOIN credits.entries e USING (account, seq)
      WHERE r.entries <> s.seq - r.first_seq + 1
        OR (s.state ->> 1)::bigint + r.credits IS DISTINCT FROM e.balance
    ) f ORDER BY account, seq`,
};

const rowCounters: SqlCheck = {
  name: "rows are numbered 1, 2, 3, ... in each category, and counted on the account",
  sql: `
    SELECT account, record, problem FROM (
      SELECT account, 'row ' || position AS record, 'is number ' || category_position || ' of ' || category ||
        ' after number ' || before AS problem
      FROM (
        SELECT account, position, category, category_position, lag(category_position, 1, 0::bigint)
          OVER (PARTITION BY account, category ORDER BY position) AS before
        FROM credits.activity WHERE ${ONE}
      ) r WHERE category_position <> before::numeric + 1
      UNION ALL
      SELECT a.account, 'account', 'counts ' || a.rows_all || ' rows, and has ' || coalesce(r.rows_all, 0)
      FROM credits.accounts a LEFT JOIN (
        SELECT account, count(*) AS rows_all, count(*) FILTER (WHERE category = 'added') AS rows_added,
          count(*) FILTER (WHERE category = 'used') AS rows_used,
          count(*) FILTER (WHERE category = 'adjustments') AS rows_adjustments
        FROM credits.activity WHERE ${ONE} GROUP BY account
      ) r ON r.account = a.account
      WHERE ${isIn("a.account")} AND (a.rows_all <> coalesce(r.rows_all, 0)
        OR a.rows_added <> coalesce(r.rows_added, 0) OR a.rows_used <> coalesce(r.rows_used, 0)
        OR a.rows_adjustments <> coalesce(r.rows_adjustments, 0))
    ) f ORDER BY account, record`,
};

/** The checks of rows. */
export const ROW_CHECKS: readonly SqlCheck[] = [rowChain, rowEntries, rowCounters, sharedRows, windowStates];
