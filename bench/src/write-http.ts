import type { Bench } from "./bench.js";
import { byRate, type CaseResult, withLone } from "./case-result.js";
import { loadOverHttp } from "./http-load.js";
import { interleave, type Until } from "./load.js";
import { row_lock_connections } from "./row-lock.js";
import { type Serving, startRowLockServer, startServing } from "./serving.js";
import type { Sizes } from "./sizes.js";
import { spenders } from "./write-single.js";

/**
 * Single spends over HTTP with a secret key and an Idempotency-Key, over many accounts by Zipf's law, many at once,
 * against the row lock behind a plain HTTP server. The same callers ask both; then one caller asks the ledger alone.
 */
export async function writeSinglesOverHttp(bench: Bench, sizes: Sizes): Promise<CaseResult> {
  const ledger = await startServing(bench);
  const rowLock = await startRowLockServer(bench);
  const spend = ({ address, credential }: Serving, callers: number, until: Until, turn: number) =>
    loadOverHttp({
      address,
      credential,
      callers,
      until,
      requests: { kind: "spend", accounts: sizes.accounts, seed: 5 + turn, keys: `http-${callers}-${turn}` },
    });
  try {
    const until = { seconds: sizes.turn_s };
    const [measured, baseline] = await interleave(
      sizes.turns,
      (turn) => spend(ledger, spenders, until, turn),
      (turn) => spend(rowLock, spenders, until, turn),
    );
    const lone = await spend(ledger, 1, { calls: sizes.lone_calls }, 0);
    const baseline_name = `row lock over HTTP, ${row_lock_connections} connections`;
    const entries = await bench.entries();
    return withLone(
      byRate({
        name: "write.single.http",
        callers: spenders,
        entries,
        measured,
        baseline_name,
        baseline,
      }),
      lone,
    );
  } finally {
    await ledger.stop();
    await rowLock.stop();
  }
}
