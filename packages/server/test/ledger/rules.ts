import { type BatchResult, decideBatch } from "../../src/ledger/batch.js";
import { GENESIS } from "../../src/ledger/chain.js";
import type { Command } from "../../src/ledger/command.js";
import { type Credits, ZERO } from "../../src/ledger/credits.js";
import type { Entry } from "../../src/ledger/entry.js";
import { type Instant, parseInstant } from "../../src/ledger/instant.js";
import type { AccountState } from "../../src/ledger/state.js";

/** The time at which the examples happen. */
export const NOW = parseInstant("2026-11-22T10:05:00Z");

/** Minutes after the examples' time. */
export const minutes = (count: number) => (NOW + count * 60_000_000) as Instant;

/** An account without history. */
export function emptyAccount(overdraftLimit: Credits = ZERO, account = "a"): AccountState {
  return {
    account,
    overdraftLimit,
    balance: ZERO,
    held: ZERO,
    debt: ZERO,
    seq: 0,
    hash: GENESIS,
    grants: [],
    holds: [],
    totals: { all: 0, added: 0, used: 0, adjustments: 0 },
    window: null,
  };
}

/** What commands did to an account, and the account as it is then. */
export interface Decided extends BatchResult {
  readonly state: AccountState;
}

/** What commands do to an account, all at one time. Of its past they know the entries given. The state is changed. */
export function decideAll(
  commands: readonly Command[],
  state = emptyAccount(),
  now = NOW,
  earlier: readonly Entry[] = [],
): Decided {
  const entries = new Map(earlier.map((entry) => [entry.seq, entry]));
  const past = { answers: new Map(), entries, refunded: new Map() };
  return { state, ...decideBatch(state, commands, now, past) };
}

/** The codes of refusals, or "posted". */
export function codesOf({ outcomes }: BatchResult): string[] {
  return outcomes.map((outcome) => outcome.refusal?.code ?? "posted");
}
