import type { Bench } from "./bench.js";
import { longAccount, shortAccount } from "./data.js";
import { interleave, load } from "./load.js";
import { deepPages, type Page, partsOf, timePages } from "./pages.js";
import { bareNewestPage, readers } from "./read.js";
import { byRate, type CaseResult } from "./report.js";
import { startServing } from "./serving.js";
import type { Sizes } from "./sizes.js";

/**
 * Pages over HTTP, as an end user's page reads them: with an account token, over connections that are kept. Readers at
 * once take the pages of all filters in turn, against a bare read of as many rows in the database; then one reader
 * takes the time of each page.
 */
export async function readPagesOverHttp(bench: Bench, sizes: Sizes): Promise<CaseResult> {
  const serving = await startServing(bench, readers);
  try {
    const tokens = new Map<string, string>();
    for (const account of [longAccount, shortAccount]) {
      tokens.set(account, (await bench.ledger.createToken(account)).token);
    }
    const read = async (account: string, page: Page) => {
      const document = await serving.read(pathOf(account, page), tokens.get(account) ?? "");
      return (document as { rows: unknown[] }).rows.length;
    };
    const pages = await deepPages(bench);
    const bare = await bareNewestPage(bench);
    const until = { seconds: sizes.turn_s };
    const readNext = async (index: number) => {
      const page = pages[index % pages.length];
      if (page === undefined || (await read(longAccount, page)) === 0) throw new Error("A page is empty.");
      return 1;
    };
    const measured = await interleave(
      sizes.turns,
      () => load(readers, until, readNext),
      () => load(readers, until, bare),
    );
    const times = await timePages(pages, Math.ceil(sizes.samples / 2), read);
    const entries = await bench.entries();
    const result = byRate("read.page.http", "bare key range read", readers, entries, measured);
    return { ...result, errors: result.errors + times.errors, parts: partsOf(times) };
  } finally {
    await serving.stop();
  }
}

function pathOf(account: string, { filter, page, asOf }: Page): string {
  const query = new URLSearchParams({ filter, page: String(page) });
  if (asOf !== undefined) query.set("as_of", asOf);
  return `/v1/accounts/${account}/activity?${query}`;
}
