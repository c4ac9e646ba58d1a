import type { Violation } from "@credit-activity/server";
import type { Bench } from "./bench.js";
import { round } from "./stats.js";

/** The result of `verify` on the database at the end of a run. */
export interface Verified {
  readonly ok: boolean;
  readonly checks: number;
  readonly violations: readonly Violation[];
  readonly entries: number;
  readonly seconds: number;
}

/** Verifies the whole database. `progress` is called with each check. */
export async function verifyAll({ ledger }: Bench, progress: (check: string) => void): Promise<Verified> {
  const beganMs = performance.now();
  const { checks, violations, entries } = await ledger.verify({ onCheck: progress });
  return {
    ok: violations.length === 0,
    checks: checks.length,
    violations,
    entries,
    seconds: round((performance.now() - beganMs) / 1000),
  };
}
