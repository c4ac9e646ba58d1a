import { readFileSync } from "node:fs";
import { platform } from "node:os";
import type { Bench } from "./bench.js";
import { openAccounts, toAccountId } from "./data.js";
import { loadOverHttp } from "./http-load.js";
import { EVENTS_PER_REQUEST } from "./http-requests.js";
import { startServing } from "./serving.js";
import type { Sizes } from "./sizes.js";
import { round } from "./stats.js";
import { CALLERS } from "./write-bulk.js";
import { SPENDERS } from "./write-single.js";

/** The largest size of the server's process. */
export interface Memory {
  /** The resident size in MB (2^20 bytes). Null if the system has no `/proc`. */
  readonly server_rss_max_mb: number | null;
  /** The accounts that were written to meanwhile. */
  readonly accounts_touched: number;
  readonly errors: number;
}

const SAMPLE_MS = 250;

/** The number of usage events per account, before the spends. */
const ROUNDS = 2;

/**
 * Makes a server write to many accounts under full load, and watches the size of its process. It gets usage in bulk on
 * each account in turn, and then single spends.
 */
export async function measureMemory(bench: Bench, sizes: Sizes): Promise<Memory> {
  const accounts = sizes.accountsTouched;
  const more = Array.from({ length: Math.max(0, accounts - sizes.accounts) }, (_, index) =>
    toAccountId(sizes.accounts + index),
  );
  await openAccounts(bench.ledger, more);
  const { address, credential, pid, stop } = await startServing(bench);
  let maxKb = 0;
  const sampling = setInterval(() => {
    maxKb = Math.max(maxKb, readResidentKb(pid));
  }, SAMPLE_MS);
  try {
    const server = { address, credential };
    const usage = await loadOverHttp({
      ...server,
      callers: CALLERS,
      until: { calls: Math.ceil((accounts * ROUNDS) / EVENTS_PER_REQUEST) },
      requests: { kind: "usage", accounts, ids: "memory" },
    });
    const spends = await loadOverHttp({
      ...server,
      callers: SPENDERS,
      until: { seconds: sizes.turns * sizes.turnSeconds },
      requests: { kind: "spend", accounts, seed: 6, keys: "memory-spend" },
    });
    return {
      server_rss_max_mb: maxKb === 0 ? null : round(maxKb / 1024),
      accounts_touched: accounts,
      errors: usage.errors + spends.errors,
    };
  } finally {
    clearInterval(sampling);
    await stop();
  }
}

function readResidentKb(pid: number): number {
  if (platform() !== "linux") return 0;
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
}
