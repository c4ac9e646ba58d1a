import type { CaseResult } from "./case-result.js";
import type { Growth } from "./growth.js";
import type { Machine } from "./machine.js";
import type { Memory } from "./memory.js";
import type { Concurrency } from "./spend-curve.js";
import type { Verified } from "./verified.js";

/** What a run was told to do, and what its cases share. */
export interface RunFacts {
  readonly is_quick: boolean;
  /** Entries and activity rows of the long history, and accounts that the write cases spread over. */
  readonly history_entries: number;
  readonly history_rows: number;
  readonly accounts: number;
  /** Connections of the ledger, and how many of them write at once. */
  readonly connections: number;
  readonly lanes: number;
  /** The whole run, with making the data. */
  readonly seconds: number;
}

/** A run as one document. */
export interface Report {
  readonly machine: Machine;
  readonly run: RunFacts;
  readonly cases: readonly CaseResult[];
  readonly memory?: Memory;
  /** What the plots show, where they were asked for. */
  readonly growth?: readonly Growth[];
  readonly concurrency?: readonly Concurrency[];
  readonly verify: Verified;
}
