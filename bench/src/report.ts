import type { Pair } from "./load.js";
import type { Machine } from "./machine.js";
import { type Figures, figuresOf, rounded } from "./stats.js";

/** What a run was told to do, and what its cases share. */
export interface RunFacts {
  readonly is_quick: boolean;
  /** Activity rows of the long history, and accounts that the write cases spread over. */
  readonly rows: number;
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
}

/** What a case is compared with, measured in turns with it. */
export interface BaselineResult extends Figures {
  readonly name: string;
}

/** A part of a case that has a target of its own, such as the last page of a filter. */
export interface PartResult extends Omit<Figures, "rate_per_s"> {
  readonly name: string;
  readonly samples: number;
  /** The part's median to its baseline's. */
  readonly ratio: number;
}

/** A case as the table and the JSON document show it. */
export interface CaseResult extends Figures {
  readonly name: string;
  /** How many calls are under way at any time. */
  readonly callers: number;
  /** How many operations were measured. */
  readonly operations: number;
  readonly errors: number;
  /** How many entries the database held when the case ended. */
  readonly entries: number;
  readonly baseline: BaselineResult;
  /** The case's rate to the baseline's; where `ratio_of` says latency, its latency to the baseline's. */
  readonly ratio: number;
  readonly ratio_of: "rate" | "latency";
  readonly parts?: readonly PartResult[];
}

/** A case whose rate is compared with its baseline's. */
export function byRate(
  name: string,
  baseline: string,
  callers: number,
  entries: number,
  measured: Pair,
): CaseResult {
  const figures = figuresOf(measured.subject);
  const compared = figuresOf(measured.baseline);
  return {
    name,
    ...figures,
    callers,
    operations: measured.subject.operations,
    errors: measured.subject.errors + measured.baseline.errors,
    entries,
    baseline: { name: baseline, ...compared },
    ratio: rounded(figures.rate_per_s / compared.rate_per_s),
    ratio_of: "rate",
  };
}
