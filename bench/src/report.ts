import type { CaseResult } from "./case-result.js";
import type { Growth } from "./growth.js";
import type { Machine } from "./machine.js";
import type { Memory } from "./memory.js";
import type { Concurrency } from "./spend-curve.js";
import type { Verified } from "./verified.js";

/** The settings of a run, and the facts that its cases share. */
export interface RunFacts {
  readonly is_quick: boolean;
  /** The entries and activity rows of the long history, and the accounts that the write cases spread over. */
  readonly history_entries: number;
  readonly history_rows: number;
  readonly accounts: number;
  /** The connections of the ledger, and the number of them that write at once. */
  readonly connections: number;
  readonly lanes: number;
  /** The time of the whole run, including the time to make the data. */
  readonly seconds: number;
}

/** The JSON document of a run. */
export interface Report {
  readonly machine: Machine;
  readonly run: RunFacts;
  readonly cases: readonly CaseResult[];
  readonly memory?: Memory;
  /** The data of the plots. It is only measured on request. */
  readonly growth?: readonly Growth[];
  readonly concurrency?: readonly Concurrency[];
  readonly verify: Verified;
}
