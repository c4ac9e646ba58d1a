import type { Micros } from "../core/amount.js";
import type { Metadata } from "../core/facts.js";
import { formatInstant, type Instant } from "../core/instant.js";
import type { Database } from "../db/port.js";

/** The settings of an account. One that is undefined stays as it is. */
export interface Settings {
  readonly name: string | null | undefined;
  readonly timeZone: string | undefined;
  readonly overdraftLimit: Micros | undefined;
  readonly metadata: Metadata | undefined;
}

const PUT = `
  INSERT INTO credits.accounts AS a (account, name, time_zone, overdraft_limit, metadata, created_at, updated_at, record_hash)
  VALUES ($1, $3, coalesce($4, 'UTC'), coalesce($5::bigint, 0), coalesce($6::jsonb, '{}'), $7::timestamptz, $7::timestamptz,
    credits.hash_record('account', $1, coalesce($5::bigint, 0)::text))
  ON CONFLICT (account) DO UPDATE SET
    name = CASE WHEN $2::boolean THEN $3 ELSE a.name END,
    time_zone = coalesce($4, a.time_zone),
    overdraft_limit = coalesce($5::bigint, a.overdraft_limit),
    metadata = coalesce($6::jsonb, a.metadata),
    record_hash = CASE WHEN $5 IS NULL THEN a.record_hash ELSE excluded.record_hash END,
    version = floor(random() * 9007199254740991)::bigint,
    updated_at = $7::timestamptz
  WHERE a.closed_at IS NULL
  RETURNING (xmax = 0) AS created`;

/**
 * Creates an account or changes its settings.
 *
 * @returns true if it was created, and null if it is closed, and so was not changed
 */
export async function putSettings(
  database: Database,
  account: string,
  settings: Settings,
  now: Instant,
): Promise<boolean | null> {
  const params = [
    account,
    settings.name !== undefined,
    settings.name ?? null,
    settings.timeZone ?? null,
    settings.overdraftLimit?.toString() ?? null,
    settings.metadata === undefined ? null : JSON.stringify(settings.metadata),
    formatInstant(now),
  ];
  const [row] = await database.write<{ created: boolean }>(PUT, params);
  return row?.created ?? null;
}
