-- Lists the holds of an account by status, newest first. It also finds the open ones, for which there was an index apart.

CREATE INDEX holds_by_status ON credits.holds (account, status, created_at, hold);
DROP INDEX credits.holds_open;
