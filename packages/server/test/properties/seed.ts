/**
 * The seed of this run's random histories: PROPERTY_SEED to play a run again, else another one per run. fast-check prints
 * the path to the smallest failing history; PROPERTY_PATH plays that one alone.
 */
export const SEED = Number(process.env.PROPERTY_SEED ?? Date.now() % 2 ** 31);

/** Returns the parameters of fast-check for a number of histories. */
export function toParameters(numRuns: number) {
  const path = process.env.PROPERTY_PATH;
  return { numRuns, seed: SEED, ...(path === undefined ? {} : { path }), endOnFailure: path !== undefined };
}

/** Returns the name of a test with its seed. */
export function withSeed(name: string): string {
  return `${name} (PROPERTY_SEED=${SEED})`;
}
