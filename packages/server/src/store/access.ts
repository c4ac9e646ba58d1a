import { createHash, randomBytes } from "node:crypto";
import { formatInstant, type Instant } from "../ledger/instant.js";
import type { Connection } from "./database.js";
import { bytes } from "./rows.js";

/** A secret key as it is listed: never the key itself. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly hint: string;
  readonly createdAt: Instant;
  readonly revokedAt: Instant | null;
}

/** The digest a secret key is kept and compared by. Keys are random, so a plain hash can't be guessed back. */
export function digestOf(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

const bytea = (value: Buffer) => bytes(value.toString("hex"));

/**
 * Makes a secret key.
 *
 * @returns its id, and the key itself, which is kept nowhere
 */
export async function createApiKey(
  connection: Connection,
  name: string,
  now: Instant,
): Promise<{ id: string; key: string }> {
  const id = `key_${randomBytes(9).toString("base64url")}`;
  const key = `ca_secret_${randomBytes(32).toString("base64url")}`;
  await connection.query(
    "INSERT INTO credits.api_keys (id, name, hint, hash, created_at) VALUES ($1, $2, $3, $4::text::bytea, $5::timestamptz)",
    [id, name, key.slice(-4), bytea(digestOf(key)), formatInstant(now)],
  );
  return { id, key };
}

/** Whether a digest is that of a secret key that has not been revoked. */
export async function isKnownKey(connection: Connection, digest: Buffer): Promise<boolean> {
  const rows = await connection.query(
    "SELECT id FROM credits.api_keys WHERE hash = $1::text::bytea AND revoked_at IS NULL",
    [bytea(digest)],
  );
  return rows.length > 0;
}

/** All secret keys, the oldest first. */
export async function listApiKeys(connection: Connection): Promise<ApiKey[]> {
  const rows = await connection.query<{
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
 * Revokes a secret key; a key that was revoked before stays as it is.
 *
 * @returns whether there is such a key
 */
export async function revokeApiKey(connection: Connection, id: string, now: Instant): Promise<boolean> {
  const rows = await connection.query(
    "UPDATE credits.api_keys SET revoked_at = coalesce(revoked_at, $2::timestamptz) WHERE id = $1 RETURNING id",
    [id, formatInstant(now)],
  );
  return rows.length > 0;
}

/** A secret that all servers on the database share; made of 32 random bytes by whoever asks first. */
export async function sharedSecret(connection: Connection, name: string): Promise<Uint8Array> {
  await connection.query(
    "INSERT INTO credits.secrets (name, value) VALUES ($1, $2::text::bytea) ON CONFLICT DO NOTHING",
    [name, bytea(randomBytes(32))],
  );
  const [row] = await connection.query<{ value: string }>(
    "SELECT value FROM credits.secrets WHERE name = $1",
    [name],
  );
  if (row === undefined) throw new Error(`The secret "${name}" vanished while it was made. Start again.`);
  return Buffer.from(row.value, "hex");
}
