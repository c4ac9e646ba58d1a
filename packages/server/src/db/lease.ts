import { randomUUID } from "node:crypto";
import type { Database } from "./port.js";

/** Work that one server of a database does at a time. */
export interface Lease {
  /** Takes the lease, or renews it. Returns false while another server has it. */
  take(): Promise<boolean>;
  release(): Promise<void>;
}

const TAKE = `
  INSERT INTO credits.leases AS l (name, holder, expires_at)
  VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3::integer))
  ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
  WHERE l.holder = excluded.holder OR l.expires_at <= clock_timestamp()
  RETURNING name`;

const RELEASE = "UPDATE credits.leases SET expires_at = clock_timestamp() WHERE name = $1 AND holder = $2";

/**
 * Makes a lease of this server. It ends by itself, by the database's clock, where it is neither renewed nor released.
 *
 * @param seconds the time until it ends
 */
export function createLease(database: Database, name: string, seconds: number): Lease {
  const holder = randomUUID();
  return {
    async take() {
      return (await database.write(TAKE, [name, holder, seconds])).length > 0;
    },
    async release() {
      await database.write(RELEASE, [name, holder]);
    },
  };
}
