import type { Bench } from "./bench.js";
import { historyRows } from "./history.js";
import { deepPages, oneByOne, timePages } from "./pages.js";
import { readPage } from "./read.js";

/** What a page takes while the long history has so many entries. */
export interface Growth {
  readonly entries: number;
  readonly rows: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly samples: number;
  readonly errors: number;
}

const shortest = 1_000;

/** The lengths a history is read at while it grows to so many entries: each ten times the one before, but the last. */
export function lengthsUpTo(entries: number): number[] {
  const lengths: number[] = [];
  for (let length = shortest; length * 2 <= entries; length *= 10) lengths.push(length);
  return [...lengths, entries];
}

/** Reads the first, middle and last page of each filter through the library so many times, one reader. */
export async function measureGrowth(bench: Bench, entries: number, samples: number): Promise<Growth> {
  const { timed, errors } = await timePages(await deepPages(bench), samples, readPage(bench));
  const latencies_ms = timed.flatMap(({ long_ms }) => long_ms);
  const { p50_ms, p99_ms } = oneByOne(latencies_ms);
  return { entries, rows: historyRows(entries), p50_ms, p99_ms, samples: latencies_ms.length, errors };
}
