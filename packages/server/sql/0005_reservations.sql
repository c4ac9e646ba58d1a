-- A hold keeps what it set aside: it names the grants that it will draw on. Holds that were opened before have none.

ALTER TABLE credits.holds
  -- What the hold set aside of which grants, pairwise and in the order in which they are drawn on.
  ADD reserve_grants bigint[] NOT NULL DEFAULT '{}',
  ADD reserve_credits bigint[] NOT NULL DEFAULT '{}',
  ADD CHECK (cardinality(reserve_grants) = cardinality(reserve_credits));

-- What open holds have set aside of grants.
CREATE VIEW credits.reservations AS
SELECT h.account, h.hold, h.expires_at, r.seq, r.credits
FROM credits.holds h CROSS JOIN LATERAL unnest(h.reserve_grants, h.reserve_credits) AS r (seq, credits)
WHERE h.status = 'open';
