-- Adds grants for some kinds of usage, expiries that entries move, extensions of holds, and closed and anonymized accounts.

ALTER TABLE credits.accounts ADD closed_at timestamptz;

-- The grant that an entry voids or extends.
ALTER TABLE credits.entries ADD grant_seq bigint;

ALTER TABLE credits.grants
  -- The kinds of usage that may draw on the grant, as a JSON array; null for all.
  ADD only_kinds jsonb,
  -- A grant that was voided before it became effective has ended before.
  DROP CONSTRAINT grants_check1;

-- What entries did to the expiry of grants. The grant itself has the latest.
CREATE TABLE credits.expiries (
  account text COLLATE "C" NOT NULL,
  -- The entry.
  seq bigint NOT NULL,
  grant_seq bigint NOT NULL,
  expires_before timestamptz,
  expires_at timestamptz,
  PRIMARY KEY (account, seq)
);

CREATE INDEX expiries_grants ON credits.expiries (account, grant_seq, seq);

ALTER TABLE credits.holds
  -- The expiry before the first extension; null for a hold that was not extended.
  ADD opened_until timestamptz,
  -- The number of its extensions; null for none.
  ADD extensions bigint;

-- The commands that extended holds.
CREATE TABLE credits.hold_extensions (
  account text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  hold text COLLATE "C" NOT NULL,
  fingerprint bytea NOT NULL,
  -- The expiry after the command.
  expires_at timestamptz NOT NULL,
  -- Covers the record, as those of 0007 do.
  record_hash bytea NOT NULL,
  PRIMARY KEY (account, key)
);

-- The erasures of free text, each by the entry that records it.
CREATE TABLE credits.erasures (
  account text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  -- Null until all free text before the entry is erased.
  erased_at timestamptz,
  PRIMARY KEY (account, seq)
);

CREATE INDEX erasures_open ON credits.erasures (account) WHERE erased_at IS NULL;

CREATE OR REPLACE VIEW credits.grants_now AS
SELECT g.account, g.seq, g.kind, g.title, g.description, g.source_type, g.source_id, g.source_label, g.credits,
  CASE WHEN g.seq = a.drawn_grant THEN a.drawn_remaining ELSE g.remaining END AS remaining,
  g.priority, g.effective_at, g.expires_at, g.recorded_at, g.only_kinds
FROM credits.grants g LEFT JOIN credits.accounts a ON a.account = g.account;

-- Lets the one update of entries through that erases free text, and only where an entry after them records it.
CREATE FUNCTION credits.refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  erased credits.entries := OLD;
BEGIN
  erased.title := NULL;
  erased.description := NULL;
  erased.source_label := NULL;
  erased.member := NULL;
  erased.cost := NULL;
  erased.metadata := NULL;
  erased.private_metadata := NULL;
  erased.salt := NULL;
  IF TG_OP = 'DELETE' OR NEW IS DISTINCT FROM erased OR NOT EXISTS (
    SELECT FROM credits.erasures x JOIN credits.entries e ON e.account = x.account AND e.seq = x.seq
    WHERE x.account = OLD.account AND x.seq > OLD.seq AND e.kind = 'anonymization'
  ) THEN
    RAISE EXCEPTION 'credits.entries is append-only, so % is refused. Correct a mistake with another entry: a refund or an adjustment.', TG_OP
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END
$$;

DROP TRIGGER append_only ON credits.entries;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON credits.entries
  FOR EACH ROW EXECUTE FUNCTION credits.refuse_rewrite();
CREATE TRIGGER not_truncated BEFORE TRUNCATE ON credits.entries
  FOR EACH STATEMENT EXECUTE FUNCTION credits.refuse_change();
ALTER TABLE credits.entries ENABLE ALWAYS TRIGGER append_only, ENABLE ALWAYS TRIGGER not_truncated;
