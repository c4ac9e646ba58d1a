-- Adds the facts that entries, rows and holds gain, the canonical form of version 2, and open kinds. Entries of version 1
-- stay as they are: they have no type, no salt and no digest, and their kinds are the built-in ones.

ALTER TABLE credits.entries
  -- The version of the canonical form. A server of the version before writes 1 by leaving it out.
  ADD version smallint NOT NULL DEFAULT 1,
  ADD type text,
  ADD member text,
  ADD task text,
  -- The version of the price that rated the entry.
  ADD price text,
  -- The quantities that were measured, by name, as decimal strings.
  ADD quantities jsonb,
  ADD estimated boolean,
  -- The integrator's own cost, and metadata that account tokens never read.
  ADD cost bigint,
  ADD private_metadata jsonb,
  -- SHA-256 over the salt and the free text. With text and salt erased, it still proves the chain.
  ADD salt bytea CHECK (length(salt) = 16),
  ADD digest bytea CHECK (length(digest) = 32),
  -- Null stands for no metadata, which most entries have.
  ALTER metadata DROP NOT NULL,
  DROP CONSTRAINT entries_kind_check,
  ADD CONSTRAINT entries_type_check CHECK (CASE version
    WHEN 1 THEN type IS NULL AND kind IN ('monthly_grant', 'purchase', 'bonus', 'manual_grant', 'ai_usage', 'build_usage',
      'runtime_usage', 'refund', 'adjustment', 'writeoff', 'expiry')
    ELSE type IS NOT NULL AND type IN ('grant', 'usage', 'correction') END);

ALTER TABLE credits.activity_rows ADD member text, ADD task text;

ALTER TABLE credits.holds
  ADD member text,
  ADD task text,
  ADD metadata jsonb,
  ADD private_metadata jsonb,
  ADD salt bytea CHECK (length(salt) = 16);

-- The labels of projects, members and tasks. The latest wins, so they are not part of an entry.
CREATE TABLE credits.labels (
  account text COLLATE "C" NOT NULL,
  dimension text NOT NULL CHECK (dimension IN ('project', 'member', 'task')),
  id text COLLATE "C" NOT NULL,
  label text NOT NULL,
  PRIMARY KEY (account, dimension, id)
);

CREATE OR REPLACE VIEW credits.activity AS
SELECT account, position, category, category_position, kind, title, source_type, source_id, source_label, project, discount,
  description, started_at, ended_at, entries, first_seq, last_seq, credits, original_credits, balance, member, task
FROM credits.activity_rows
UNION ALL
SELECT a.account, a.rows_all - w.rows + r.number, 'used', a.rows_used - w.rows + r.number, r.row ->> 0, NULL,
  r.row -> 1 ->> 0, r.row -> 1 ->> 1, r.row -> 1 ->> 2, r.row ->> 2, (r.row ->> 3)::integer, r.row ->> 4,
  timestamptz 'epoch' + (r.row ->> 5)::bigint * interval '1 microsecond',
  timestamptz 'epoch' + (r.row ->> 6)::bigint * interval '1 microsecond',
  (r.row ->> 7)::bigint, (r.row ->> 8)::bigint, (r.row ->> 9)::bigint, (r.row ->> 10)::bigint, (r.row ->> 11)::bigint,
  (w.base + sum((r.row ->> 10)::bigint) OVER (PARTITION BY a.account ORDER BY r.number))::bigint,
  -- Windows that were left open before have neither.
  r.row ->> 12, r.row ->> 13
FROM credits.accounts a
CROSS JOIN LATERAL (
  SELECT (a.open_window::json ->> 1)::bigint AS base, json_array_length(a.open_window::json -> 2) AS rows
) w
CROSS JOIN LATERAL json_array_elements(a.open_window::json -> 2) WITH ORDINALITY AS r (row, number)
WHERE a.open_window IS NOT NULL;

-- Returns the type of an entry's kind, also for entries of version 1.
CREATE FUNCTION credits.type_of(type text, kind text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(type, CASE
    WHEN kind IN ('ai_usage', 'build_usage', 'runtime_usage') THEN 'usage'
    WHEN kind IN ('refund', 'adjustment', 'writeoff', 'expiry') THEN 'correction'
    ELSE 'grant' END)
$$;

CREATE OR REPLACE FUNCTION credits.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'credits.entries is append-only, so % is refused. Correct a mistake with another entry: a refund or an adjustment.', TG_OP
    USING ERRCODE = 'restrict_violation';
END
$$;
