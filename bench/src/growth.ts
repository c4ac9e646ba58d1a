import type { Bench } from "./bench.js";
import { countRows } from "./history.js";
import { listDeepPages, timePages, toLoneFigures } from "./pages.js";
import { createReadPage } from "./read.js";

/** The latency of a page at a length of the long history. */
export interface Growth {
  readonly entries: number;
  readonly rows: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly samples: number;
  readonly errors: number;
}

const ENTRIES_MIN = 1_000;

/** Returns the lengths at which a growing history is read: each ten times the one before, and the last. */
export function listLengths(entries: number): number[] {
  const lengths: number[] = [];
  for (let length = ENTRIES_MIN; length * 2 <= entries; length *= 10) lengths.push(length);
  return [...lengths, entries];
}

/** Reads the first, middle and last page of each filter through the library, with one reader. */
export async function measureGrowth(bench: Bench, entries: number, samples: number): Promise<Growth> {
  const { timed, errors } = await timePages(await listDeepPages(bench), samples, createReadPage(bench));
  const latenciesMs = timed.flatMap(({ longMs }) => longMs);
  const { p50_ms, p99_ms } = toLoneFigures(latenciesMs);
  return { entries, rows: countRows(entries), p50_ms, p99_ms, samples: latenciesMs.length, errors };
}
