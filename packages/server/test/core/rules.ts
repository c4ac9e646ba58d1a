import { type Micros, ZERO } from "../../src/core/amount.js";
import { GENESIS } from "../../src/core/chain.js";
import type { AnyCommand } from "../../src/core/command.js";
import { type BatchResult, decideBatch, type Outcome } from "../../src/core/decide.js";
import type { Entry } from "../../src/core/entry.js";
import { type Instant, parseInstant } from "../../src/core/instant.js";
import type { AccountState, Changes, Circumstances } from "../../src/core/state.js";
import { toSums } from "../../src/core/sums.js";

/** The time of the examples. */
export const NOW = parseInstant("2026-11-22T10:05:00Z");

/** Returns the instant some minutes after the examples' time. */
export const minutes = (count: number) => (NOW + count * 60_000_000) as Instant;

let salts = 0;

/** Makes the circumstances of a decision, with salts that count up. */
export function toCircumstances(now: Instant): Circumstances {
  return { now, salt: () => (++salts).toString(16).padStart(32, "0") };
}

/** Makes an account without history. */
export function toEmptyAccount(overdraftLimit: Micros = ZERO, account = "a"): AccountState {
  return {
    account,
    overdraftLimit,
    closedAt: null,
    balance: ZERO,
    held: ZERO,
    debt: ZERO,
    seq: 0,
    hash: GENESIS,
    recordedAt: null,
    grants: [],
    holds: new Map(),
    totals: { all: 0, added: 0, used: 0, adjustments: 0 },
    window: null,
    sums: toSums([], []),
  };
}

/** The result of commands on an account, and the account as they left it. */
export interface Decided extends BatchResult {
  readonly state: AccountState;
  readonly outcomes: readonly Outcome[];
  /** The number of batches that it took to post what was due. */
  readonly batches: number;
}

/** Decides commands on an account, all at one time, with the given entries as its past. The state is changed. */
export function decideAll(
  commands: readonly AnyCommand[],
  state = toEmptyAccount(),
  now = NOW,
  earlier: readonly Entry[] = [],
): Decided {
  const entries = new Map(earlier.map((entry) => [entry.seq, entry]));
  const past = { responses: new Map(), holds: new Map(), entries, refunded: new Map() };
  const parts: Changes[] = [];
  for (;;) {
    const { changes, outcomes } = decideBatch(state, commands, toCircumstances(now), past);
    parts.push(changes);
    if (outcomes !== null) return { state, changes: join(parts), outcomes, batches: parts.length };
  }
}

function join(parts: readonly Changes[]): Changes {
  const names = Object.keys(parts[0] as Changes) as (keyof Changes)[];
  return Object.fromEntries(
    names.map((name) => [name, parts.flatMap((changes) => changes[name] as unknown[])]),
  ) as unknown as Changes;
}

/** Returns the codes of refusals, or "posted". */
export function toCodes({ outcomes }: Pick<Decided, "outcomes">): string[] {
  return outcomes.map((outcome) => outcome.refusal?.code ?? "posted");
}
