import type { Bench } from "./bench.js";
import type { PartResult } from "./case-result.js";
import { LONG_ACCOUNT, SHORT_ACCOUNT } from "./history.js";
import { round, toFigures } from "./stats.js";

const FILTERS = ["all", "added", "used", "adjustments"] as const;

/** A filter of the page. */
export type Filter = (typeof FILTERS)[number];

/** A page to read. `asOf` is that of the first page, as the page component sends it. */
export interface Page {
  readonly filter: Filter;
  readonly place: "newest" | "middle" | "last";
  readonly page: number;
  readonly asOf: string | undefined;
}

/** Lists the first, middle and last page of each filter of the account with the long history. */
export async function listDeepPages({ ledger }: Bench): Promise<Page[]> {
  const pages: Page[] = [];
  for (const filter of FILTERS) {
    const first = await ledger.activity(LONG_ACCOUNT, { filter });
    const { asOf } = first;
    pages.push(
      { filter, place: "newest", page: 1, asOf: undefined },
      { filter, place: "middle", page: Math.ceil(first.pages / 2), asOf },
      { filter, place: "last", page: first.pages, asOf },
    );
  }
  return pages;
}

/** Reads a page, through the library or over HTTP. Returns its number of rows. */
export type ReadPage = (account: string, page: Page) => Promise<number>;

/** The latencies of each page of the long history, and of the short one's newest page in turns with it. */
export interface TimedPages {
  readonly timed: readonly {
    readonly page: Page;
    readonly longMs: readonly number[];
    readonly shortMs: readonly number[];
  }[];
  readonly errors: number;
  readonly seconds: number;
}

/**
 * Reads each page many times, one call at a time. It takes turns with the newest page of the account with the short
 * history, under the same filter.
 */
export async function timePages(
  pages: readonly Page[],
  samples: number,
  read: ReadPage,
): Promise<TimedPages> {
  const timed = pages.map((page) => ({ page, longMs: [] as number[], shortMs: [] as number[] }));
  let errors = 0;
  const warmups = Math.ceil(samples / 10);
  const beganMs = performance.now();
  for (let sample = 0; sample < samples + warmups; sample += 1) {
    // Each round begins with another page, because a regular disturbance must not always meet the same one.
    const first = sample % timed.length;
    for (const { page, longMs, shortMs } of [...timed.slice(first), ...timed.slice(0, first)]) {
      const newest = { ...page, page: 1, asOf: undefined };
      try {
        const short = await time(() => read(SHORT_ACCOUNT, newest));
        const long = await time(() => read(LONG_ACCOUNT, page));
        if (sample < warmups) continue;
        shortMs.push(short);
        longMs.push(long);
      } catch (error) {
        errors += 1;
        process.stderr.write(`\n${String(error)}\n`);
      }
    }
  }
  return { timed, errors, seconds: (performance.now() - beganMs) / 1000 };
}

/** Returns one part per page: its percentiles, and its median to that of the short history's newest page. */
export function toParts({ timed }: TimedPages): PartResult[] {
  return timed.map(({ page, longMs, shortMs }) => {
    const { p50_ms, p95_ms, p99_ms } = toLoneFigures(longMs);
    return {
      name: `${page.filter}, ${page.place} page (${page.page.toLocaleString("en-US")})`,
      samples: longMs.length,
      p50_ms,
      p95_ms,
      p99_ms,
      ratio: round(p50_ms / toLoneFigures(shortMs).p50_ms),
    };
  });
}

/** Returns the figures of calls that were made one after the other. */
export function toLoneFigures(latenciesMs: readonly number[]) {
  const seconds = latenciesMs.reduce((sum, latencyMs) => sum + latencyMs, 0) / 1000;
  return toFigures({ operations: latenciesMs.length, seconds, latenciesMs, errors: 0 });
}

async function time(read: () => Promise<number>): Promise<number> {
  const beganMs = performance.now();
  const rows = await read();
  const spentMs = performance.now() - beganMs;
  if (rows === 0) throw new Error("A page that has rows came back empty.");
  return spentMs;
}
