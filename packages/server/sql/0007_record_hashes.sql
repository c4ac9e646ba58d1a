-- Hashes what decides an amount, an order or a right and no entry's hash covers: holds, limits, keys, old grants. The hash of
-- a record shows a change by somebody who does not hash the record again.

-- Returns SHA-256 over strings: a JSON array without spaces, in UTF-8, as JSON.stringify writes it.
CREATE FUNCTION credits.hash_record(VARIADIC parts text[]) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
  SELECT sha256(convert_to(to_json(parts)::text, 'UTF8'))
$$;

-- Returns a time as hashes of records have it: in microseconds since 1970.
CREATE FUNCTION credits.micros(at timestamptz) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT (extract(epoch FROM at) * 1000000)::bigint::text
$$;

ALTER TABLE credits.accounts
  -- The number of holds that were opened. A hold is never deleted.
  ADD holds bigint NOT NULL DEFAULT 0,
  -- Covers the overdraft limit.
  ADD record_hash bytea;

UPDATE credits.accounts a SET
  holds = (SELECT count(*) FROM credits.holds h WHERE h.account = a.account),
  record_hash = credits.hash_record('account', account, overdraft_limit::text);

ALTER TABLE credits.holds
  -- SHA-256 over the salt and the free text. It is null for holds that were opened before, whose text nothing covers.
  ADD digest bytea CHECK (length(digest) = 32),
  -- Covers the hold as it is now, except the free text.
  ADD record_hash bytea;

UPDATE credits.holds SET record_hash = credits.hash_record(VARIADIC ARRAY['hold', account, hold] || (
  SELECT array_agg(part ORDER BY name COLLATE "C", place) FROM (VALUES
    ('created_at', credits.micros(created_at)),
    ('credits', credits::text),
    ('expires_at', credits.micros(expires_at)),
    ('fingerprint', encode(fingerprint, 'hex')),
    ('key', key),
    ('kind', kind),
    ('project', project),
    ('release_fingerprint', encode(release_fingerprint, 'hex')),
    ('release_key', release_key),
    ('reserve_credits', reserve_credits::text),
    ('reserve_grants', reserve_grants::text),
    ('settled_seq', settled_seq::text),
    ('source_id', source_id),
    ('source_type', source_type),
    ('status', status),
    ('task', task)
  ) AS c (name, value) CROSS JOIN LATERAL (VALUES (1, name), (2, value)) AS p (place, part)
  WHERE value IS NOT NULL
));

-- Covers the terms of a grant whose entry has version 1. The hashes of later entries cover them.
ALTER TABLE credits.grants ADD record_hash bytea;

UPDATE credits.grants g SET record_hash = credits.hash_record('grant', g.account, g.seq::text, g.credits::text, g.priority::text,
  credits.micros(g.effective_at), credits.micros(g.expires_at))
FROM credits.entries e WHERE e.account = g.account AND e.seq = g.seq AND e.version = 1;

-- Covers the digest of the key and its times.
ALTER TABLE credits.api_keys ADD record_hash bytea;

UPDATE credits.api_keys SET record_hash = credits.hash_record('key', id, encode(hash, 'hex'), credits.micros(created_at),
  credits.micros(revoked_at));
