import type { Bench } from "./bench.js";
import type { PartResult } from "./case-result.js";
import { longAccount, shortAccount } from "./history.js";
import { figuresOf, rounded } from "./stats.js";

const filters = ["all", "added", "used", "adjustments"] as const;

/** A filter of the page. */
export type Filter = (typeof filters)[number];

/** A page to read: `asOf` is what the first page answered, as the page sends it back. */
export interface Page {
  readonly filter: Filter;
  readonly place: "newest" | "middle" | "last";
  readonly page: number;
  readonly asOf: string | undefined;
}

/** The first, middle and last page of each filter of the account with the long history. */
export async function deepPages({ ledger }: Bench): Promise<Page[]> {
  const pages: Page[] = [];
  for (const filter of filters) {
    const first = await ledger.activity(longAccount, { filter });
    const { asOf } = first;
    pages.push(
      { filter, place: "newest", page: 1, asOf: undefined },
      { filter, place: "middle", page: Math.ceil(first.pages / 2), asOf },
      { filter, place: "last", page: first.pages, asOf },
    );
  }
  return pages;
}

/** How a page is read: through the library or over HTTP. Answers how many rows it has. */
export type ReadPage = (account: string, page: Page) => Promise<number>;

/**
 * Reads each page many times, one call at a time, in turns with the newest page of the account with the short history
 * under the same filter.
 */
export async function timePages(
  pages: readonly Page[],
  samples: number,
  read: ReadPage,
): Promise<TimedPages> {
  const timed = pages.map((page) => ({ page, long_ms: [] as number[], short_ms: [] as number[] }));
  let errors = 0;
  const warmups = Math.ceil(samples / 10);
  const begin_ms = performance.now();
  for (let sample = 0; sample < samples + warmups; sample += 1) {
    // Each round begins with another page: what disturbs the machine at regular intervals must not always meet the same.
    const first = sample % timed.length;
    for (const { page, long_ms, short_ms } of [...timed.slice(first), ...timed.slice(0, first)]) {
      const newest = { ...page, page: 1, asOf: undefined };
      try {
        const short = await timeOf(() => read(shortAccount, newest));
        const long = await timeOf(() => read(longAccount, page));
        if (sample < warmups) continue;
        short_ms.push(short);
        long_ms.push(long);
      } catch (error) {
        errors += 1;
        process.stderr.write(`\n${String(error)}\n`);
      }
    }
  }
  return { timed, errors, seconds: (performance.now() - begin_ms) / 1000 };
}

/** The times of each page of the long history, and those of the short one's newest page taken in turns with them. */
export interface TimedPages {
  readonly timed: readonly {
    readonly page: Page;
    readonly long_ms: readonly number[];
    readonly short_ms: readonly number[];
  }[];
  readonly errors: number;
  readonly seconds: number;
}

/** One line a page: its percentiles, and its median to that of the short history's newest page. */
export function partsOf({ timed }: TimedPages): PartResult[] {
  return timed.map(({ page, long_ms, short_ms }) => {
    const { p50_ms, p95_ms, p99_ms } = oneByOne(long_ms);
    return {
      name: `${page.filter}, ${page.place} page (${page.page.toLocaleString("en-US")})`,
      samples: long_ms.length,
      p50_ms,
      p95_ms,
      p99_ms,
      ratio: rounded(p50_ms / oneByOne(short_ms).p50_ms),
    };
  });
}

/** The figures of calls made one after the other. */
export function oneByOne(latencies_ms: readonly number[]) {
  const seconds = latencies_ms.reduce((sum, latency_ms) => sum + latency_ms, 0) / 1000;
  return figuresOf({ operations: latencies_ms.length, seconds, latencies_ms, errors: 0 });
}

async function timeOf(read: () => Promise<number>): Promise<number> {
  const begin_ms = performance.now();
  const rows = await read();
  const spent_ms = performance.now() - begin_ms;
  if (rows === 0) throw new Error("A page that has rows came back empty.");
  return spent_ms;
}
