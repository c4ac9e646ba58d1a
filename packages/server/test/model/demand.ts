/** Demands that something is true of an account, or throws an error that names the broken invariant. */
export function demand(isTrue: boolean, invariant: string, sentence: string): asserts isTrue {
  if (!isTrue) throw new Error(`Invariant ${invariant} is broken: ${sentence}`);
}

/** Returns the sum of amounts. */
export function total(amounts: readonly bigint[]): bigint {
  return amounts.reduce((a, b) => a + b, 0n);
}
