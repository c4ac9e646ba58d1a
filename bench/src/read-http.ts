import type { Bench } from "./bench.js";
import { byRate, type CaseResult } from "./case-result.js";
import { longAccount, shortAccount } from "./history.js";
import { connect } from "./http-client.js";
import { loadOverHttp } from "./http-load.js";
import { get } from "./http-requests.js";
import { interleave, load } from "./load.js";
import { deepPages, type Page, partsOf, type ReadPage, timePages } from "./pages.js";
import { bareNewestPage, readers } from "./read.js";
import { startServing } from "./serving.js";
import type { Sizes } from "./sizes.js";

/**
 * Pages over HTTP, as an end user's page reads them: with an account token, over connections that are kept. Readers at
 * once take the pages of all filters in turn, against a bare read of as many rows in the database; then one reader
 * takes the time of each page.
 */
export async function readPagesOverHttp(bench: Bench, sizes: Sizes): Promise<CaseResult> {
  const { address, stop } = await startServing(bench);
  try {
    const credential = (await bench.ledger.createToken(longAccount)).token;
    const pages = await deepPages(bench);
    const bare = await bareNewestPage(bench);
    const until = { seconds: sizes.turn_s };
    const paths = pages.map((page) => pathOf(longAccount, page));
    const [measured, baseline] = await interleave(
      sizes.turns,
      () =>
        loadOverHttp({ address, credential, callers: readers, until, requests: { kind: "pages", paths } }),
      () => load(readers, until, bare),
    );
    const times = await timeOneByOne(bench, address, pages, Math.ceil(sizes.samples / 2));
    const result = byRate({
      name: "read.page.http",
      callers: readers,
      entries: await bench.entries(),
      measured,
      baseline_name: "bare key range read",
      baseline,
    });
    return { ...result, errors: result.errors + times.errors, parts: partsOf(times) };
  } finally {
    await stop();
  }
}

async function timeOneByOne(bench: Bench, address: string, pages: readonly Page[], samples: number) {
  const tokens = new Map<string, string>();
  for (const account of [longAccount, shortAccount]) {
    tokens.set(account, (await bench.ledger.createToken(account)).token);
  }
  const connection = await connect(address);
  const read: ReadPage = async (account, page) => {
    const { status, body } = await connection.send(get(pathOf(account, page), tokens.get(account) ?? ""));
    if (status !== 200) throw new Error(`The server answered ${status}: ${body.slice(0, 300)}`);
    return (JSON.parse(body) as { rows: unknown[] }).rows.length;
  };
  try {
    return await timePages(pages, samples, read);
  } finally {
    connection.close();
  }
}

function pathOf(account: string, { filter, page, asOf }: Page): string {
  const query = new URLSearchParams({ filter, page: String(page) });
  if (asOf !== undefined) query.set("as_of", asOf);
  return `/v1/accounts/${account}/activity?${query}`;
}
