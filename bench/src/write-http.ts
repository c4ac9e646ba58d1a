import type { Bench } from "./bench.js";
import { type CaseResult, toRateResult, withLone } from "./case-result.js";
import { loadOverHttp } from "./http-load.js";
import { interleave, type Until } from "./load.js";
import { ROW_LOCK_CONNECTIONS } from "./row-lock.js";
import { type Serving, startRowLockServer, startServing } from "./serving.js";
import type { Sizes } from "./sizes.js";
import { SPENDERS } from "./write-single.js";

/**
 * Posts single spends over HTTP with a secret key and an Idempotency-Key, over many accounts by Zipf's law, many at once.
 * The baseline is the row lock behind a plain HTTP server, with the same callers. Then one caller spends alone.
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
    const until = { seconds: sizes.turnSeconds };
    const [measured, baseline] = await interleave(
      sizes.turns,
      (turn) => spend(ledger, SPENDERS, until, turn),
      (turn) => spend(rowLock, SPENDERS, until, turn),
    );
    const lone = await spend(ledger, 1, { calls: sizes.loneCalls }, 0);
    const baselineName = `row lock over HTTP, ${ROW_LOCK_CONNECTIONS} connections`;
    const entries = await bench.entries();
    return withLone(
      toRateResult({
        name: "write.single.http",
        callers: SPENDERS,
        entries,
        measured,
        baselineName,
        baseline,
      }),
      lone,
    );
  } finally {
    await ledger.stop();
    await rowLock.stop();
  }
}
