import { join, type Measured } from "./stats.js";

/** The end of a load: a number of calls in all, or a time. */
export type Until = { readonly calls: number } | { readonly seconds: number };

const ERRORS_SHOWN_MAX = 5;
let errorsShown = 0;

/**
 * Runs callers at once. Each calls again as soon as its last call has returned. Each call is timed. A call returns its
 * number of operations. A call that throws counts as an error without operations.
 */
export async function load(
  callers: number,
  until: Until,
  call: (index: number) => Promise<number>,
): Promise<Measured> {
  const latenciesMs: number[] = [];
  let operations = 0;
  let errors = 0;
  let started = 0;
  const beganMs = performance.now();
  const goesOn = () =>
    "calls" in until ? started < until.calls : performance.now() - beganMs < until.seconds * 1000;
  const caller = async () => {
    while (goesOn()) {
      const index = started++;
      const calledMs = performance.now();
      try {
        const done = await call(index);
        latenciesMs.push(performance.now() - calledMs);
        operations += done;
      } catch (error) {
        errors += 1;
        report(error);
      }
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return { operations, seconds: (performance.now() - beganMs) / 1000, latenciesMs, errors };
}

/** Prints an error, so that an error in the figures can be explained. Only the first few are printed. */
function report(error: unknown): void {
  errorsShown += 1;
  if (errorsShown <= ERRORS_SHOWN_MAX) process.stderr.write(`\n${String(error)}\n`);
}

/** One side of a comparison. It measures one turn, the first of which is 0. */
export type Side = (turn: number) => Promise<Measured>;

/**
 * Measures a case and its baselines in turns (A B A B), because machines drift. The first turn of each warms up, and only
 * its errors count.
 *
 * @returns one measurement per side
 */
export async function interleave<Sides extends readonly Side[]>(
  turns: number,
  ...sides: Sides
): Promise<{ [Nth in keyof Sides]: Measured }> {
  const measured = sides.map((): Measured[] => []);
  for (let turn = 0; turn <= turns; turn += 1) {
    for (const [nth, side] of sides.entries()) measured[nth]?.push(await side(turn));
  }
  return measured.map(joinTurns) as { [Nth in keyof Sides]: Measured };
}

function joinTurns([first, ...others]: readonly Measured[]): Measured {
  const joined = join(others);
  return { ...joined, errors: joined.errors + (first?.errors ?? 0) };
}
