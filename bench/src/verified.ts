import type { Violation } from "@credit-activity/server";
import type { Bench } from "./bench.js";
import { rounded } from "./stats.js";

/** What the ledger's own check found in the database that a run leaves behind. */
export interface Verified {
  readonly ok: boolean;
  readonly checks: number;
  readonly violations: readonly Violation[];
  readonly entries: number;
  readonly seconds: number;
}

/** Checks the whole database; `progress` is told of each check before it is made. */
export async function verifyAll({ ledger }: Bench, progress: (check: string) => void): Promise<Verified> {
  const begin_ms = performance.now();
  const { checks, violations, entries } = await ledger.verify({ onCheck: progress });
  return {
    ok: violations.length === 0,
    checks: checks.length,
    violations,
    entries,
    seconds: rounded((performance.now() - begin_ms) / 1000),
  };
}
