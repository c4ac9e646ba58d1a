-- Keeps what changes with every entry on the account's own line, so that writing a command updates one line and adds
-- others, and so that the account is read by one key:
--
--   * The rows of the open window wait in `open_window` until the window is sealed; credits.activity_rows has only rows
--     that never change again. The view credits.activity has both.
--   * The grant that is being drawn on has what remains of it in `drawn_remaining`; the view credits.grants_now tells for
--     all grants what remains.
--   * `version` is a random number that every change replaces. Whoever decided by what it remembered of the account says
--     which version that was, and is refused when it is not the latest. It is no counter, since after a failover that lost
--     a commit a counter would come to the same numbers with other contents.

ALTER TABLE credits.accounts
  ADD version bigint NOT NULL DEFAULT 0,
  -- A JSON array: the start of the window in microseconds since 1970, the balance before its first row, and its rows,
  -- each an array. It is text because nobody but readers of the page takes it apart.
  ADD open_window text,
  ADD drawn_grant bigint,
  ADD drawn_remaining bigint CHECK (drawn_remaining > 0),
  -- What remains of grants that are not effective yet, until `due_at`: their sum may be beyond a bigint where there is debt.
  ADD pending numeric NOT NULL DEFAULT 0 CHECK (pending >= 0),
  -- What remains of all grants by kind, in micro-credits: a JSON object of texts.
  ADD remaining text NOT NULL DEFAULT '{}',
  -- Whether there has ever been a hold, and keys of commands have to be looked for there too.
  ADD has_held boolean NOT NULL DEFAULT false,
  ADD CHECK ((drawn_grant IS NULL) = (drawn_remaining IS NULL));

UPDATE credits.accounts a SET open_window = w.open_window
FROM (
  SELECT a.account, json_build_array(
    (extract(epoch FROM a.window_cell) * 1000000)::bigint,
    (min(r.balance - r.credits) FILTER (WHERE r.position = a.window_position))::text,
    json_agg(json_build_array(
      r.kind,
      CASE WHEN r.source_type IS NOT NULL THEN json_build_array(r.source_type, r.source_id, r.source_label) END,
      r.project, r.discount, r.description,
      (extract(epoch FROM r.started_at) * 1000000)::bigint, (extract(epoch FROM r.ended_at) * 1000000)::bigint,
      r.entries, r.first_seq, r.last_seq, r.credits::text, r.original_credits::text
    ) ORDER BY r.position)
  )::text AS open_window
  FROM credits.accounts a
  JOIN credits.activity_rows r ON r.account = a.account AND r.position >= a.window_position
  GROUP BY a.account
) w WHERE w.account = a.account;

DELETE FROM credits.activity_rows r USING credits.accounts a
WHERE r.account = a.account AND r.position >= a.window_position;

-- Where something came due that nobody has posted yet, the account is as it was then, and so is what was pending.
UPDATE credits.accounts a SET remaining = g.remaining, pending = g.pending, due_at = least(a.due_at, g.effective_at)
FROM (
  SELECT account, json_object_agg(kind, remaining::text)::text AS remaining, sum(pending) AS pending,
    min(effective_at) AS effective_at
  FROM (
    SELECT account, kind, sum(remaining) AS remaining, coalesce(sum(remaining) FILTER (WHERE is_pending), 0) AS pending,
      min(effective_at) FILTER (WHERE is_pending) AS effective_at
    FROM (
      SELECT g.*, g.effective_at > g.recorded_at AND g.effective_at >= least(a.due_at, now()) AS is_pending
      FROM credits.grants g JOIN credits.accounts a ON a.account = g.account WHERE g.remaining > 0
    ) l GROUP BY account, kind
  ) k GROUP BY account
) g WHERE g.account = a.account;

UPDATE credits.accounts a SET has_held = true WHERE EXISTS (SELECT FROM credits.holds h WHERE h.account = a.account);

ALTER TABLE credits.accounts DROP COLUMN window_cell, DROP COLUMN window_position;
ALTER TABLE credits.activity_rows RESET (fillfactor);

COMMENT ON COLUMN credits.accounts.due_at IS
  'When time alone changes the account next: a grant or a hold expires, or a grant becomes effective.';
COMMENT ON COLUMN credits.grants.remaining IS
  'What remains, but for the grant the account is drawing on: credits.grants_now tells it for all.';

CREATE VIEW credits.grants_now AS
SELECT g.account, g.seq, g.kind, g.title, g.description, g.source_type, g.source_id, g.source_label, g.credits,
  CASE WHEN g.seq = a.drawn_grant THEN a.drawn_remaining ELSE g.remaining END AS remaining,
  g.priority, g.effective_at, g.expires_at, g.recorded_at
FROM credits.grants g LEFT JOIN credits.accounts a ON a.account = g.account;

CREATE VIEW credits.activity AS
SELECT account, position, category, category_position, kind, title, source_type, source_id, source_label, project, discount,
  description, started_at, ended_at, entries, first_seq, last_seq, credits, original_credits, balance
FROM credits.activity_rows
UNION ALL
SELECT a.account, a.rows_all - w.rows + r.number, 'used', a.rows_used - w.rows + r.number, r.row ->> 0, NULL,
  r.row -> 1 ->> 0, r.row -> 1 ->> 1, r.row -> 1 ->> 2, r.row ->> 2, (r.row ->> 3)::integer, r.row ->> 4,
  timestamptz 'epoch' + (r.row ->> 5)::bigint * interval '1 microsecond',
  timestamptz 'epoch' + (r.row ->> 6)::bigint * interval '1 microsecond',
  (r.row ->> 7)::bigint, (r.row ->> 8)::bigint, (r.row ->> 9)::bigint, (r.row ->> 10)::bigint, (r.row ->> 11)::bigint,
  (w.base + sum((r.row ->> 10)::bigint) OVER (PARTITION BY a.account ORDER BY r.number))::bigint
FROM credits.accounts a
CROSS JOIN LATERAL (
  SELECT (a.open_window::json ->> 1)::bigint AS base, json_array_length(a.open_window::json -> 2) AS rows
) w
CROSS JOIN LATERAL json_array_elements(a.open_window::json -> 2) WITH ORDINALITY AS r (row, number)
WHERE a.open_window IS NOT NULL;

-- Lets a statement undo its transaction when what it relied on does not hold.
CREATE FUNCTION credits.fail(state text, detail text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger''s line has changed meanwhile' USING ERRCODE = state, DETAIL = coalesce(detail, '');
END
$$;
