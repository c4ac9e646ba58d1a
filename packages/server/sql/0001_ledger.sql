-- The ledger. The account is the first column of every primary key and unique index, and no row of one account refers
-- to another's, so that the tables can be distributed by account as they are.

CREATE TABLE credits.accounts (
  account text COLLATE "C" PRIMARY KEY CHECK (length(account) BETWEEN 1 AND 128),
  name text,
  time_zone text NOT NULL DEFAULT 'UTC',
  overdraft_limit bigint NOT NULL DEFAULT 0 CHECK (overdraft_limit >= 0),
  metadata jsonb NOT NULL DEFAULT '{}',
  balance bigint NOT NULL DEFAULT 0,
  held bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
  debt bigint NOT NULL DEFAULT 0 CHECK (debt >= 0),
  -- The last entry's seq and hash.
  seq bigint NOT NULL DEFAULT 0,
  hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
  -- How many activity rows there are, in all and by category.
  rows_all bigint NOT NULL DEFAULT 0,
  rows_added bigint NOT NULL DEFAULT 0,
  rows_used bigint NOT NULL DEFAULT 0,
  rows_adjustments bigint NOT NULL DEFAULT 0,
  -- The open window: the start of its five minutes, and the position of its first row.
  window_cell timestamptz,
  window_position bigint,
  -- When a grant or a hold expires next.
  due_at timestamptz,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CHECK ((window_cell IS NULL) = (window_position IS NULL)),
  CHECK (rows_all = rows_added + rows_used + rows_adjustments)
) WITH (fillfactor = 70);

CREATE INDEX accounts_due ON credits.accounts (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE credits.entries (
  account text COLLATE "C" NOT NULL,
  seq bigint NOT NULL CHECK (seq > 0),
  kind text NOT NULL CHECK (kind IN ('monthly_grant', 'purchase', 'bonus', 'manual_grant', 'ai_usage', 'build_usage',
    'runtime_usage', 'refund', 'adjustment', 'writeoff', 'expiry')),
  title text,
  credits bigint NOT NULL,
  original_credits bigint,
  balance bigint NOT NULL,
  description text,
  source_type text,
  source_id text,
  source_label text,
  project text,
  occurred_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL,
  -- The command's key and a digest of its payload; null for what the ledger posted by itself.
  key text COLLATE "C",
  fingerprint bytea,
  -- What was taken out of which grants (negative: given back), pairwise.
  draw_grants bigint[] NOT NULL,
  draw_credits bigint[] NOT NULL,
  -- How much the uncovered debt grew (negative: was paid).
  debt bigint NOT NULL,
  refund_of bigint,
  metadata jsonb NOT NULL,
  hash bytea NOT NULL,
  -- The activity row the entry belongs to.
  position bigint NOT NULL,
  PRIMARY KEY (account, seq),
  UNIQUE (account, key)
);

CREATE INDEX entries_refunds ON credits.entries (account, refund_of) WHERE refund_of IS NOT NULL;

CREATE FUNCTION credits.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'credits.entries is append-only: % is refused. Mend a mistake with a further entry (a refund or an adjustment).', TG_OP
    USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON credits.entries
  FOR EACH STATEMENT EXECUTE FUNCTION credits.refuse_change();
ALTER TABLE credits.entries ENABLE ALWAYS TRIGGER append_only;

CREATE TABLE credits.grants (
  account text COLLATE "C" NOT NULL,
  -- The seq of the entry that opened the grant.
  seq bigint NOT NULL,
  kind text NOT NULL,
  title text,
  description text,
  source_type text,
  source_id text,
  source_label text,
  credits bigint NOT NULL CHECK (credits > 0),
  remaining bigint NOT NULL CHECK (remaining BETWEEN 0 AND credits),
  priority integer NOT NULL,
  effective_at timestamptz NOT NULL,
  expires_at timestamptz CHECK (expires_at > effective_at),
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (account, seq)
) WITH (fillfactor = 70);

CREATE INDEX grants_live ON credits.grants (account) WHERE remaining > 0;

CREATE TABLE credits.holds (
  account text COLLATE "C" NOT NULL,
  hold text COLLATE "C" NOT NULL,
  kind text NOT NULL,
  credits bigint NOT NULL CHECK (credits > 0),
  description text,
  source_type text,
  source_id text,
  source_label text,
  project text,
  status text NOT NULL CHECK (status IN ('open', 'settled', 'released', 'expired')),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  key text COLLATE "C" NOT NULL,
  fingerprint bytea NOT NULL,
  settled_seq bigint,
  release_key text COLLATE "C",
  release_fingerprint bytea,
  PRIMARY KEY (account, hold),
  UNIQUE (account, key),
  UNIQUE (account, release_key)
);

CREATE INDEX holds_open ON credits.holds (account) WHERE status = 'open';

CREATE TABLE credits.activity_rows (
  account text COLLATE "C" NOT NULL,
  position bigint NOT NULL CHECK (position > 0),
  category text NOT NULL CHECK (category IN ('added', 'used', 'adjustments')),
  category_position bigint NOT NULL CHECK (category_position > 0),
  kind text NOT NULL,
  title text,
  source_type text,
  source_id text,
  source_label text,
  project text,
  -- In tenths of a percent.
  discount integer,
  description text,
  started_at timestamptz NOT NULL,
  ended_at timestamptz NOT NULL,
  entries bigint NOT NULL,
  first_seq bigint NOT NULL,
  last_seq bigint NOT NULL,
  credits bigint NOT NULL,
  original_credits bigint,
  balance bigint NOT NULL,
  PRIMARY KEY (account, position),
  UNIQUE (account, category, category_position)
) WITH (fillfactor = 70);
