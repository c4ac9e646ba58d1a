import {
  type Account,
  type ActivityRow,
  type Entry,
  eachEntry,
  eachGrant,
  eachHold,
  type Grant,
  type Hold,
  type Ledger,
} from "@credit-activity/client";

/** All that the API shows of an account. */
export interface Books {
  readonly account: Account;
  /** The entries, oldest first. */
  readonly entries: readonly Entry[];
  /** The rows of the page, newest first. */
  readonly rows: readonly ActivityRow[];
  /** The number of rows that the page states. */
  readonly total: number;
  /** The grants, newest first. */
  readonly grants: readonly Grant[];
  /** The holds of every status, newest first. */
  readonly holds: readonly Hold[];
}

const PER_PART = 1_000;
const ROWS_PER_PAGE = 100;

/** Reads the books of an account that nobody changes. What comes due meanwhile makes it read again. */
export async function readBooks(ledger: Ledger, id: string): Promise<Books> {
  for (;;) {
    const entries = await collect(eachEntry(ledger, id, { order: "asc", limit: PER_PART }));
    const grants = await readGrants(ledger, id);
    const holds = await collect(eachHold(ledger, id, { limit: PER_PART }));
    const { rows, total } = await readRows(ledger, id);
    const account = await ledger.getAccount(id);
    const newest = await ledger.entries(id, { limit: 1 });
    if ((newest.entries[0]?.seq ?? 0) === (entries.at(-1)?.seq ?? 0))
      return { account, entries, rows, total, grants, holds };
  }
}

/** Reads the grants of an account, newest first. */
export function readGrants(ledger: Ledger, id: string): Promise<Grant[]> {
  return collect(eachGrant(ledger, id, { limit: PER_PART }));
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function readRows(ledger: Ledger, id: string): Promise<Pick<Books, "rows" | "total">> {
  const first = await ledger.activity(id, { perPage: ROWS_PER_PAGE });
  const rows = [...first.rows];
  for (let page = 2; page <= first.pages; page += 1) {
    const later = await ledger.activity(id, { page, perPage: ROWS_PER_PAGE, asOf: first.asOf });
    rows.push(...later.rows);
  }
  return { rows, total: first.total };
}
