-- Lists the holds of an account by status, newest first. It also finds the open ones, for which there was an index apart.

CREATE INDEX holds_by_status ON credits.holds (account, status, created_at, hold);
DROP INDEX credits.holds_open;

-- Finds what expires next of an account without a look at grants that are used up.
DROP INDEX credits.grants_live;
CREATE INDEX grants_live ON credits.grants (account, expires_at) WHERE remaining > 0;
