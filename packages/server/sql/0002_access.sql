-- Who may call the API. Secret keys are kept as SHA-256 digests only.

CREATE TABLE credits.api_keys (
  id text PRIMARY KEY,
  name text NOT NULL,
  -- The last characters, so that a person can tell keys apart.
  hint text NOT NULL,
  hash bytea NOT NULL UNIQUE,
  created_at timestamptz NOT NULL,
  revoked_at timestamptz
);

-- Secrets that all servers on this database share, such as the one account tokens are signed with.
CREATE TABLE credits.secrets (
  name text PRIMARY KEY,
  value bytea NOT NULL
);
