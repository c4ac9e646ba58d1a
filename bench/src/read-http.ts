import type { Bench } from "./bench.js";
import { type CaseResult, toRateResult } from "./case-result.js";
import { LONG_ACCOUNT, SHORT_ACCOUNT } from "./history.js";
import { connect } from "./http-client.js";
import { loadOverHttp } from "./http-load.js";
import { formatGet } from "./http-requests.js";
import { interleave, load } from "./load.js";
import { listDeepPages, type Page, type ReadPage, timePages, toParts } from "./pages.js";
import { createBareRead, READERS } from "./read.js";
import { startServing } from "./serving.js";
import type { Sizes } from "./sizes.js";

/**
 * Reads pages over HTTP as an end user's page does: with an account token, over connections that are kept alive. Several
 * readers take the pages of all filters in turn, against a bare read of as many rows in the database. Then one reader
 * times each page.
 */
export async function readPagesOverHttp(bench: Bench, sizes: Sizes): Promise<CaseResult> {
  const { address, stop } = await startServing(bench);
  try {
    const credential = (await bench.ledger.createToken(LONG_ACCOUNT)).token;
    const pages = await listDeepPages(bench);
    const bare = await createBareRead(bench);
    const until = { seconds: sizes.turnSeconds };
    const paths = pages.map((page) => toPath(LONG_ACCOUNT, page));
    const [measured, baseline] = await interleave(
      sizes.turns,
      () =>
        loadOverHttp({ address, credential, callers: READERS, until, requests: { kind: "pages", paths } }),
      () => load(READERS, until, bare),
    );
    const times = await timeOneByOne(bench, address, pages, Math.ceil(sizes.samples / 2));
    const result = toRateResult({
      name: "read.page.http",
      callers: READERS,
      entries: await bench.entries(),
      measured,
      baselineName: "bare key range read",
      baseline,
    });
    return { ...result, errors: result.errors + times.errors, parts: toParts(times) };
  } finally {
    await stop();
  }
}

async function timeOneByOne(bench: Bench, address: string, pages: readonly Page[], samples: number) {
  const tokens = new Map<string, string>();
  for (const account of [LONG_ACCOUNT, SHORT_ACCOUNT]) {
    tokens.set(account, (await bench.ledger.createToken(account)).token);
  }
  const connection = await connect(address);
  const read: ReadPage = async (account, page) => {
    const request = formatGet(toPath(account, page), tokens.get(account) ?? "");
    const { status, body } = await connection.send(request);
    if (status !== 200) throw new Error(`The server responded with ${status}: ${body.slice(0, 300)}`);
    return (JSON.parse(body) as { rows: unknown[] }).rows.length;
  };
  try {
    return await timePages(pages, samples, read);
  } finally {
    connection.close();
  }
}

function toPath(account: string, { filter, page, asOf }: Page): string {
  const query = new URLSearchParams({ filter, page: String(page) });
  if (asOf !== undefined) query.set("asOf", asOf);
  return `/v1/accounts/${account}/activity?${query}`;
}
