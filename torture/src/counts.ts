/** The counts of a run. */
export class Counts {
  requests = 0;
  retries = 0;
  repetitions = 0;
  reads = 0;
  checkedEntries = 0;
  checkedAccounts = 0;
  /** The longest time from the first request of a command to its final response. */
  longestMs = 0;
  readonly accepted: Record<string, number> = {};
  readonly refused: Record<string, number> = {};
  readonly missing: Record<string, number> = {};

  accept(name: string): void {
    increment(this.accepted, name);
  }

  refuse(code: string): void {
    increment(this.refused, code);
  }

  miss(outcome: string): void {
    increment(this.missing, outcome);
  }
}

/** Counts one more. */
export function increment(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

/** Returns the sum of counts. */
export function sumCounts(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
