-- Work that one server does at a time, such as posting what is due. A lease ends by itself where its server is gone.
CREATE TABLE credits.leases (
  name text PRIMARY KEY,
  -- Random id of the server's opening of the ledger.
  holder text NOT NULL,
  expires_at timestamptz NOT NULL
);
