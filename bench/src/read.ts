import type { Bench } from "./bench.js";
import { byRate, type CaseResult } from "./case-result.js";
import { spreadAccount } from "./data.js";
import { longAccount } from "./history.js";
import { interleave, load } from "./load.js";
import { deepPages, oneByOne, partsOf, type ReadPage, timePages } from "./pages.js";
import { randomFrom } from "./random.js";
import type { Sizes } from "./sizes.js";

/** How many readers read at once where the rate is measured. */
export const readers = 8;

/** How many rows a page has when nothing is said. */
const page_rows = 8;

const NEWEST_ROWS = `
  SELECT * FROM credits.activity_rows WHERE account = $1 AND position <= $2
  ORDER BY position DESC LIMIT $3`;

const BALANCE = "SELECT * FROM credits.accounts WHERE account = $1";

/**
 * The limit for reading a page: the same rows by a bare range of the primary key, prepared, over plain connections. It
 * answers how many pages it read, which is one.
 */
export async function bareNewestPage({ pool, ledger }: Bench): Promise<() => Promise<number>> {
  const { total } = await ledger.activity(longAccount);
  return async () => {
    const { rows } = await pool.query({
      name: "bench_newest_rows",
      text: NEWEST_ROWS,
      values: [longAccount, total, page_rows],
    });
    if (rows.length !== page_rows) throw new Error(`The bare read found ${rows.length} rows.`);
    return 1;
  };
}

/** The newest page of the long history through the library, against a bare read of the same rows. */
export async function readNewestPage(bench: Bench, sizes: Sizes): Promise<CaseResult> {
  const bare = await bareNewestPage(bench);
  const read = async () => {
    const { rows } = await bench.ledger.activity(longAccount);
    if (rows.length !== page_rows) throw new Error(`The newest page has ${rows.length} rows.`);
    return 1;
  };
  const until = { seconds: sizes.turn_s };
  const [measured, baseline] = await interleave(
    sizes.turns,
    () => load(readers, until, read),
    () => load(readers, until, bare),
  );
  return byRate({
    name: "read.page.newest",
    callers: readers,
    entries: await bench.entries(),
    measured,
    baseline_name: "bare key range read",
    baseline,
  });
}

/** Reads a page through the library. */
export function readPage({ ledger }: Bench): ReadPage {
  return async (account, { filter, page, asOf }) => {
    const found = await ledger.activity(account, { filter, page, ...(asOf === undefined ? {} : { asOf }) });
    return found.rows.length;
  };
}

/** Pages far from the newest, against the newest page of a short history: what the length of a history costs. */
export async function readDeepPages(bench: Bench, sizes: Sizes): Promise<CaseResult> {
  const pages = await deepPages(bench);
  const times = await timePages(pages, sizes.samples, readPage(bench));
  const parts = partsOf(times);
  const short = oneByOne(times.timed.flatMap(({ short_ms }) => short_ms));
  return {
    name: "read.page.deep",
    ...oneByOne(times.timed.flatMap(({ long_ms }) => long_ms)),
    callers: 1,
    operations: times.timed.reduce((sum, { long_ms }) => sum + long_ms.length, 0),
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

/** An account with its balance and what remains of its grants, against a bare read of its line by primary key. */
export async function readBalance(bench: Bench, sizes: Sizes): Promise<CaseResult> {
  const random = randomFrom(3);
  const account = () => spreadAccount(Math.floor(random() * sizes.accounts));
  const read = async () => {
    if ((await bench.ledger.getAccount(account())) === null) throw new Error("An account is missing.");
    return 1;
  };
  const bare = async () => {
    const query = { name: "bench_balance", text: BALANCE, values: [account()] };
    if ((await bench.pool.query(query)).rowCount !== 1) throw new Error("An account is missing.");
    return 1;
  };
  const until = { seconds: sizes.turn_s };
  const [measured, baseline] = await interleave(
    sizes.turns,
    () => load(readers, until, read),
    () => load(readers, until, bare),
  );
  return byRate({
    name: "read.balance",
    callers: readers,
    entries: await bench.entries(),
    measured,
    baseline_name: "bare primary key read",
    baseline,
  });
}
