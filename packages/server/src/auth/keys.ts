import { hash, randomBytes } from "node:crypto";
import { formatInstant, type Instant } from "../core/instant.js";
import { DatabaseError } from "../db/errors.js";
import type { Database, Reader } from "../db/port.js";

/** A secret key as it is listed, without the key itself. */
export interface StoredKey {
  readonly id: string;
  readonly name: string;
  /** The last characters of the key. */
  readonly hint: string;
  readonly createdAt: Instant;
  readonly revokedAt: Instant | null;
}

/** Returns the digest by which a secret key is stored and compared. Keys are random, so a plain hash can't be guessed back. */
export function toDigest(key: string): Buffer {
  return hash("sha256", key, "buffer");
}

const toBytea = (value: Buffer) => `\\x${value.toString("hex")}`;

/**
 * Creates a secret key.
 *
 * @returns its id, and the key itself, which is not stored
 */
export async function createSecretKey(
  database: Database,
  name: string,
  now: Instant,
): Promise<{ id: string; key: string }> {
  const id = `key_${randomBytes(9).toString("base64url")}`;
  const key = `ca_secret_${randomBytes(32).toString("base64url")}`;
  const sql = `
    INSERT INTO credits.api_keys (id, name, hint, hash, created_at, record_hash) VALUES ($1, $2, $3, $4::text::bytea, $5::timestamptz,
      credits.hash_record('key', $1, encode($4::text::bytea, 'hex'), credits.micros($5::timestamptz), NULL))`;
  await database.write(sql, [id, name, key.slice(-4), toBytea(toDigest(key)), formatInstant(now)]);
  return { id, key };
}

/** Returns those digests, in hex, that belong to a secret key that has not been revoked. */
export async function readValidKeys(
  reader: Reader,
  digests: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await reader.query<{ hash: string }>(
    "SELECT hash FROM credits.api_keys WHERE hash = ANY($1::text[]::bytea[]) AND revoked_at IS NULL",
    [digests.map((digest) => `\\x${digest}`)],
  );
  return new Set(rows.map(({ hash }) => hash));
}

/** Lists all secret keys, the oldest first. */
export async function listSecretKeys(reader: Reader): Promise<StoredKey[]> {
  const rows = await reader.query<{
    id: string;
    name: string;
    hint: string;
    created_at: Instant;
    revoked_at: Instant | null;
  }>("SELECT id, name, hint, created_at, revoked_at FROM credits.api_keys ORDER BY created_at, id");
  return rows.map(({ created_at, revoked_at, ...key }) => ({
    ...key,
    createdAt: created_at,
    revokedAt: revoked_at,
  }));
}

/**
 * Revokes a secret key. A key that was revoked before stays as it is.
 *
 * @returns true if there is such a key
 */
export async function revokeSecretKey(database: Database, id: string, now: Instant): Promise<boolean> {
  const sql = `
    UPDATE credits.api_keys SET revoked_at = coalesce(revoked_at, $2::timestamptz),
      record_hash = credits.hash_record('key', id, encode(hash, 'hex'), credits.micros(created_at),
        credits.micros(coalesce(revoked_at, $2::timestamptz)))
    WHERE id = $1 RETURNING id`;
  const rows = await database.write(sql, [id, formatInstant(now)]);
  return rows.length > 0;
}

/** The length of a secret that servers share: as long as the output of the hash that it signs with (RFC 7518, 3.2). */
const SECRET_BYTES = 32;

/**
 * Returns a secret that all servers of the database share. It is random, and the first that asks creates it.
 *
 * @throws DatabaseError if the secret is not as long as one that was created
 */
export async function readSharedSecret(database: Database, name: string): Promise<Uint8Array> {
  await database.write(
    "INSERT INTO credits.secrets (name, value) VALUES ($1, $2::text::bytea) ON CONFLICT DO NOTHING",
    [name, toBytea(randomBytes(SECRET_BYTES))],
  );
  const [row] = await database.query<{ value: string }>("SELECT value FROM credits.secrets WHERE name = $1", [
    name,
  ]);
  if (row === undefined)
    throw new Error(`The secret "${name}" was deleted while it was created. Start again.`);
  const secret = Buffer.from(row.value, "hex");
  if (secret.length !== SECRET_BYTES) {
    throw new DatabaseError(
      "unusable",
      `The secret "${name}" has ${secret.length} bytes instead of ${SECRET_BYTES}, so others may guess it. Delete its row in credits.secrets, and start again. Account tokens that were issued before become invalid.`,
    );
  }
  return secret;
}
