import type { Command } from "../ledger/command.js";
import { amount, type Credits } from "../ledger/credits.js";
import { compareGrants } from "../ledger/draw.js";
import type { Entry } from "../ledger/entry.js";
import type { Instant } from "../ledger/instant.js";
import type { AccountState, Answer, Past } from "../ledger/state.js";
import type { Connection } from "./database.js";
import {
  type EntryColumns,
  entryOf,
  type GrantColumns,
  grantOf,
  type HoldColumns,
  holdOf,
  type RowColumns,
  rowOf,
} from "./rows.js";

/** An account as the rules need it. */
export interface LoadedAccount {
  readonly state: AccountState;
  readonly past: Past;
}

interface AccountColumns {
  account: string;
  overdraft_limit: Credits;
  balance: Credits;
  held: Credits;
  debt: Credits;
  seq: bigint;
  hash: string;
  rows_all: bigint;
  rows_added: bigint;
  rows_used: bigint;
  rows_adjustments: bigint;
  window_cell: Instant | null;
}

/** Accounts are locked in the order of their ids, so that two batches never wait for each other in a circle. */
const LOCK = `
  SELECT account, overdraft_limit, balance, held, debt, seq, hash, rows_all, rows_added, rows_used, rows_adjustments,
    window_cell
  FROM credits.accounts WHERE account = ANY ($1::text[]) ORDER BY account FOR UPDATE`;

const OPEN_WINDOWS = `
  SELECT r.* FROM credits.accounts a
  JOIN credits.activity_rows r ON r.account = a.account AND r.position >= a.window_position
  WHERE a.account = ANY ($1::text[]) ORDER BY r.account, r.position`;

const LIVE_GRANTS = "SELECT * FROM credits.grants WHERE account = ANY ($1::text[]) AND remaining > 0";

const OPEN_HOLDS = "SELECT * FROM credits.holds WHERE account = ANY ($1::text[]) AND status = 'open'";

const NAMED_HOLDS = `
  SELECT h.* FROM unnest($1::text[], $2::text[]) AS named (account, hold)
  JOIN credits.holds h ON h.account = named.account AND h.hold = named.hold`;

const KEYED_ENTRIES = `
  SELECT e.* FROM unnest($1::text[], $2::text[]) AS asked (account, key)
  JOIN credits.entries e ON e.account = asked.account AND e.key = asked.key`;

const KEYED_HOLDS = `
  SELECT h.* FROM unnest($1::text[], $2::text[]) AS asked (account, key)
  JOIN credits.holds h ON h.account = asked.account AND (h.key = asked.key OR h.release_key = asked.key)`;

const REFUNDED_ENTRIES = `
  SELECT e.*, (
    SELECT coalesce(sum(r.credits), 0)::bigint FROM credits.entries r
    WHERE r.account = e.account AND r.refund_of = e.seq
  ) AS refunded
  FROM unnest($1::text[], $2::bigint[]) AS asked (account, seq)
  JOIN credits.entries e ON e.account = asked.account AND e.seq = asked.seq`;

const DRAWN_GRANTS = `
  SELECT g.* FROM unnest($1::text[], $2::bigint[]) AS asked (account, seq)
  JOIN credits.entries e ON e.account = asked.account AND e.seq = asked.seq
  JOIN credits.grants g ON g.account = e.account AND g.seq = ANY (e.draw_grants)`;

/**
 * Locks the accounts of a batch and loads what deciding its commands takes, a fixed number of statements however many
 * accounts and commands there are. The statements after the lock each see what was committed before they began, so
 * nothing that the lock protects can be stale. Accounts that do not exist are missing from the result.
 */
export async function loadAccounts(
  connection: Connection,
  batch: ReadonlyMap<string, readonly Command[]>,
): Promise<Map<string, LoadedAccount>> {
  const accounts = [[...batch.keys()]];
  const commands = [...batch.values()].flat();
  const keyed = commands.filter((command) => command.op !== "touch");
  const keys = pairs(keyed, (command) => command.key);
  const holds = pairs(
    commands.filter((command) => command.op === "settle" || command.op === "release"),
    (command) => command.hold,
  );
  const refunds = pairs(
    commands.filter((command) => command.op === "refund"),
    (command) => command.entry,
  );
  const none = Promise.resolve([]);
  const [locked, windows, live, open, named, entries, keyedHolds, refunded, drawn] = await Promise.all([
    connection.query<AccountColumns>(LOCK, accounts),
    connection.query<RowColumns>(OPEN_WINDOWS, accounts),
    connection.query<GrantColumns>(LIVE_GRANTS, accounts),
    connection.query<HoldColumns>(OPEN_HOLDS, accounts),
    holds[0].length > 0 ? connection.query<HoldColumns>(NAMED_HOLDS, holds) : none,
    connection.query<EntryColumns>(KEYED_ENTRIES, keys),
    connection.query<HoldColumns>(KEYED_HOLDS, keys),
    refunds[0].length > 0
      ? connection.query<EntryColumns & { refunded: Credits }>(REFUNDED_ENTRIES, refunds)
      : none,
    refunds[0].length > 0 ? connection.query<GrantColumns>(DRAWN_GRANTS, refunds) : none,
  ]);
  const by = {
    windows: groupByAccount(windows),
    grants: groupByAccount([...live, ...drawn]),
    holds: groupByAccount([...open, ...named]),
    entries: groupByAccount(entries),
    keyedHolds: groupByAccount(keyedHolds),
    refunded: groupByAccount(refunded),
  };
  const at = <Columns>(group: Map<string, Columns[]>, account: string) => group.get(account) ?? [];
  return new Map(
    locked.map((columns) => {
      const { account } = columns;
      const state = stateOf(columns, at(by.windows, account), at(by.grants, account), at(by.holds, account));
      const past = pastOf(at(by.entries, account), at(by.keyedHolds, account), at(by.refunded, account));
      return [account, { state, past }];
    }),
  );
}

function pairs<C extends Command, V>(
  commands: readonly C[],
  value: (command: C) => V,
): [accounts: string[], values: V[]] {
  return [commands.map((command) => command.account), commands.map(value)];
}

function groupByAccount<Columns extends { account: string }>(
  rows: readonly Columns[],
): Map<string, Columns[]> {
  const groups = new Map<string, Columns[]>();
  for (const row of rows) {
    const group = groups.get(row.account);
    if (group === undefined) groups.set(row.account, [row]);
    else group.push(row);
  }
  return groups;
}

function stateOf(
  columns: AccountColumns,
  rows: readonly RowColumns[],
  grants: readonly GrantColumns[],
  holds: readonly HoldColumns[],
): AccountState {
  const unique = new Map(grants.map((grant) => [grant.seq, grantOf(grant)]));
  return {
    account: columns.account,
    overdraftLimit: columns.overdraft_limit,
    balance: columns.balance,
    held: columns.held,
    debt: columns.debt,
    seq: Number(columns.seq),
    hash: columns.hash,
    grants: [...unique.values()].sort(compareGrants),
    holds: [...new Map(holds.map((hold) => [hold.hold, holdOf(hold)])).values()],
    totals: {
      all: Number(columns.rows_all),
      added: Number(columns.rows_added),
      used: Number(columns.rows_used),
      adjustments: Number(columns.rows_adjustments),
    },
    window: columns.window_cell === null ? null : { cell: columns.window_cell, rows: rows.map(rowOf) },
  };
}

function pastOf(
  keyedEntries: readonly EntryColumns[],
  keyedHolds: readonly HoldColumns[],
  refundedEntries: readonly (EntryColumns & { refunded: Credits })[],
): Past {
  const answers = new Map<string, Answer>();
  for (const columns of keyedEntries) {
    const entry = entryOf(columns);
    if (entry.key !== null && entry.fingerprint !== null) {
      answers.set(entry.key, { fingerprint: entry.fingerprint, entry, hold: null });
    }
  }
  for (const columns of keyedHolds) for (const [key, answer] of answersOf(columns)) answers.set(key, answer);
  const entries = new Map<number, Entry>();
  const refunded = new Map<number, Credits>();
  for (const columns of refundedEntries) {
    const entry = entryOf(columns);
    entries.set(entry.seq, entry);
    refunded.set(entry.seq, amount(columns.refunded));
  }
  return { answers, entries, refunded };
}

/** What a hold's keys answered the first time: open for the one that opened it, released for the one that released it. */
function answersOf(columns: HoldColumns): [string, Answer][] {
  const hold = holdOf(columns);
  const opened = {
    ...hold,
    status: "open" as const,
    settledSeq: null,
    releaseKey: null,
    releaseFingerprint: null,
  };
  const answers: [string, Answer][] = [
    [hold.key, { fingerprint: hold.fingerprint, entry: null, hold: opened }],
  ];
  if (hold.releaseKey !== null && hold.releaseFingerprint !== null) {
    answers.push([hold.releaseKey, { fingerprint: hold.releaseFingerprint, entry: null, hold }]);
  }
  return answers;
}
