import type { Command } from "../ledger/command.js";
import { amount, type Credits } from "../ledger/credits.js";
import { compareGrants } from "../ledger/draw.js";
import type { Entry } from "../ledger/entry.js";
import type { Instant } from "../ledger/instant.js";
import type { AccountState, Answer, Past } from "../ledger/state.js";
import type { Connection, Step } from "./database.js";
import type { KnownAccount } from "./known-account.js";
import { parseWindow } from "./open-window.js";
import { type EntryColumns, entryOf, type GrantColumns, grantOf, type HoldColumns, holdOf } from "./rows.js";

/** What a batch needs to know of an account: the account itself, and what its commands refer to. */
export interface LoadedAccount {
  readonly known: KnownAccount;
  readonly past: Past;
}

interface AccountColumns {
  account: string;
  version: bigint;
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
  open_window: string | null;
  drawn_grant: bigint | null;
  drawn_remaining: Credits | null;
  due_at: Instant | null;
  has_held: boolean;
}

const ACCOUNTS = `
  SELECT account, version, overdraft_limit, balance, held, debt, seq, hash, rows_all, rows_added, rows_used, rows_adjustments,
    open_window, drawn_grant, drawn_remaining, due_at, has_held
  FROM credits.accounts WHERE account = ANY ($1::text[])`;

/** Accounts are locked in the order of their ids, so that two batches never wait for each other in a circle. */
const LOCKED_ACCOUNTS = `${ACCOUNTS} ORDER BY account FOR UPDATE`;

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
  JOIN credits.holds h ON h.account = asked.account AND h.key = asked.key
  UNION ALL
  SELECT h.* FROM unnest($1::text[], $2::text[]) AS asked (account, key)
  JOIN credits.holds h ON h.account = asked.account AND h.release_key = asked.key`;

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

/** What is read for a batch. */
export interface LoadOptions {
  /** Whether to lock the accounts until the transaction ends; what is read then can't be out of date. */
  readonly locked: boolean;
  /** Whether to look up the commands' keys. Without it, keys are taken to be new, which writing has to check. */
  readonly keys: boolean;
}

/**
 * Loads what deciding the commands of a batch takes, in one round trip, whatever the number of accounts and commands.
 * Accounts in `remembered` are not read again, only what their commands refer to. Accounts that do not exist are missing
 * from the result.
 */
export async function loadAccounts(
  connection: Connection,
  batch: ReadonlyMap<string, readonly Command[]>,
  remembered: ReadonlyMap<string, KnownAccount>,
  { locked, keys }: LoadOptions,
): Promise<Map<string, LoadedAccount>> {
  const accounts = [...batch.keys()].filter((account) => !remembered.has(account));
  const commands = [...batch.values()].flat();
  const keyed = keys ? commands.filter((command) => command.op !== "touch") : [];
  const closing = commands.filter((command) => command.op === "settle" || command.op === "release");
  const refunds = commands.filter((command) => command.op === "refund");
  const lookUps: Record<string, Step | null> = {
    accounts: lookUp(locked ? LOCKED_ACCOUNTS : ACCOUNTS, accounts),
    live: lookUp(LIVE_GRANTS, accounts),
    open: lookUp(OPEN_HOLDS, accounts),
    named: lookUp(
      NAMED_HOLDS,
      closing.map(accountOf),
      closing.map((command) => command.hold),
    ),
    entries: lookUp(
      KEYED_ENTRIES,
      keyed.map(accountOf),
      keyed.map((command) => command.key),
    ),
    keyedHolds: lookUp(
      KEYED_HOLDS,
      keyed.map(accountOf),
      keyed.map((command) => command.key),
    ),
    refunded: lookUp(
      REFUNDED_ENTRIES,
      refunds.map(accountOf),
      refunds.map((command) => command.entry),
    ),
    drawn: lookUp(
      DRAWN_GRANTS,
      refunds.map(accountOf),
      refunds.map((command) => command.entry),
    ),
  };
  const asked = Object.entries(lookUps).filter((one): one is [string, Step] => one[1] !== null);
  const results = asked.length === 0 ? [] : await connection.run(asked.map(([, step]) => step));
  const found = Object.fromEntries(asked.map(([name], index) => [name, results[index]]));
  const rows = <Columns>(name: keyof typeof lookUps) => (found[name] ?? []) as Columns[];
  const by = {
    live: groupByAccount(rows<GrantColumns>("live")),
    drawn: groupByAccount(rows<GrantColumns>("drawn")),
    open: groupByAccount(rows<HoldColumns>("open")),
    named: groupByAccount(rows<HoldColumns>("named")),
    entries: groupByAccount(rows<EntryColumns>("entries")),
    keyedHolds: groupByAccount(rows<HoldColumns>("keyedHolds")),
    refunded: groupByAccount(rows<EntryColumns & { refunded: Credits }>("refunded")),
  };
  const at = <Columns>(group: Map<string, Columns[]>, account: string) => group.get(account) ?? [];
  const read = rows<AccountColumns>("accounts").map((columns) =>
    knownOf(columns, at(by.live, columns.account), at(by.open, columns.account)),
  );
  const known = [...read, ...[...batch.keys()].flatMap((account) => remembered.get(account) ?? [])];
  return new Map(
    known.map((one) => {
      const { account } = one.state;
      const past = pastOf(at(by.entries, account), at(by.keyedHolds, account), at(by.refunded, account));
      const state = withNamed(one.state, at(by.drawn, account), at(by.named, account));
      return [account, { known: { ...one, state }, past }];
    }),
  );
}

/** A look-up by lists of the same length, or null when there is nothing to look up. */
function lookUp(sql: string, ...lists: readonly (readonly unknown[])[]): Step | null {
  return lists[0]?.length === 0 ? null : { sql, params: lists };
}

const accountOf = (command: Command) => command.account;

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

function knownOf(
  columns: AccountColumns,
  live: readonly GrantColumns[],
  open: readonly HoldColumns[],
): KnownAccount {
  const drawn = columns.drawn_grant;
  const remaining = (grant: GrantColumns) =>
    grant.seq === drawn && columns.drawn_remaining !== null ? columns.drawn_remaining : grant.remaining;
  const state: AccountState = {
    account: columns.account,
    overdraftLimit: columns.overdraft_limit,
    balance: columns.balance,
    held: columns.held,
    debt: columns.debt,
    seq: Number(columns.seq),
    hash: columns.hash,
    grants: live.map((grant) => grantOf({ ...grant, remaining: remaining(grant) })).sort(compareGrants),
    holds: open.map(holdOf),
    totals: {
      all: Number(columns.rows_all),
      added: Number(columns.rows_added),
      used: Number(columns.rows_used),
      adjustments: Number(columns.rows_adjustments),
    },
    window: parseWindow(columns.open_window),
  };
  return {
    state,
    version: Number(columns.version),
    drawn: drawn === null ? null : Number(drawn),
    dueAt: columns.due_at,
    hasHeld: columns.has_held,
  };
}

/** A state together with the grants and holds that commands refer to; those it has already are the current ones. */
function withNamed(
  state: AccountState,
  drawn: readonly GrantColumns[],
  named: readonly HoldColumns[],
): AccountState {
  if (drawn.length === 0 && named.length === 0) return state;
  const grants = new Map(drawn.map((columns) => [Number(columns.seq), grantOf(columns)]));
  for (const grant of state.grants) grants.set(grant.seq, grant);
  const holds = new Map(named.map((columns) => [columns.hold, holdOf(columns)]));
  for (const hold of state.holds) holds.set(hold.hold, hold);
  return { ...state, grants: [...grants.values()].sort(compareGrants), holds: [...holds.values()] };
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
