import { type Check, ONE } from "./check.js";
import { ROW_CHECKS } from "./row-checks.js";

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
      UNION ALL SELECT DISTINCT account, 'window states' FROM credits.window_states WHERE ${ONE}
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
    SELECT coalesce($1::text, '') AS account, 'trigger append_only on credits.entries' AS record,
      'is missing or disabled' AS problem
    WHERE NOT EXISTS (
      SELECT FROM pg_trigger
      WHERE tgrelid = 'credits.entries'::regclass AND tgname = 'append_only' AND tgenabled = 'A')`,
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
  reservations,
  refunds,
  due,
  rowChain,
  rowCounters,
  ...ROW_CHECKS,
];
