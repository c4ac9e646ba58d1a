/**
 * The seed of this run's random histories: PROPERTY_SEED to play a run again, else a new one each time. fast-check
 * prints the path to the smallest failing history; PROPERTY_PATH plays that one alone.
 */
export const SEED = Number(process.env.PROPERTY_SEED ?? Date.now() % 2 ** 31);

/** What fast-check is given for a number of histories. */
export function runs(numRuns: number) {
  const path = process.env.PROPERTY_PATH;
  return { numRuns, seed: SEED, ...(path === undefined ? {} : { path }), endOnFailure: path !== undefined };
}

/** The name of a test, which says how to play it again. */
export function named(name: string): string {
  return `${name} (PROPERTY_SEED=${SEED})`;
}
