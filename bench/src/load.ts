import { joined, type Measured } from "./stats.js";

/** When callers stop: after so many calls in all, or after so many seconds. */
export type Until = { readonly calls: number } | { readonly seconds: number };

const errors_shown_max = 5;
let errors_shown = 0;

/**
 * Lets callers call at once, each the next time as soon as its last call was answered, and takes the time of each
 * call. A call answers how many operations it was; one that throws counts as an error and as no operation.
 */
export async function load(
  callers: number,
  until: Until,
  call: (index: number) => Promise<number>,
): Promise<Measured> {
  const latencies_ms: number[] = [];
  let operations = 0;
  let errors = 0;
  let started = 0;
  const begin_ms = performance.now();
  const goesOn = () =>
    "calls" in until ? started < until.calls : performance.now() - begin_ms < until.seconds * 1000;
  const caller = async () => {
    while (goesOn()) {
      const index = started++;
      const called_ms = performance.now();
      try {
        const done = await call(index);
        latencies_ms.push(performance.now() - called_ms);
        operations += done;
      } catch (error) {
        errors += 1;
        report(error);
      }
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return { operations, seconds: (performance.now() - begin_ms) / 1000, latencies_ms, errors };
}

/** Says on the error output what went wrong, so that an error in the figures can be understood; a few times only. */
function report(error: unknown): void {
  errors_shown += 1;
  if (errors_shown <= errors_shown_max) process.stderr.write(`\n${String(error)}\n`);
}

/** One side of a comparison: measures one turn, which 0 is the first of. */
export type Side = (turn: number) => Promise<Measured>;

/**
 * Measures a case and its baselines in turns (A B A B), since machines drift, and answers one measurement a side. The
 * first turn of each warms up: only its errors count.
 */
export async function interleave<Sides extends readonly Side[]>(
  turns: number,
  ...sides: Sides
): Promise<{ [Nth in keyof Sides]: Measured }> {
  const measured = sides.map((): Measured[] => []);
  for (let turn = 0; turn <= turns; turn += 1) {
    for (const [nth, side] of sides.entries()) measured[nth]?.push(await side(turn));
  }
  return measured.map(counted) as { [Nth in keyof Sides]: Measured };
}

function counted(turns: readonly Measured[]): Measured {
  const [first, ...others] = turns;
  const measured = joined(others);
  return { ...measured, errors: measured.errors + (first?.errors ?? 0) };
}
