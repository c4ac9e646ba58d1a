-- Numbers the changes of an account, so that a server that has it in memory reads only what another one has changed since.

-- The number of batches that have changed the account.
ALTER TABLE credits.accounts
  ADD changes bigint NOT NULL DEFAULT 0,
  -- The versions that the last batches gave it, the latest last, while several servers change it by turns. A server may rely
  -- on what it has in memory at one of these. A commit that a failover has lost is not among them.
  ADD recent_versions text NOT NULL DEFAULT '';

-- The number of the account's change in which the record was written last.
ALTER TABLE credits.grants ADD change bigint NOT NULL DEFAULT 0;
ALTER TABLE credits.holds ADD change bigint NOT NULL DEFAULT 0;

CREATE INDEX grants_changed ON credits.grants (account, change);
CREATE INDEX holds_changed ON credits.holds (account, change);
