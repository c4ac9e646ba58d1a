-- Lets groups of usage share a row, and keeps states of busy windows, from which pages of an earlier moment are computed.

-- The facts in which the entries of a shared row differ: a JSON array of their names. Rows that were closed before, and
-- those that a server of the version before closes, have null.
ALTER TABLE credits.activity_rows ADD various text;

-- The rows of a window as they were right after one of its entries, in the form of accounts.open_window. Windows with few
-- entries have none. No state ever changes.
CREATE TABLE credits.window_states (
  account text COLLATE "C" NOT NULL,
  -- The position of the window's first row.
  position bigint NOT NULL,
  -- The entry's seq.
  seq bigint NOT NULL,
  open_window text NOT NULL,
  PRIMARY KEY (account, position, seq)
);

-- A window that was left open goes on if its usage was recorded in it. The next usage on the account closes any other.
UPDATE credits.accounts a SET open_window = w.open_window
FROM (
  SELECT a.account, json_build_array(0, a.open_window::json -> 1, (
    SELECT json_agg(json_build_array(r.row -> 0, r.row -> 1, r.row -> 2, r.row -> 3, r.row -> 4, r.row -> 5, r.row -> 6,
      r.row -> 7, r.row -> 8, r.row -> 9, r.row -> 10, r.row -> 11, r.row -> 12, r.row -> 13, a.open_window::json -> 0,
      json_build_array()) ORDER BY r.number)
    FROM json_array_elements(a.open_window::json -> 2) WITH ORDINALITY AS r (row, number)
  ), a.open_window::json -> 0, NULL)::text AS open_window
  FROM credits.accounts a
  CROSS JOIN LATERAL (
    SELECT timestamptz 'epoch' + (a.open_window::json ->> 0)::bigint * interval '1 microsecond' AS cell
  ) c
  JOIN credits.entries f ON f.account = a.account AND f.seq = (a.open_window::json -> 2 -> 0 ->> 8)::bigint
  JOIN credits.entries l ON l.account = a.account AND l.seq = a.seq
  WHERE a.open_window IS NOT NULL AND f.recorded_at >= c.cell AND f.recorded_at < c.cell + interval '5 minutes'
    AND l.recorded_at >= c.cell AND l.recorded_at < c.cell + interval '5 minutes'
) w WHERE w.account = a.account;

CREATE OR REPLACE VIEW credits.activity AS
SELECT account, position, category, category_position, kind, title, source_type, source_id, source_label, project, discount,
  description, started_at, ended_at, entries, first_seq, last_seq, credits, original_credits, balance, member, task, various
FROM credits.activity_rows
UNION ALL
SELECT a.account, a.rows_all - w.rows + r.number, 'used', a.rows_used - w.rows + r.number, r.row ->> 0, NULL,
  r.row -> 1 ->> 0, r.row -> 1 ->> 1, r.row -> 1 ->> 2, r.row ->> 2, (r.row ->> 3)::integer, r.row ->> 4,
  timestamptz 'epoch' + (r.row ->> 5)::bigint * interval '1 microsecond',
  timestamptz 'epoch' + (r.row ->> 6)::bigint * interval '1 microsecond',
  (r.row ->> 7)::bigint, (r.row ->> 8)::bigint, (r.row ->> 9)::bigint, (r.row ->> 10)::bigint, (r.row ->> 11)::bigint,
  (w.base + sum((r.row ->> 10)::bigint) OVER (PARTITION BY a.account ORDER BY r.number))::bigint,
  -- Windows that earlier versions left open end before these.
  r.row ->> 12, r.row ->> 13, r.row ->> 15
FROM credits.accounts a
CROSS JOIN LATERAL (
  SELECT (a.open_window::json ->> 1)::bigint AS base, json_array_length(a.open_window::json -> 2) AS rows
) w
CROSS JOIN LATERAL json_array_elements(a.open_window::json -> 2) WITH ORDINALITY AS r (row, number)
WHERE a.open_window IS NOT NULL;

COMMENT ON COLUMN credits.accounts.open_window IS
  'A JSON array: zero, the balance before the first row, the rows, the start of the window in microseconds since 1970, and the range of windows whose late usage has rows that are closed.';
