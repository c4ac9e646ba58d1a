import { setTimeout as sleep } from "node:timers/promises";
import { type ActivityPage, subtractAmounts, toMicros, UnavailableError } from "@credit-activity/client";
import type { Round } from "./clients.js";
import { createDraw } from "./draw.js";
import { ViolationError } from "./history.js";
import { pickServer } from "./stage.js";

const PAUSE_MS = 100;
const TIMEOUT_MS = 8_000;

/**
 * Reads accounts until the round ends. A page adds up at each moment, and so do the pages after it. What was confirmed
 * before a read began is in what every server returns.
 */
export async function runReader(round: Round, reader: number): Promise<void> {
  for (let index = 0; !round.signal.aborted; index += 1) {
    const draw = createDraw(round.seed, round.number, -1 - reader, index);
    const server = pickServer(draw, round.actors);
    const history = draw.pick(round.accounts);
    const { account, confirmedSeq } = history;
    const perPage = draw.whole(1, 20);
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    try {
      const { entries } = await server.ledger.entries(account, { limit: 1 }, { signal });
      const seq = entries[0]?.seq ?? 0;
      if (seq < confirmedSeq) {
        throw new ViolationError(
          account,
          `Entry ${confirmedSeq} was confirmed, and a later read has not got it.`,
          {
            server: server.number,
            newest: entries[0],
          },
        );
      }
      const standing = await server.ledger.getAccount(account, { signal });
      if (subtractAmounts(standing.balance, standing.held) !== standing.available)
        throw new ViolationError(
          account,
          "The available credits are not the balance less those held.",
          standing,
        );
      const first = await server.ledger.activity(account, { perPage }, { signal });
      const { asOf } = first;
      const second = await server.ledger.activity(account, { page: 2, perPage, asOf }, { signal });
      checkPages(account, first, second);
      round.counts.reads += 1;
    } catch (error) {
      const isAway = error instanceof UnavailableError || (error as Error).name === "TimeoutError";
      if (!isAway && error instanceof ViolationError) throw error;
      if (!isAway) throw new ViolationError(account, `A correct read failed: ${String(error)}`, { error });
    }
    await sleep(PAUSE_MS);
  }
}

/** Checks that two pages, one after the other, add up. */
export function checkPages(account: string, first: ActivityPage, second: ActivityPage): void {
  const rows = [...first.rows, ...second.rows];
  const evidence = { first, second };
  if (rows.length > 0 && rows[0]?.balance !== first.balance) {
    throw new ViolationError(account, "The page's balance is not that of its first row.", evidence);
  }
  for (const [index, row] of rows.entries()) {
    const beneath = rows[index + 1];
    // The last row of all has nothing beneath. The row beneath that of the second page is on the third.
    if (beneath === undefined && row.position > 1) continue;
    const balance = toMicros(beneath?.balance ?? "0") + toMicros(row.credits);
    if (balance === toMicros(row.balance) && row.position - (beneath?.position ?? 0) === 1) continue;
    throw new ViolationError(account, `Row ${row.position} of a page does not add up.`, evidence);
  }
}
