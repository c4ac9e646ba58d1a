import { readFileSync } from "node:fs";
import { platform } from "node:os";
import type { Bench } from "./bench.js";
import { openAccounts, spreadAccount } from "./data.js";
import { loadOverHttp } from "./http-load.js";
import { events_per_request } from "./http-requests.js";
import { startServing } from "./serving.js";
import type { Sizes } from "./sizes.js";
import { rounded } from "./stats.js";
import { callers } from "./write-bulk.js";
import { spenders } from "./write-single.js";

/** What the server's process took at most. */
export interface Memory {
  /** Its resident size in MB (2^20 bytes); null where the system does not tell it in `/proc`. */
  readonly server_rss_max_mb: number | null;
  /** The accounts it wrote to meanwhile. */
  readonly accounts_touched: number;
  readonly errors: number;
}

const sample_every_ms = 250;

/** How often each account is touched by usage, before spends follow. */
const rounds = 2;

/**
 * Makes a server write to many accounts under full load, usage in bulk to each in turn and then single spends, and
 * watches how large its process grows.
 */
export async function measureMemory(bench: Bench, sizes: Sizes): Promise<Memory> {
  const accounts = sizes.accounts_touched;
  const more = Array.from({ length: Math.max(0, accounts - sizes.accounts) }, (_, index) =>
    spreadAccount(sizes.accounts + index),
  );
  await openAccounts(bench.ledger, more);
  const { address, credential, pid, stop } = await startServing(bench);
  let max_kb = 0;
  const sampling = setInterval(() => {
    max_kb = Math.max(max_kb, residentKb(pid));
  }, sample_every_ms);
  try {
    const server = { address, credential };
    const usage = await loadOverHttp({
      ...server,
      callers,
      until: { calls: Math.ceil((accounts * rounds) / events_per_request) },
      requests: { kind: "usage", accounts, ids: "memory" },
    });
    const spends = await loadOverHttp({
      ...server,
      callers: spenders,
      until: { seconds: sizes.turns * sizes.turn_s },
      requests: { kind: "spend", accounts, seed: 6, keys: "memory-spend" },
    });
    return {
      server_rss_max_mb: max_kb === 0 ? null : rounded(max_kb / 1024),
      accounts_touched: accounts,
      errors: usage.errors + spends.errors,
    };
  } finally {
    clearInterval(sampling);
    await stop();
  }
}

function residentKb(pid: number): number {
  if (platform() !== "linux") return 0;
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
}
