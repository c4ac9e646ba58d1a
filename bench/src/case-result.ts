import { type Figures, figuresOf, type Measured, rounded } from "./stats.js";

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
  /** The baseline's rate per second; where `ratio_of` says latency, its median in milliseconds. */
  readonly baseline: number;
  readonly baseline_name: string;
  readonly baseline_p50_ms: number;
  readonly baseline_p99_ms: number;
  /** The case's rate to the baseline's; where `ratio_of` says latency, its latency to the baseline's. */
  readonly ratio: number;
  readonly ratio_of: "rate" | "latency";
  /** The bare INSERT on one connection and on several, the faster of which is the baseline, per second. */
  readonly baseline_one_connection_per_s?: number;
  readonly baseline_several_connections_per_s?: number;
  /** The row lock that does the least work, and the case's rate to its. */
  readonly baseline_least_work_per_s?: number;
  readonly ratio_to_least_work?: number;
  /** The median of a call while there is no other, and what the 99th percentile of many callers is to it. */
  readonly lone_p50_ms?: number;
  readonly p99_to_lone?: number;
  readonly parts?: readonly PartResult[];
}

/** What a case by rate was made of. */
export interface Comparison {
  readonly name: string;
  readonly callers: number;
  readonly entries: number;
  readonly measured: Measured;
  readonly baseline_name: string;
  readonly baseline: Measured;
}

/** A case whose rate is compared with its baseline's. The errors of both count. */
export function byRate({
  name,
  callers,
  entries,
  measured,
  baseline_name,
  baseline,
}: Comparison): CaseResult {
  const figures = figuresOf(measured);
  const compared = figuresOf(baseline);
  return {
    name,
    ...figures,
    callers,
    operations: measured.operations,
    errors: measured.errors + baseline.errors,
    entries,
    baseline: compared.rate_per_s,
    baseline_name,
    baseline_p50_ms: compared.p50_ms,
    baseline_p99_ms: compared.p99_ms,
    ratio: rounded(figures.rate_per_s / compared.rate_per_s),
    ratio_of: "rate",
  };
}

/** The case with what its call takes while there is no other; the errors of those calls count too. */
export function withLone(result: CaseResult, lone: Measured): CaseResult {
  const { p50_ms } = figuresOf(lone);
  return {
    ...result,
    errors: result.errors + lone.errors,
    lone_p50_ms: p50_ms,
    p99_to_lone: rounded(result.p99_ms / p50_ms),
  };
}
