import { isIn, type SqlCheck } from "./check.js";

/*
 * The checks of the page's rows against the entries.
 */

const ONE = isIn("account");

/** The discount of an entry in tenths of a percent, as `toDiscount` of the rules rounds it. */
const DISCOUNT = `CASE WHEN original_credits IS NULL THEN NULL WHEN credits = 0 THEN 1000 ELSE least(greatest(
  div((abs(original_credits::numeric) - abs(credits::numeric)) * 2000 + abs(original_credits::numeric),
    nullif(abs(original_credits::numeric) * 2, 0)), 1), 999) END::integer`;

export const rowChain: SqlCheck = {
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

export const rowEntries: SqlCheck = {
  name: "each row is the sum of its entries, and every entry is in one row",
  sql: `
    SELECT coalesce(r.account, e.account) AS account, 'row ' || coalesce(r.position, e.position) AS record,
      CASE WHEN r.position IS NULL THEN 'has entries but does not exist'
        WHEN e.position IS NULL THEN 'has no entries'
        ELSE 'is not what its ' || e.entries || ' entries make it, from ' || e.first_seq || ' to ' || e.last_seq END AS problem
    FROM (SELECT * FROM credits.activity WHERE ${ONE}) r
    FULL JOIN (
      SELECT account, position, count(*) AS entries, min(seq) AS first_seq, max(seq) AS last_seq, sum(credits) AS credits,
        sum(original_credits) AS original_credits, min(occurred_at) AS started_at, max(occurred_at) AS ended_at,
        count(DISTINCT (kind, title, source_type, source_id, source_label, project, member, task,
          ${DISCOUNT})) AS groups,
        min(${DISCOUNT}) AS discount,
        min(kind) AS kind, min(title) AS title, min(source_type) AS source_type, min(source_id) AS source_id,
        min(source_label) AS source_label, min(project) AS project, min(member) AS member, min(task) AS task,
        min(credits.type_of(type, kind)) AS type,
        CASE WHEN count(description) = count(*) AND min(description) = max(description) THEN min(description) END
          AS description
      FROM credits.entries WHERE ${ONE} GROUP BY account, position
    ) e ON e.account = r.account AND e.position = r.position
    WHERE r.position IS NULL OR e.position IS NULL OR r.entries <> e.entries OR r.first_seq <> e.first_seq
      OR r.last_seq <> e.last_seq OR r.credits <> e.credits
      OR r.original_credits IS DISTINCT FROM e.original_credits OR r.started_at <> e.started_at
      OR r.ended_at <> e.ended_at OR e.groups <> 1
      OR (r.kind, r.title, r.source_type, r.source_id, r.source_label, r.project, r.member, r.task, r.description, r.discount)
        IS DISTINCT FROM
        (e.kind, e.title, e.source_type, e.source_id, e.source_label, e.project, e.member, e.task, e.description, e.discount)
      OR r.category <> CASE e.type WHEN 'usage' THEN 'used' WHEN 'correction' THEN 'adjustments' ELSE 'added' END
      OR e.ended_at - e.started_at >= interval '10 minutes'
    ORDER BY 1, coalesce(r.position, e.position)`,
};

export const rowCounters: SqlCheck = {
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
