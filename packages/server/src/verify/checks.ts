/**
 * A check that a database makes by itself: a query that finds the records that are wrong, and how. `$1` is an account, or
 * null for all. Together with the hashes the checks cover what must always be true.
 */
export interface Check {
  readonly name: string;
  readonly sql: string;
}

/** The columns that every check returns. */
export interface Finding {
  readonly account: string;
  readonly record: string;
  readonly problem: string;
}

const ONE = "($1::text IS NULL OR account = $1::text)";

const seqs: Check = {
  name: "entries are seq 1, 2, 3, ... without gaps",
  sql: `
    SELECT account, 'entry ' || seq AS record, 'follows entry ' || before AS problem FROM (
      SELECT account, seq, lag(seq, 1, 0::bigint) OVER (PARTITION BY account ORDER BY seq) AS before
      FROM credits.entries WHERE ${ONE}
    ) e WHERE seq <> before + 1 ORDER BY account, seq`,
};

const balances: Check = {
  name: "each balance is the one before plus the credits",
  sql: `
    SELECT account, 'entry ' || seq AS record,
      'has balance ' || balance || ', but ' || before || ' + ' || credits || ' were due' AS problem FROM (
      SELECT account, seq, credits, balance, lag(balance, 1, 0::bigint) OVER (PARTITION BY account ORDER BY seq) AS before
      FROM credits.entries WHERE ${ONE}
    ) e WHERE balance::numeric <> before::numeric + credits ORDER BY account, seq`,
};

const accounts: Check = {
  name: "each account stands where its last entry left it",
  sql: `
    SELECT a.account, 'account' AS record,
      'has seq ' || a.seq || ' and balance ' || a.balance || ', its last entry seq ' || coalesce(e.seq, 0) ||
      ' and balance ' || coalesce(e.balance, 0) AS problem
    FROM credits.accounts a LEFT JOIN LATERAL (
      SELECT seq, balance, hash FROM credits.entries e WHERE e.account = a.account ORDER BY seq DESC LIMIT 1
    ) e ON true
    WHERE ($1::text IS NULL OR a.account = $1::text)
      AND (a.seq <> coalesce(e.seq, 0) OR a.balance <> coalesce(e.balance, 0)
        OR a.hash <> coalesce(e.hash, decode(repeat('00', 32), 'hex')))
    ORDER BY a.account`,
};

const strays: Check = {
  name: "every record belongs to an account that exists",
  sql: `
    SELECT account, record, 'belongs to an account that does not exist' AS problem FROM (
      SELECT DISTINCT account, 'entries' AS record FROM credits.entries WHERE ${ONE}
      UNION ALL SELECT DISTINCT account, 'grants' FROM credits.grants WHERE ${ONE}
      UNION ALL SELECT DISTINCT account, 'activity rows' FROM credits.activity WHERE ${ONE}
      UNION ALL SELECT DISTINCT account, 'holds' FROM credits.holds WHERE ${ONE}
      UNION ALL SELECT DISTINCT account, 'labels' FROM credits.labels WHERE ${ONE}
    ) l WHERE NOT EXISTS (SELECT FROM credits.accounts a WHERE a.account = l.account)
    ORDER BY account`,
};

const draws: Check = {
  name: "the draws of each entry and its debt are its amount",
  sql: `
    SELECT e.account, 'entry ' || e.seq AS record,
      'moved ' || e.credits || ', but opened ' || coalesce(g.credits, 0) || ', drew ' || d.drawn || ' and changed the debt by '
      || e.debt AS problem
    FROM credits.entries e
    LEFT JOIN credits.grants g ON g.account = e.account AND g.seq = e.seq
    CROSS JOIN LATERAL (SELECT coalesce(sum(c), 0) AS drawn FROM unnest(e.draw_credits) AS c) d
    WHERE ($1::text IS NULL OR e.account = $1::text)
      AND (e.credits <> coalesce(g.credits, 0) - d.drawn - e.debt
        OR cardinality(e.draw_grants) <> cardinality(e.draw_credits))
    ORDER BY e.account, e.seq`,
};

const grants: Check = {
  name: "each grant is as its entry opened it, and what remains is its amount less its draws",
  sql: `
    SELECT coalesce(g.account, d.account) AS account, 'grant ' || coalesce(g.seq, d.grant_seq) AS record,
      CASE WHEN g.seq IS NULL THEN 'is drawn on but does not exist'
        WHEN g.remaining <> g.credits - coalesce(d.drawn, 0)
          THEN 'has ' || g.remaining || ' remaining, but ' || g.credits || ' - ' || coalesce(d.drawn, 0) || ' were due'
        ELSE 'is not what the entry that opened it states' END
      AS problem
    FROM (SELECT * FROM credits.grants_now WHERE ${ONE}) g
    FULL JOIN (
      SELECT e.account, u.grant_seq, sum(u.credits) AS drawn
      FROM credits.entries e, unnest(e.draw_grants, e.draw_credits) AS u (grant_seq, credits)
      WHERE ($1::text IS NULL OR e.account = $1::text) GROUP BY e.account, u.grant_seq
    ) d ON d.account = g.account AND d.grant_seq = g.seq
    LEFT JOIN credits.entries o ON o.account = g.account AND o.seq = g.seq
    WHERE g.seq IS NULL OR g.remaining <> g.credits - coalesce(d.drawn, 0)
      OR (g.kind, g.title, g.source_type, g.source_id, g.source_label, g.description, g.recorded_at) IS DISTINCT FROM
        (o.kind, o.title, o.source_type, o.source_id, o.source_label, o.description, o.recorded_at)
    ORDER BY 1, coalesce(g.seq, d.grant_seq)`,
};

const sums: Check = {
  name: "what remains of the grants less the debt is the balance",
  sql: `
    SELECT a.account, 'account' AS record,
      'has balance ' || a.balance || ', its grants have ' || coalesce(g.remaining, 0) || ' remaining, and the debt is '
      || a.debt || ' (by its entries ' || coalesce(e.debt, 0) || ')' AS problem
    FROM credits.accounts a
    LEFT JOIN (SELECT account, sum(remaining) AS remaining FROM credits.grants_now WHERE ${ONE} GROUP BY account) g
      ON g.account = a.account
    LEFT JOIN (SELECT account, sum(debt) AS debt FROM credits.entries WHERE ${ONE} GROUP BY account) e
      ON e.account = a.account
    WHERE ($1::text IS NULL OR a.account = $1::text)
      AND (a.balance <> coalesce(g.remaining, 0) - a.debt OR a.debt <> coalesce(e.debt, 0))
    ORDER BY a.account`,
};

const holds: Check = {
  name: "what is held is the sum of the open holds",
  sql: `
    SELECT a.account, 'account' AS record,
      CASE WHEN a.held <> coalesce(h.credits, 0)
        THEN 'holds ' || a.held || ', its open holds are ' || coalesce(h.credits, 0)
        ELSE 'has had holds, but has_held is false' END AS problem
    FROM credits.accounts a
    LEFT JOIN (
      SELECT account, sum(credits) FILTER (WHERE status = 'open') AS credits FROM credits.holds WHERE ${ONE} GROUP BY account
    ) h ON h.account = a.account
    WHERE ($1::text IS NULL OR a.account = $1::text)
      AND (a.held <> coalesce(h.credits, 0) OR (h.account IS NOT NULL AND NOT a.has_held))
    ORDER BY a.account`,
};

const RESERVED = `
  SELECT account, seq, sum(credits) AS reserved FROM credits.reservations WHERE ${ONE} GROUP BY account, seq`;

const extensions: Check = {
  name: "each hold and each grant expires when its last change states",
  sql: `
    SELECT account, record, problem FROM (
      SELECT h.account, 'hold ' || h.hold AS record, 'does not expire when its extensions state' AS problem
      FROM credits.holds h FULL JOIN (
        SELECT account, hold, max(expires_at) AS expires_at FROM credits.hold_extensions WHERE ${ONE} GROUP BY account, hold
      ) x ON x.account = h.account AND x.hold = h.hold
      WHERE ($1::text IS NULL OR coalesce(h.account, x.account) = $1::text)
        AND (h.hold IS NULL OR (x.hold IS NULL) <> (h.opened_until IS NULL)
          OR x.expires_at <> h.expires_at OR h.opened_until > h.expires_at)
      UNION ALL
      SELECT account, 'grant ' || grant_seq, 'was moved by entry ' || seq || ' in a way that it does not state' FROM (
        SELECT x.account, x.seq, x.grant_seq, x.expires_before, x.expires_at, e.seq AS entry, g.seq AS found,
          g.expires_at AS stands, lag(x.seq) OVER w AS before, lag(x.expires_at) OVER w AS stood, lead(x.seq) OVER w AS next
        FROM credits.expiries x
        LEFT JOIN credits.entries e ON e.account = x.account AND e.seq = x.seq AND e.grant_seq = x.grant_seq
        LEFT JOIN credits.grants g ON g.account = x.account AND g.seq = x.grant_seq
        WHERE $1::text IS NULL OR x.account = $1::text
        WINDOW w AS (PARTITION BY x.account, x.grant_seq ORDER BY x.seq)
      ) m WHERE entry IS NULL OR found IS NULL OR (before IS NOT NULL AND stood IS DISTINCT FROM expires_before)
        OR (next IS NULL AND stands IS DISTINCT FROM expires_at)
      UNION ALL
      SELECT e.account, 'entry ' || e.seq, 'names grant ' || e.grant_seq || ', but its expiry was not recorded'
      FROM credits.entries e LEFT JOIN credits.expiries x ON x.account = e.account AND x.seq = e.seq
      WHERE e.grant_seq IS NOT NULL AND x.seq IS NULL AND ($1::text IS NULL OR e.account = $1::text)
    ) f ORDER BY account, record`,
};

const closures: Check = {
  name: "an account is closed since the entry that closed it",
  sql: `
    SELECT a.account, 'account' AS record, 'is closed since ' || coalesce(a.closed_at::text, 'never') ||
      ', by its entries since ' || coalesce(e.closed_at::text, 'never') AS problem
    FROM credits.accounts a LEFT JOIN (
      SELECT account, min(recorded_at) AS closed_at FROM credits.entries WHERE kind = 'closure' AND ${ONE} GROUP BY account
    ) e ON e.account = a.account
    WHERE ($1::text IS NULL OR a.account = $1::text) AND a.closed_at IS DISTINCT FROM e.closed_at
    ORDER BY a.account`,
};

const reservations: Check = {
  name: "grants have what open holds have set aside of them",
  sql: `
    SELECT account, record, problem FROM (
      SELECT account, 'grant ' || seq AS record,
        'has ' || coalesce(remaining, 0) || ' remaining, and holds have set aside ' || reserved AS problem
      FROM (${RESERVED}) r LEFT JOIN credits.grants_now g USING (account, seq)
      WHERE reserved > coalesce(remaining, 0)
      UNION ALL
      SELECT account, 'hold ' || hold, 'is of ' || h.credits || ', and has set aside ' || r.reserved
      FROM credits.holds h JOIN (
        SELECT account, hold, sum(credits) AS reserved, min(credits) AS least FROM credits.reservations
        WHERE ${ONE} GROUP BY account, hold
      ) r USING (account, hold)
      WHERE r.reserved > h.credits OR r.least <= 0
    ) f ORDER BY account, record`,
};

const refunds: Check = {
  name: "no entry is refunded beyond what it took",
  sql: `
    SELECT r.account, 'entry ' || r.refund_of AS record,
      'took ' || -coalesce(e.credits, 0) || ', and ' || r.refunded || ' were refunded' AS problem
    FROM (
      SELECT account, refund_of, sum(credits) AS refunded FROM credits.entries
      WHERE refund_of IS NOT NULL AND ${ONE} GROUP BY account, refund_of
    ) r LEFT JOIN credits.entries e ON e.account = r.account AND e.seq = r.refund_of
    WHERE r.refunded > -coalesce(e.credits, 0) ORDER BY r.account, r.refund_of`,
};

const rowChain: Check = {
  name: "each row's balance is that of the row beneath it plus its credits",
  sql: `
    SELECT account, 'row ' || position AS record,
      'has balance ' || balance || ', but ' || before || ' + ' || credits || ' were due (after row ' || under || ')'
      AS problem
    FROM (
      SELECT account, position, credits, balance, lag(position, 1, 0::bigint) OVER w AS under,
        lag(balance, 1, 0::bigint) OVER w AS before
      FROM credits.activity WHERE ${ONE} WINDOW w AS (PARTITION BY account ORDER BY position)
    ) r WHERE balance::numeric <> before::numeric + credits OR position <> under + 1
    ORDER BY account, position`,
};

const rowEntries: Check = {
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
        count(DISTINCT (kind, title, source_type, source_id, source_label, project, member, task)) AS groups,
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
      OR (r.kind, r.title, r.source_type, r.source_id, r.source_label, r.project, r.member, r.task, r.description)
        IS DISTINCT FROM
        (e.kind, e.title, e.source_type, e.source_id, e.source_label, e.project, e.member, e.task, e.description)
      OR (r.discount IS NULL) <> (r.original_credits IS NULL)
      OR r.category <> CASE e.type WHEN 'usage' THEN 'used' WHEN 'correction' THEN 'adjustments' ELSE 'added' END
      OR e.ended_at - e.started_at >= interval '10 minutes'
    ORDER BY 1, coalesce(r.position, e.position)`,
};

const rowCounters: Check = {
  name: "rows are numbered 1, 2, 3, ... in each category, and counted on the account",
  sql: `
    SELECT account, record, problem FROM (
      SELECT account, 'row ' || position AS record, 'is number ' || category_position || ' of ' || category ||
        ' after number ' || before AS problem
      FROM (
        SELECT account, position, category, category_position, lag(category_position, 1, 0::bigint)
          OVER (PARTITION BY account, category ORDER BY position) AS before
        FROM credits.activity WHERE ${ONE}
      ) r WHERE category_position <> before + 1
      UNION ALL
      SELECT a.account, 'account', 'counts ' || a.rows_all || ' rows, and has ' || coalesce(r.rows_all, 0)
      FROM credits.accounts a LEFT JOIN (
        SELECT account, count(*) AS rows_all, count(*) FILTER (WHERE category = 'added') AS rows_added,
          count(*) FILTER (WHERE category = 'used') AS rows_used,
          count(*) FILTER (WHERE category = 'adjustments') AS rows_adjustments
        FROM credits.activity WHERE ${ONE} GROUP BY account
      ) r ON r.account = a.account
      WHERE ($1::text IS NULL OR a.account = $1::text) AND (a.rows_all <> coalesce(r.rows_all, 0)
        OR a.rows_added <> coalesce(r.rows_added, 0) OR a.rows_used <> coalesce(r.rows_used, 0)
        OR a.rows_adjustments <> coalesce(r.rows_adjustments, 0))
    ) f ORDER BY account, record`,
};

const due: Check = {
  name: "each account has what comes due next, and what remains by kind",
  sql: `
    SELECT a.account, 'account' AS record,
      CASE WHEN a.remaining::jsonb <> coalesce(g.remaining, '{}') THEN
          'has remaining ' || a.remaining || ', its grants ' || coalesce(g.remaining, '{}')
        WHEN a.pending <> coalesce(p.pending, 0) THEN
          'has ' || a.pending || ' pending, its grants ' || coalesce(p.pending, 0)
        ELSE 'is due at ' || coalesce(a.due_at::text, 'no time') || ', its grants and holds at '
          || coalesce(least(e.due_at, p.due_at)::text, 'no time') END AS problem
    FROM credits.accounts a
    LEFT JOIN (
      SELECT account, min(expires_at) AS due_at FROM (
        SELECT account, expires_at FROM credits.grants_now LEFT JOIN (${RESERVED}) r USING (account, seq)
        WHERE remaining > coalesce(r.reserved, 0) AND ${ONE}
        UNION ALL SELECT account, expires_at FROM credits.holds WHERE status = 'open' AND ${ONE}
      ) e GROUP BY account
    ) e ON e.account = a.account
    LEFT JOIN (
      SELECT account, jsonb_object_agg(kind, remaining::text) AS remaining FROM (
        SELECT account, kind, sum(remaining) AS remaining FROM credits.grants_now
        WHERE remaining > 0 AND ${ONE} GROUP BY account, kind
      ) k GROUP BY account
    ) g ON g.account = a.account
    LEFT JOIN LATERAL (
      SELECT sum(remaining) AS pending, min(effective_at) AS due_at FROM credits.grants_now g
      WHERE g.account = a.account AND g.remaining > 0 AND g.effective_at > g.recorded_at
        AND g.effective_at >= a.due_at
    ) p ON a.due_at IS NOT NULL
    WHERE ($1::text IS NULL OR a.account = $1::text) AND (a.due_at IS DISTINCT FROM least(e.due_at, p.due_at)
      OR a.pending <> coalesce(p.pending, 0) OR a.remaining::jsonb <> coalesce(g.remaining, '{}'))
    ORDER BY a.account`,
};

const appendOnly: Check = {
  name: "the database itself refuses changes to entries",
  sql: `
    SELECT coalesce($1::text, '') AS account, 'trigger ' || name || ' on credits.entries' AS record,
      'is missing or disabled' AS problem
    FROM unnest(ARRAY['append_only', 'not_truncated']) AS name
    WHERE NOT EXISTS (
      SELECT FROM pg_trigger
      WHERE tgrelid = 'credits.entries'::regclass AND tgname = name AND tgenabled = 'A')`,
};

export const CHECKS: readonly Check[] = [
  appendOnly,
  strays,
  seqs,
  balances,
  accounts,
  draws,
  grants,
  sums,
  holds,
  extensions,
  closures,
  reservations,
  refunds,
  due,
  rowChain,
  rowEntries,
  rowCounters,
];
