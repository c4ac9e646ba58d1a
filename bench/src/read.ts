import type { Bench } from "./bench.js";
import { type CaseResult, toRateResult } from "./case-result.js";
import { toAccountId } from "./data.js";
import { LONG_ACCOUNT } from "./history.js";
import { interleave, load } from "./load.js";
import { listDeepPages, type ReadPage, timePages, toLoneFigures, toParts } from "./pages.js";
import { createRandom } from "./random.js";
import type { Sizes } from "./sizes.js";

/** The number of readers at once in cases that compare rates. */
export const READERS = 8;

/** The rows per page by default. */
const PAGE_ROWS = 8;

const NEWEST_ROWS = `
  SELECT * FROM credits.activity_rows WHERE account = $1 AND position <= $2
  ORDER BY position DESC LIMIT $3`;

const BALANCE = "SELECT * FROM credits.accounts WHERE account = $1";

/**
 * Creates the read that is the limit of reading a page: the same rows by a range of the primary key, prepared, over plain
 * connections. It returns the number of pages that it has read, which is 1.
 */
export async function createBareRead({ pool, ledger }: Bench): Promise<() => Promise<number>> {
  const { total } = await ledger.activity(LONG_ACCOUNT);
  return async () => {
    const { rows } = await pool.query({
      name: "bench_newest_rows",
      text: NEWEST_ROWS,
      values: [LONG_ACCOUNT, total, PAGE_ROWS],
    });
    if (rows.length !== PAGE_ROWS) throw new Error(`The bare read found ${rows.length} rows.`);
    return 1;
  };
}

/** Reads the newest page of the long history through the library, against a bare read of the same rows. */
export async function readNewestPage(bench: Bench, sizes: Sizes): Promise<CaseResult> {
  const bare = await createBareRead(bench);
  const read = async () => {
    const { rows } = await bench.ledger.activity(LONG_ACCOUNT);
    if (rows.length !== PAGE_ROWS) throw new Error(`The newest page has ${rows.length} rows.`);
    return 1;
  };
  const until = { seconds: sizes.turnSeconds };
  const [measured, baseline] = await interleave(
    sizes.turns,
    () => load(READERS, until, read),
    () => load(READERS, until, bare),
  );
  return toRateResult({
    name: "read.page.newest",
    callers: READERS,
    entries: await bench.entries(),
    measured,
    baselineName: "bare key range read",
    baseline,
  });
}

/** Creates a function that reads pages through the library. */
export function createReadPage({ ledger }: Bench): ReadPage {
  return async (account, { filter, page, asOf }) => {
    const found = await ledger.activity(account, { filter, page, ...(asOf === undefined ? {} : { asOf }) });
    return found.rows.length;
  };
}

/** Reads pages far from the newest, against the newest page of a short history. It shows the cost of a long history. */
export async function readDeepPages(bench: Bench, sizes: Sizes): Promise<CaseResult> {
  const pages = await listDeepPages(bench);
  const times = await timePages(pages, sizes.samples, createReadPage(bench));
  const parts = toParts(times);
  const short = toLoneFigures(times.timed.flatMap(({ shortMs }) => shortMs));
  return {
    name: "read.page.deep",
    ...toLoneFigures(times.timed.flatMap(({ longMs }) => longMs)),
    callers: 1,
    operations: times.timed.reduce((sum, { longMs }) => sum + longMs.length, 0),
    errors: times.errors,
    entries: await bench.entries(),
    baseline: short.p50_ms,
    baseline_name: "newest page, short history",
    baseline_p50_ms: short.p50_ms,
    baseline_p99_ms: short.p99_ms,
    ratio: Math.max(...parts.map((part) => part.ratio)),
    ratio_of: "latency",
    parts,
  };
}

/** Reads accounts with their balances and what remains of their grants, against a bare read by primary key. */
export async function readBalance(bench: Bench, sizes: Sizes): Promise<CaseResult> {
  const random = createRandom(3);
  const account = () => toAccountId(Math.floor(random() * sizes.accounts));
  const read = async () => {
    await bench.ledger.getAccount(account());
    return 1;
  };
  const bare = async () => {
    const query = { name: "bench_balance", text: BALANCE, values: [account()] };
    if ((await bench.pool.query(query)).rowCount !== 1) throw new Error("An account is missing.");
    return 1;
  };
  const until = { seconds: sizes.turnSeconds };
  const [measured, baseline] = await interleave(
    sizes.turns,
    () => load(READERS, until, read),
    () => load(READERS, until, bare),
  );
  return toRateResult({
    name: "read.balance",
    callers: READERS,
    entries: await bench.entries(),
    measured,
    baselineName: "bare primary key read",
    baseline,
  });
}
