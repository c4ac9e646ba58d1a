import { isIn, type SqlCheck } from "./check.js";
import { FIRST_EXPIRIES, OPENED_WITH } from "./first-expiries.js";
import { ROW_CHECKS } from "./row-checks.js";

/*
 * The checks that the database makes by itself. Sums and differences are numeric where a changed value could leave the range
 * of a bigint.
 */

const ONE = isIn("account");

const seqs: SqlCheck = {
  name: "entries are seq 1, 2, 3, ... without gaps",
  sql: `
    SELECT account, 'entry ' || seq AS record, 'follows entry ' || before AS problem FROM (
      SELECT account, seq, lag(seq, 1, 0::bigint) OVER (PARTITION BY account ORDER BY seq) AS before
      FROM credits.entries WHERE ${ONE}
    ) e WHERE seq <> before::numeric + 1 ORDER BY account, seq`,
};

const balances: SqlCheck = {
  name: "each balance is the one before plus the credits",
  sql: `
    SELECT account, 'entry ' || seq AS record,
      'has balance ' || balance || ', but ' || before || ' + ' || credits || ' were due' AS problem FROM (
      SELECT account, seq, credits, balance, lag(balance, 1, 0::bigint) OVER (PARTITION BY account ORDER BY seq) AS before
      FROM credits.entries WHERE ${ONE}
    ) e WHERE balance::numeric <> before::numeric + credits ORDER BY account, seq`,
};

const accounts: SqlCheck = {
  name: "each account stands where its last entry left it",
  sql: `
    SELECT a.account, 'account' AS record,
      'has seq ' || a.seq || ' and balance ' || a.balance || ', its last entry seq ' || coalesce(e.seq, 0) ||
      ' and balance ' || coalesce(e.balance, 0) AS problem
    FROM credits.accounts a LEFT JOIN LATERAL (
      SELECT seq, balance, hash FROM credits.entries e WHERE e.account = a.account ORDER BY seq DESC LIMIT 1
    ) e ON true
    WHERE ${isIn("a.account")}
      AND (a.seq <> coalesce(e.seq, 0) OR a.balance <> coalesce(e.balance, 0)
        OR a.hash <> coalesce(e.hash, decode(repeat('00', 32), 'hex')))
    ORDER BY a.account`,
};

const strays: SqlCheck = {
  name: "every record belongs to an account that exists",
  sql: `
    SELECT account, record, 'belongs to an account that does not exist' AS problem FROM (
      SELECT DISTINCT account, 'entries' AS record FROM credits.entries WHERE ${ONE}
      UNION ALL SELECT DISTINCT account, 'grants' FROM credits.grants WHERE ${ONE}
      UNION ALL SELECT DISTINCT account, 'activity rows' FROM credits.activity WHERE ${ONE}
      UNION ALL SELECT DISTINCT account, 'window states' FROM credits.window_states WHERE ${ONE}
      UNION ALL SELECT DISTINCT account, 'holds' FROM credits.holds WHERE ${ONE}
      UNION ALL SELECT DISTINCT account, 'labels' FROM credits.labels WHERE ${ONE}
      UNION ALL SELECT DISTINCT account, 'expiries' FROM credits.expiries WHERE ${ONE}
      UNION ALL SELECT DISTINCT account, 'extensions of holds' FROM credits.hold_extensions WHERE ${ONE}
      UNION ALL SELECT DISTINCT account, 'erasures' FROM credits.erasures WHERE ${ONE}
    ) l WHERE NOT EXISTS (SELECT FROM credits.accounts a WHERE a.account = l.account)
    ORDER BY account`,
};

const draws: SqlCheck = {
  name: "the draws of each entry and its debt are its amount",
  sql: `
    SELECT e.account, 'entry ' || e.seq AS record,
      'moved ' || e.credits || ', but opened ' || coalesce(g.credits, 0) || ', drew ' || d.drawn || ' and changed the debt by '
      || e.debt AS problem
    FROM credits.entries e
    LEFT JOIN credits.grants g ON g.account = e.account AND g.seq = e.seq
    CROSS JOIN LATERAL (SELECT coalesce(sum(c), 0) AS drawn FROM unnest(e.draw_credits) AS c) d
    WHERE ${isIn("e.account")}
      AND (e.credits <> coalesce(g.credits, 0) - d.drawn - e.debt::numeric
        OR cardinality(e.draw_grants) <> cardinality(e.draw_credits)
        OR array_position(e.draw_grants || e.draw_credits, NULL) IS NOT NULL)
    ORDER BY e.account, e.seq`,
};

const grants: SqlCheck = {
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
      WHERE ${isIn("e.account")} AND u.grant_seq IS NOT NULL GROUP BY e.account, u.grant_seq
    ) d ON d.account = g.account AND d.grant_seq = g.seq
    LEFT JOIN credits.entries o ON o.account = g.account AND o.seq = g.seq
    WHERE g.seq IS NULL OR g.remaining <> g.credits - coalesce(d.drawn, 0)
      OR (g.kind, g.title, g.source_type, g.source_id, g.source_label, g.description, g.recorded_at) IS DISTINCT FROM
        (o.kind, o.title, o.source_type, o.source_id, o.source_label, o.description, o.recorded_at)
    ORDER BY 1, coalesce(g.seq, d.grant_seq)`,
};

const sums: SqlCheck = {
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
    WHERE ${isIn("a.account")}
      AND (a.balance <> coalesce(g.remaining, 0) - a.debt::numeric OR a.debt <> coalesce(e.debt, 0))
    ORDER BY a.account`,
};

const drawn: SqlCheck = {
  name: "the grant that an account draws on is found by its own row",
  sql: `
    SELECT a.account, 'grant ' || a.drawn_grant AS record,
      CASE WHEN g.account IS NULL THEN 'is drawn on but does not exist'
        ELSE 'has 0 remaining in its own row, so a server that starts does not find it' END AS problem
    FROM credits.accounts a LEFT JOIN credits.grants g ON g.account = a.account AND g.seq = a.drawn_grant
    WHERE a.drawn_grant IS NOT NULL AND coalesce(g.remaining, 0) = 0 AND ${isIn("a.account")}
    ORDER BY a.account`,
};

const holds: SqlCheck = {
  name: "what is held is the sum of the open holds",
  sql: `
    SELECT a.account, 'account' AS record, 'holds ' || a.held || ', its open holds are ' || coalesce(h.credits, 0) AS problem
    FROM credits.accounts a LEFT JOIN (
      SELECT account, sum(credits) AS credits FROM credits.holds WHERE status = 'open' AND ${ONE} GROUP BY account
    ) h ON h.account = a.account
    WHERE ${isIn("a.account")} AND a.held <> coalesce(h.credits, 0) ORDER BY a.account`,
};

const holdCounts: SqlCheck = {
  name: "every hold that was opened is there",
  sql: `
    SELECT a.account, 'account' AS record,
      CASE WHEN a.holds <> coalesce(h.holds, 0) THEN 'has had ' || a.holds || ' holds, and has ' || coalesce(h.holds, 0)
        ELSE 'has had ' || a.holds || ' holds, but has_held is ' || a.has_held END AS problem
    FROM credits.accounts a LEFT JOIN (
      SELECT account, count(*) AS holds FROM credits.holds WHERE ${ONE} GROUP BY account
    ) h ON h.account = a.account
    WHERE ${isIn("a.account")} AND (a.holds <> coalesce(h.holds, 0) OR a.has_held <> (a.holds > 0)) ORDER BY a.account`,
};

const settlements: SqlCheck = {
  name: "a closed hold states how it ended, and a settled one names its entry",
  sql: `
    SELECT h.account, 'hold ' || h.hold AS record,
      'is ' || h.status || ', and names ' || coalesce('entry ' || h.settled_seq, 'no entry') || ' and '
      || coalesce('the key ' || h.release_key, 'no key') AS problem
    FROM credits.holds h LEFT JOIN credits.entries e ON e.account = h.account AND e.seq = h.settled_seq
    WHERE ${isIn("h.account")} AND ((h.status = 'settled') <> (h.settled_seq IS NOT NULL)
      OR (h.status = 'released') <> (h.release_key IS NOT NULL)
      OR (h.release_key IS NULL) <> (h.release_fingerprint IS NULL)
      OR (h.settled_seq IS NOT NULL AND (e.kind = h.kind AND e.key IS NOT NULL) IS NOT TRUE))
    ORDER BY h.account, h.hold`,
};

const RESERVED = `
  SELECT account, seq, sum(credits) AS reserved FROM credits.reservations WHERE ${ONE} GROUP BY account, seq`;

const extensions: SqlCheck = {
  name: "each hold and each grant expires when its last change states",
  sql: `
    SELECT account, record, problem FROM (
      SELECT h.account, 'hold ' || h.hold AS record, 'does not expire when its extensions state' AS problem
      FROM credits.holds h FULL JOIN (
        SELECT account, hold, max(expires_at) AS expires_at, count(*) AS extensions
        FROM credits.hold_extensions WHERE ${ONE} GROUP BY account, hold
      ) x ON x.account = h.account AND x.hold = h.hold
      WHERE ${isIn("coalesce(h.account, x.account)")}
        AND (h.hold IS NULL OR (x.hold IS NULL) <> (h.opened_until IS NULL)
          OR x.extensions IS DISTINCT FROM h.extensions
          OR x.expires_at <> h.expires_at OR h.opened_until > h.expires_at)
      UNION ALL
      SELECT account, 'grant ' || grant_seq, 'was moved by entry ' || seq || ' in a way that it does not state' FROM (
        SELECT x.account, x.seq, x.grant_seq, x.expires_before, x.expires_at, e.seq AS entry, g.seq AS found,
          g.expires_at AS stands, lag(x.seq) OVER w AS before, lag(x.expires_at) OVER w AS stood, lead(x.seq) OVER w AS next
        FROM credits.expiries x
        LEFT JOIN credits.entries e ON e.account = x.account AND e.seq = x.seq AND e.grant_seq = x.grant_seq
        LEFT JOIN credits.grants g ON g.account = x.account AND g.seq = x.grant_seq
        WHERE ${isIn("x.account")}
        WINDOW w AS (PARTITION BY x.account, x.grant_seq ORDER BY x.seq)
      ) m WHERE entry IS NULL OR found IS NULL OR (before IS NOT NULL AND stood IS DISTINCT FROM expires_before)
        OR (next IS NULL AND stands IS DISTINCT FROM expires_at)
      UNION ALL
      SELECT e.account, 'entry ' || e.seq, 'names grant ' || e.grant_seq || ', but its expiry was not recorded'
      FROM credits.entries e LEFT JOIN credits.expiries x ON x.account = e.account AND x.seq = e.seq
      WHERE e.grant_seq IS NOT NULL AND x.seq IS NULL AND ${isIn("e.account")}
    ) f ORDER BY account, record`,
};

const erasures: SqlCheck = {
  name: "each erasure of free text is recorded by an entry",
  sql: `
    SELECT coalesce(e.account, x.account) AS account, 'erasure by entry ' || coalesce(e.seq, x.seq) AS record,
      CASE WHEN x.seq IS NULL THEN 'is missing' ELSE 'has no entry that records it' END AS problem
    FROM (SELECT account, seq FROM credits.entries WHERE kind = 'anonymization' AND ${ONE}) e
    FULL JOIN (SELECT account, seq FROM credits.erasures WHERE ${ONE}) x ON x.account = e.account AND x.seq = e.seq
    WHERE e.seq IS NULL OR x.seq IS NULL ORDER BY 1, 2`,
};

const closures: SqlCheck = {
  name: "an account is closed since the entry that closed it",
  sql: `
    SELECT a.account, 'account' AS record, 'is closed since ' || coalesce(a.closed_at::text, 'never') ||
      ', by its entries since ' || coalesce(e.closed_at::text, 'never') AS problem
    FROM credits.accounts a LEFT JOIN (
      SELECT account, min(recorded_at) AS closed_at FROM credits.entries WHERE kind = 'closure' AND ${ONE} GROUP BY account
    ) e ON e.account = a.account
    WHERE ${isIn("a.account")} AND a.closed_at IS DISTINCT FROM e.closed_at
    ORDER BY a.account`,
};

const reservations: SqlCheck = {
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

const refunds: SqlCheck = {
  name: "no entry is refunded beyond what it took",
  sql: `
    SELECT r.account, 'entry ' || r.refund_of AS record,
      'took ' || -coalesce(e.credits, 0)::numeric || ', and ' || r.refunded || ' were refunded' AS problem
    FROM (
      SELECT account, refund_of, sum(credits) AS refunded FROM credits.entries
      WHERE refund_of IS NOT NULL AND ${ONE} GROUP BY account, refund_of
    ) r LEFT JOIN credits.entries e ON e.account = r.account AND e.seq = r.refund_of
    WHERE r.refunded > -coalesce(e.credits, 0)::numeric ORDER BY r.account, r.refund_of`,
};

const due: SqlCheck = {
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
    WHERE ${isIn("a.account")} AND (a.due_at IS DISTINCT FROM least(e.due_at, p.due_at)
      OR a.pending <> coalesce(p.pending, 0) OR a.remaining::jsonb <> coalesce(g.remaining, '{}'))
    ORDER BY a.account`,
};

const recordHashes: SqlCheck = {
  name: "overdraft limits, secret keys and the terms of old grants are as they were hashed",
  sql: `
    SELECT account, record, 'is not what was hashed' AS problem FROM (
      SELECT account, 'account' AS record, record_hash, credits.hash_record('account', account, overdraft_limit::text) AS due
      FROM credits.accounts WHERE ${ONE}
      UNION ALL
      SELECT g.account, 'grant ' || g.seq, g.record_hash, CASE WHEN e.version = 1 THEN
        credits.hash_record('grant', g.account, g.seq::text, g.credits::text, g.priority::text, credits.micros(g.effective_at),
          credits.micros(${OPENED_WITH})) END
      FROM credits.grants g JOIN credits.entries e ON e.account = g.account AND e.seq = g.seq
      ${FIRST_EXPIRIES}
      WHERE ${isIn("g.account")}
      UNION ALL
      SELECT account, 'extension of hold ' || hold, record_hash,
        credits.hash_record('extension', account, key, hold, encode(fingerprint, 'hex'), credits.micros(expires_at))
      FROM credits.hold_extensions WHERE ${ONE}
      UNION ALL
      SELECT '', 'secret key ' || id, record_hash,
        credits.hash_record('key', id, encode(hash, 'hex'), credits.micros(created_at), credits.micros(revoked_at))
      FROM credits.api_keys WHERE $1::text IS NULL AND $2::text IS NULL
    ) s WHERE record_hash IS DISTINCT FROM due ORDER BY account, record`,
};

export const CHECKS: readonly SqlCheck[] = [
  strays,
  seqs,
  balances,
  accounts,
  draws,
  grants,
  drawn,
  sums,
  holds,
  extensions,
  closures,
  erasures,
  holdCounts,
  settlements,
  reservations,
  refunds,
  recordHashes,
  due,
  ...ROW_CHECKS,
];
