-- The baseline of the ledger: a spend as one transaction with a row lock, in plain SQL, one round trip per call.

CREATE SCHEMA row_locked;

CREATE TABLE row_locked.accounts (
  account text COLLATE "C" PRIMARY KEY,
  balance bigint NOT NULL CHECK (balance >= 0),
  seq bigint NOT NULL,
  hash bytea NOT NULL,
  rows bigint NOT NULL,
  window_cell timestamptz,
  window_position bigint
) WITH (fillfactor = 70);
CREATE TABLE row_locked.entries (LIKE credits.entries INCLUDING ALL);
CREATE TABLE row_locked.grants (LIKE credits.grants INCLUDING ALL) WITH (fillfactor = 70);
CREATE TABLE row_locked.activity_rows (LIKE credits.activity_rows INCLUDING ALL) WITH (fillfactor = 70);

INSERT INTO row_locked.accounts (account, balance, seq, hash, rows)
SELECT account, 1000000000000, 1, '\x00', 1 FROM credits.accounts;
INSERT INTO row_locked.grants (account, seq, kind, credits, remaining, priority, effective_at, recorded_at)
SELECT account, 1, 'monthly_grant', 1000000000000, 1000000000000, 100, now(), now() FROM credits.accounts;

-- Does the same work as the ledger for a spend. The key counts once. The amount is drawn from the grants in their order.
-- The entry has its draws, its balance and a hash over the one before. It joins the activity row of its five minutes,
-- whose balance changes with those after it.
CREATE FUNCTION row_locked.spend(the_account text, amount bigint, the_description text, the_source text, the_key text)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  at timestamptz := clock_timestamp();
  cell timestamptz := date_bin('5 minutes', clock_timestamp(), 'epoch');
  held row_locked.accounts;
  known bigint;
  a_grant record;
  taken bigint;
  uncovered bigint := amount;
  grants bigint[] := '{}';
  draws bigint[] := '{}';
  the_row bigint;
  digest bytea;
BEGIN
  SELECT * INTO STRICT held FROM row_locked.accounts WHERE account = the_account FOR UPDATE;
  SELECT balance INTO known FROM row_locked.entries WHERE account = the_account AND key = the_key;
  IF FOUND THEN
    RETURN known;
  END IF;
  IF held.balance < amount THEN
    RAISE EXCEPTION 'insufficient credits';
  END IF;
  FOR a_grant IN
    SELECT seq, remaining FROM row_locked.grants
    WHERE account = the_account AND remaining > 0 AND effective_at <= at AND (expires_at IS NULL OR expires_at > at)
    ORDER BY priority, expires_at NULLS LAST, kind = 'purchase', effective_at, seq
  LOOP
    taken := least(a_grant.remaining, uncovered);
    UPDATE row_locked.grants SET remaining = remaining - taken WHERE account = the_account AND seq = a_grant.seq;
    grants := grants || a_grant.seq;
    draws := draws || taken;
    uncovered := uncovered - taken;
    EXIT WHEN uncovered = 0;
  END LOOP;
  IF held.window_cell = cell THEN
    SELECT position INTO the_row FROM row_locked.activity_rows
    WHERE account = the_account AND position >= held.window_position AND kind = 'ai_usage' AND source_label = the_source
      AND project IS NULL AND discount IS NULL;
  END IF;
  IF the_row IS NOT NULL THEN
    UPDATE row_locked.activity_rows SET balance = balance - amount,
      entries = entries + (position = the_row)::integer,
      credits = credits - CASE WHEN position = the_row THEN amount ELSE 0 END,
      last_seq = CASE WHEN position = the_row THEN held.seq + 1 ELSE last_seq END,
      ended_at = CASE WHEN position = the_row THEN at ELSE ended_at END
    WHERE account = the_account AND position >= the_row;
  ELSE
    the_row := held.rows + 1;
    INSERT INTO row_locked.activity_rows (account, position, category, category_position, kind, source_type, source_id,
      source_label, description, started_at, ended_at, entries, first_seq, last_seq, credits, balance)
    VALUES (the_account, the_row, 'used', the_row, 'ai_usage', 'model', the_source, the_source, the_description, at, at, 1,
      held.seq + 1, held.seq + 1, -amount, held.balance - amount);
  END IF;
  digest := sha256(held.hash || convert_to(concat_ws(',', the_account, held.seq + 1, -amount, held.balance - amount,
    the_description, the_source, at, the_key, grants, draws), 'UTF8'));
  INSERT INTO row_locked.entries (account, seq, kind, credits, balance, description, source_type, source_id, source_label,
    occurred_at, recorded_at, key, fingerprint, draw_grants, draw_credits, debt, metadata, hash, position)
  VALUES (the_account, held.seq + 1, 'ai_usage', -amount, held.balance - amount, the_description, 'model', the_source,
    the_source, at, at, the_key, substring(sha256(convert_to(concat_ws(',', the_account, amount, the_description, the_source),
    'UTF8')) FOR 16), grants, draws, 0, '{}', digest, the_row);
  UPDATE row_locked.accounts SET balance = balance - amount, seq = seq + 1, hash = digest, rows = greatest(rows, the_row),
    window_cell = cell, window_position = CASE WHEN window_cell = cell THEN window_position ELSE the_row END
  WHERE account = the_account;
  RETURN held.balance - amount;
END
$$;

-- Does the least work that keeps a balance with a history, without grants, activity rows and hashes.
CREATE TABLE row_locked.least_accounts (
  account text COLLATE "C" PRIMARY KEY,
  balance bigint NOT NULL CHECK (balance >= 0),
  seq bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 70);
CREATE TABLE row_locked.least_entries (
  account text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  kind text NOT NULL,
  credits bigint NOT NULL,
  balance bigint NOT NULL,
  description text,
  source text,
  key text COLLATE "C" NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (account, seq),
  UNIQUE (account, key)
);
INSERT INTO row_locked.least_accounts (account, balance) SELECT account, 1000000000000 FROM credits.accounts;

CREATE FUNCTION row_locked.spend_least(the_account text, amount bigint, the_description text, the_source text, the_key text)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  held row_locked.least_accounts;
BEGIN
  SELECT * INTO STRICT held FROM row_locked.least_accounts WHERE account = the_account FOR UPDATE;
  IF held.balance < amount THEN
    RAISE EXCEPTION 'insufficient credits';
  END IF;
  INSERT INTO row_locked.least_entries VALUES (the_account, held.seq + 1, 'ai_usage', -amount, held.balance - amount,
    the_description, the_source, the_key, clock_timestamp());
  UPDATE row_locked.least_accounts SET balance = balance - amount, seq = seq + 1 WHERE account = the_account;
  RETURN held.balance - amount;
END
$$;
