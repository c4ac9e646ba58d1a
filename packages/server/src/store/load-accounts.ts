import type {
  Command,
  KeyedCommand,
  RefundCommand,
  ReleaseCommand,
  SettleCommand,
} from "../ledger/command.js";
import { amount, type Credits } from "../ledger/credits.js";
import { compareGrants } from "../ledger/draw.js";
import type { Entry } from "../ledger/entry.js";
import type { Instant } from "../ledger/instant.js";
import { type AccountState, type Answer, type LiveGrant, NO_PAST, type Past } from "../ledger/state.js";
import type { Connection } from "./database.js";
import type { KnownAccount } from "./known-account.js";
import { parseWindow } from "./open-window.js";
import { type EntryColumns, entryOf, type GrantColumns, grantOf, type HoldColumns, holdOf } from "./rows.js";

/** Commands on one account, in the order of their arrival. */
export interface AccountCommands {
  readonly account: string;
  readonly commands: readonly Command[];
}

/** Commands by account; an account comes once. */
export type Batch = readonly AccountCommands[];

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
 * Loads what deciding the commands of a batch takes, in at most one round trip, whatever the number of accounts and
 * commands. Accounts that are remembered are not read again, only what their commands refer to.
 *
 * @returns one account for each of the batch, null where it does not exist
 */
export async function loadAccounts(
  connection: Connection,
  batch: Batch,
  remembered: (account: string) => KnownAccount | undefined,
  { locked, keys }: LoadOptions,
): Promise<(LoadedAccount | null)[]> {
  const known = batch.map(({ account }) => remembered(account));
  const missing: string[] = [];
  const keyed: KeyedCommand[] = [];
  const closing: (SettleCommand | ReleaseCommand)[] = [];
  const refunds: RefundCommand[] = [];
  batch.forEach(({ account, commands }, at) => {
    if (known[at] === undefined) missing.push(account);
    for (const command of commands) {
      if (keys && command.op !== "touch") keyed.push(command);
      if (command.op === "settle" || command.op === "release") closing.push(command);
      else if (command.op === "refund") refunds.push(command);
    }
  });
  if (missing.length + keyed.length + closing.length + refunds.length === 0) {
    return known.map((one) => (one === undefined ? null : { known: one, past: NO_PAST }));
  }
  const refunded = [refunds.map(accountOf), refunds.map((command) => command.entry)];
  const asked = [keyed.map(accountOf), keyed.map((command) => command.key)];
  const found = await lookUp(connection, {
    accounts: [locked ? LOCKED_ACCOUNTS : ACCOUNTS, missing],
    live: [LIVE_GRANTS, missing],
    open: [OPEN_HOLDS, missing],
    named: [NAMED_HOLDS, closing.map(accountOf), closing.map((command) => command.hold)],
    entries: [KEYED_ENTRIES, ...asked],
    keyedHolds: [KEYED_HOLDS, ...asked],
    refunded: [REFUNDED_ENTRIES, ...refunded],
    drawn: [DRAWN_GRANTS, ...refunded],
  });
  return batch.map(({ account }, at) => {
    const [columns] = found<AccountColumns>("accounts", account);
    const one = known[at] ?? (columns && knownOf(columns, found("live", account), found("open", account)));
    if (one === undefined) return null;
    const past = pastOf(found("entries", account), found("keyedHolds", account), found("refunded", account));
    addNamed(one.state, found("drawn", account), found("named", account));
    return { known: one, past };
  });
}

/** Runs look-ups by lists of the same length, but for those without anything to look up; their lines come by account. */
async function lookUp<Name extends string>(
  connection: Connection,
  lookUps: Readonly<Record<Name, readonly [sql: string, ...lists: (readonly unknown[])[]]>>,
): Promise<<Columns>(name: Name, account: string) => readonly Columns[]> {
  const names = (Object.keys(lookUps) as Name[]).filter((name) => lookUps[name][1]?.length !== 0);
  const results = await connection.run(
    names.map((name) => {
      const [sql, ...params] = lookUps[name];
      return { sql, params };
    }),
  );
  const byName = new Map(
    names.map((name, at) => [name, groupByAccount(results[at] as { account: string }[])]),
  );
  return <Columns>(name: Name, account: string) =>
    (byName.get(name)?.get(account) ?? []) as readonly unknown[] as readonly Columns[];
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
    rows: [],
  };
}

/** Adds the grants and holds that commands refer to to a state; those it has already are the current ones. */
function addNamed(state: AccountState, drawn: readonly GrantColumns[], named: readonly HoldColumns[]): void {
  if (drawn.length === 0 && named.length === 0) return;
  const grants = new Map<number, LiveGrant>(drawn.map((columns) => [Number(columns.seq), grantOf(columns)]));
  for (const grant of state.grants) grants.set(grant.seq, grant);
  const holds = new Map(named.map((columns) => [columns.hold, holdOf(columns)]));
  for (const hold of state.holds) holds.set(hold.hold, hold);
  state.grants = [...grants.values()].sort(compareGrants);
  state.holds = [...holds.values()];
}

function pastOf(
  keyedEntries: readonly EntryColumns[],
  keyedHolds: readonly HoldColumns[],
  refundedEntries: readonly (EntryColumns & { refunded: Credits })[],
): Past {
  if (keyedEntries.length + keyedHolds.length + refundedEntries.length === 0) return NO_PAST;
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
