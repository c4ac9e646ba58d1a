/** The measurement of a case or a baseline. */
export interface Measured {
  /** The number of pages read, or of entries written. */
  readonly operations: number;
  readonly seconds: number;
  /** The latency of each call. A call in bulk is one call, however many entries it has. */
  readonly latenciesMs: readonly number[];
  readonly errors: number;
}

/** The figures of a measurement. */
export interface Figures {
  readonly rate_per_s: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
}

/** Returns the smallest value that at least the given share of the sorted values does not exceed, or NaN of none. */
export function toPercentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** Returns the rate and the percentiles of a measurement. */
export function toFigures(measured: Measured): Figures {
  const sorted = [...measured.latenciesMs].sort((a, b) => a - b);
  return {
    rate_per_s: round(measured.operations / measured.seconds),
    p50_ms: round(toPercentile(sorted, 0.5)),
    p95_ms: round(toPercentile(sorted, 0.95)),
    p99_ms: round(toPercentile(sorted, 0.99)),
  };
}

/** Joins several measurements of the same thing. */
export function join(parts: readonly Measured[]): Measured {
  return {
    operations: parts.reduce((sum, part) => sum + part.operations, 0),
    seconds: parts.reduce((sum, part) => sum + part.seconds, 0),
    latenciesMs: parts.flatMap((part) => part.latenciesMs),
    errors: parts.reduce((sum, part) => sum + part.errors, 0),
  };
}

/** Rounds to four significant digits. No run is more precise. */
export function round(value: number): number {
  return Number(value.toPrecision(4));
}
