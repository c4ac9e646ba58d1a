import { type Figures, type Measured, round, toFigures } from "./stats.js";

/** A part of a case, such as the last page of a filter. */
export interface PartResult extends Omit<Figures, "rate_per_s"> {
  readonly name: string;
  readonly samples: number;
  /** The part's median to its baseline's. */
  readonly ratio: number;
}

/** A case in the table and in the JSON document. */
export interface CaseResult extends Figures {
  readonly name: string;
  /** The number of calls in flight at any time. */
  readonly callers: number;
  /** The number of measured operations. */
  readonly operations: number;
  readonly errors: number;
  /** The entries of the database at the end of the case. */
  readonly entries: number;
  /** The baseline's rate per second, or its median in milliseconds if `ratio_of` is latency. */
  readonly baseline: number;
  readonly baseline_name: string;
  readonly baseline_p50_ms: number;
  readonly baseline_p99_ms: number;
  /** The case's rate to the baseline's, or its latency to the baseline's if `ratio_of` is latency. */
  readonly ratio: number;
  readonly ratio_of: "rate" | "latency";
  /** The bare INSERT per second, on one connection and on several. The faster one is the baseline. */
  readonly baseline_one_connection_per_s?: number;
  readonly baseline_several_connections_per_s?: number;
  /** The row lock with the least work, and the case's rate to its rate. */
  readonly baseline_least_work_per_s?: number;
  readonly ratio_to_least_work?: number;
  /** The median of a call without others, and the ratio of the case's 99th percentile to it. */
  readonly lone_p50_ms?: number;
  readonly p99_to_lone?: number;
  readonly parts?: readonly PartResult[];
}

/** The measurements of a case by rate. */
export interface Comparison {
  readonly name: string;
  readonly callers: number;
  readonly entries: number;
  readonly measured: Measured;
  readonly baselineName: string;
  readonly baseline: Measured;
}

/** Makes the result of a case that compares rates. The errors of both sides count. */
export function toRateResult(comparison: Comparison): CaseResult {
  const { name, callers, entries, measured, baselineName, baseline } = comparison;
  const figures = toFigures(measured);
  const compared = toFigures(baseline);
  return {
    name,
    ...figures,
    callers,
    operations: measured.operations,
    errors: measured.errors + baseline.errors,
    entries,
    baseline: compared.rate_per_s,
    baseline_name: baselineName,
    baseline_p50_ms: compared.p50_ms,
    baseline_p99_ms: compared.p99_ms,
    ratio: round(figures.rate_per_s / compared.rate_per_s),
    ratio_of: "rate",
  };
}

/** Adds the figures of a lone call to a result. The errors of the lone calls count too. */
export function withLone(result: CaseResult, lone: Measured): CaseResult {
  const { p50_ms } = toFigures(lone);
  return {
    ...result,
    errors: result.errors + lone.errors,
    lone_p50_ms: p50_ms,
    p99_to_lone: round(result.p99_ms / p50_ms),
  };
}
