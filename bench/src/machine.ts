import { arch, cpus, loadavg, platform, release, totalmem } from "node:os";
import type pg from "pg";
import { round } from "./stats.js";

/** The machine of a run. Absolute figures only count together with it. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memory_gb: number;
  readonly platform: string;
  readonly node: string;
  /** The load over the last minute when the run began. It shows what else the machine was doing. */
  readonly load_average: number;
  readonly began_at: string;
  readonly postgres: {
    readonly version: string;
    /** The settings that durability and speed depend on. */
    readonly settings: Readonly<Record<string, string>>;
  };
}

const SETTINGS = [
  "fsync",
  "synchronous_commit",
  "full_page_writes",
  "wal_sync_method",
  "shared_buffers",
  "max_wal_size",
];

/** Describes this machine and the database server. */
export async function describeMachine(pool: pg.Pool): Promise<Machine> {
  const version = await pool.query<{ version: string }>(
    "SELECT split_part(current_setting('server_version'), ' ', 1) AS version",
  );
  const settings = await pool.query<{ name: string; value: string }>(
    "SELECT name, current_setting(name) AS value FROM unnest($1::text[]) AS name",
    [SETTINGS],
  );
  const [cpu] = cpus();
  return {
    cpu: cpu?.model.trim() || "unknown processor",
    cores: cpus().length,
    memory_gb: round(totalmem() / 2 ** 30),
    platform: `${platform()} ${release()} ${arch()}`,
    node: process.versions.node,
    load_average: round(loadavg()[0] ?? 0),
    began_at: new Date().toISOString(),
    postgres: {
      version: version.rows[0]?.version ?? "unknown",
      settings: Object.fromEntries(settings.rows.map(({ name, value }) => [name, value])),
    },
  };
}
