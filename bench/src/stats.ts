/** What a case or a baseline did in the time it was given. */
export interface Measured {
  /** Pages read, or entries written. */
  readonly operations: number;
  readonly seconds: number;
  /** How long each call took. A call in bulk is one call, however many entries it carries. */
  readonly latencies_ms: readonly number[];
  readonly errors: number;
}

/** The figures of a measurement that a person compares. */
export interface Figures {
  readonly rate_per_s: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
}

/** The smallest value that at least the given share of the sorted values does not exceed; NaN of none. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** The rate and the percentiles of a measurement. */
export function figuresOf(measured: Measured): Figures {
  const sorted = [...measured.latencies_ms].sort((a, b) => a - b);
  return {
    rate_per_s: rounded(measured.operations / measured.seconds),
    p50_ms: rounded(percentile(sorted, 0.5)),
    p95_ms: rounded(percentile(sorted, 0.95)),
    p99_ms: rounded(percentile(sorted, 0.99)),
  };
}

/** Several measurements of the same thing as one. */
export function joined(parts: readonly Measured[]): Measured {
  return {
    operations: parts.reduce((sum, part) => sum + part.operations, 0),
    seconds: parts.reduce((sum, part) => sum + part.seconds, 0),
    latencies_ms: parts.flatMap((part) => part.latencies_ms),
    errors: parts.reduce((sum, part) => sum + part.errors, 0),
  };
}

/** Four significant digits: more would claim a precision that no run has. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
