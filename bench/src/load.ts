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

/** A case and what it is compared with. */
export interface Pair {
  readonly subject: Measured;
  readonly baseline: Measured;
}

/** Measures a case and its baseline in turns (A B A B), since machines drift. The first turn of each is not counted. */
export async function interleave(
  turns: number,
  subject: (turn: number) => Promise<Measured>,
  baseline: (turn: number) => Promise<Measured>,
): Promise<Pair> {
  const subjects: Measured[] = [];
  const baselines: Measured[] = [];
  for (let turn = 0; turn <= turns; turn += 1) {
    subjects.push(await subject(turn));
    baselines.push(await baseline(turn));
  }
  return { subject: counted(subjects), baseline: counted(baselines) };
}

/** All but the first turn, whose errors count nevertheless. */
function counted(turns: readonly Measured[]): Measured {
  const [first, ...others] = turns;
  const measured = joined(others);
  return { ...measured, errors: measured.errors + (first?.errors ?? 0) };
}
