import { ZERO } from "../core/amount.js";
import type { AnyCommand, Command, Operation } from "../core/command.js";
import { compareGrants } from "../core/grants.js";
import type { Instant } from "../core/instant.js";
import type { RefundInput } from "../core/operations/refund.js";
import { type AccountState, type LiveGrant, NO_PAST, type Past } from "../core/state.js";
import { UnreadableError } from "../db/errors.js";
import type { Parameter } from "../db/port.js";
import { fromGrantColumns, type GrantColumns } from "../db/tables/grants.js";
import type { HoldColumns } from "../db/tables/holds.js";
import type { CachedAccount } from "./account-cache.js";
import {
  ACCOUNT_COLUMNS,
  type AccountColumns,
  canCatchUp,
  isCurrent,
  toCached,
  toCaughtUp,
} from "./from-columns.js";
import { toFirstResponses, toPast } from "./past.js";

/** The commands of a batch on one account, in the order of their arrival. */
export interface AccountCommands {
  readonly account: string;
  readonly commands: readonly AnyCommand[];
}

/** An account with what its commands refer to. */
export interface LoadedAccount {
  readonly cached: CachedAccount;
  readonly past: Past;
}

const ACCOUNTS = `SELECT ${ACCOUNT_COLUMNS} FROM credits.accounts WHERE account = ANY ($1::text[])`;

interface LastTime {
  readonly recorded_at: Instant;
}

/** The part of an input that names a grant. */
interface GrantReference {
  readonly grant: number;
}

/** Locks accounts in the order of their ids, so that two batches never wait for each other in a circle. */
const LOCKED_ACCOUNTS = `${ACCOUNTS} ORDER BY account FOR UPDATE`;

/**
 * Reads the last entries' times. The statement that locks the accounts can't: after it has waited for a lock, it returns the
 * row that another server has written meanwhile, and sees none of that server's entries.
 */
const LAST_TIMES = `
  SELECT a.account, e.recorded_at FROM credits.accounts a
  JOIN credits.entries e ON e.account = a.account AND e.seq = a.seq WHERE a.account = ANY ($1::text[])`;

const LIVE_GRANTS = "SELECT * FROM credits.grants WHERE account = ANY ($1::text[]) AND remaining > 0";

const OPEN_HOLDS = "SELECT * FROM credits.holds WHERE account = ANY ($1::text[]) AND status = 'open'";

const CHANGED_GRANTS = `
  SELECT g.* FROM unnest($1::text[], $2::bigint[]) AS known (account, changes)
  JOIN credits.grants g ON g.account = known.account AND g.change > known.changes`;

const CHANGED_HOLDS = `
  SELECT h.* FROM unnest($1::text[], $2::bigint[]) AS known (account, changes)
  JOIN credits.holds h ON h.account = known.account AND h.change > known.changes`;

const NAMED_HOLDS = `
  SELECT h.* FROM unnest($1::text[], $2::text[]) AS named (account, hold)
  JOIN credits.holds h ON h.account = named.account AND h.hold = named.hold`;

const KEYED_ENTRIES = `
  SELECT e.* FROM unnest($1::text[], $2::text[]) AS asked (account, key)
  JOIN credits.entries e ON e.account = asked.account AND e.key = asked.key`;

/** Finds holds by the keys that opened, released or extended them. */
const KEYED_HOLDS = `
  SELECT h.*, NULL::text AS extend_key, NULL::bytea AS extend_fingerprint, NULL::timestamptz AS extended_until
  FROM unnest($1::text[], $2::text[]) AS asked (account, key)
  JOIN credits.holds h ON h.account = asked.account AND h.key = asked.key
  UNION ALL
  SELECT h.*, NULL, NULL, NULL FROM unnest($1::text[], $2::text[]) AS asked (account, key)
  JOIN credits.holds h ON h.account = asked.account AND h.release_key = asked.key
  UNION ALL
  SELECT h.*, x.key, x.fingerprint, x.expires_at FROM unnest($1::text[], $2::text[]) AS asked (account, key)
  JOIN credits.hold_extensions x ON x.account = asked.account AND x.key = asked.key
  JOIN credits.holds h ON h.account = x.account AND h.hold = x.hold`;

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

const NAMED_GRANTS = `
  SELECT g.* FROM unnest($1::text[], $2::bigint[]) AS asked (account, seq)
  JOIN credits.grants g ON g.account = asked.account AND g.seq = asked.seq`;

/** Runs a statement, and returns its rows. */
export type Run = <Row extends object>(sql: string, params: readonly Parameter[]) => Promise<Row[]>;

/** The options with which a batch is loaded. */
export interface LoadOptions {
  /** True to lock the accounts until the transaction ends. What is read then stays current. */
  readonly locked: boolean;
  /** True to look up the commands' keys. Without it keys are taken for new ones, and writing has to check them. */
  readonly keys: boolean;
}

/** Returns what deciding the commands of a batch takes, or null where something of it has to be read. */
export function fromCache(
  batch: readonly AccountCommands[],
  get: (account: string) => CachedAccount | undefined,
): LoadedAccount[] | null {
  const loaded: LoadedAccount[] = [];
  for (const { account, commands } of batch) {
    const cached = get(account);
    if (cached === undefined) return null;
    if (commands.some(({ operation }) => operation?.refersTo !== undefined)) return null;
    loaded.push({ cached, past: NO_PAST });
  }
  return loaded;
}

/**
 * Loads what deciding the commands of a batch takes. Accounts in the cache are not read again, only what their commands refer
 * to, so most batches load nothing. Under a lock the accounts' own rows are read in any case, and what another server has
 * changed of those in the cache.
 *
 * @returns one account per account of the batch; null where it does not exist
 */
export async function loadAccounts(
  run: Run,
  batch: readonly AccountCommands[],
  get: (account: string) => CachedAccount | undefined,
  { locked, keys }: LoadOptions,
): Promise<(LoadedAccount | null)[]> {
  const known = keys ? null : fromCache(batch, get);
  if (known !== null) return known;
  const cached = new Map<string, CachedAccount>();
  for (const { account } of batch) {
    const one = get(account);
    if (one !== undefined) cached.set(account, one);
  }
  const names = batch.map(({ account }) => account);
  const read = locked ? names : names.filter((account) => !cached.has(account));
  const accounts = await lookUp(run, { own: [locked ? LOCKED_ACCOUNTS : ACCOUNTS, read] });
  const toColumns = (account: string) => accounts<AccountColumns>("own", account)[0];
  const behind = new Set<CachedAccount>();
  for (const account of locked ? [...cached.keys()] : []) {
    const one = cached.get(account) as CachedAccount;
    const columns = toColumns(account);
    if (columns !== undefined && isCurrent(one, columns)) continue;
    if (columns !== undefined && canCatchUp(one, columns)) behind.add(one);
    else cached.delete(account);
  }
  const whole = read.filter((account) => !cached.has(account));
  const late = [...behind].map(({ state }) => state.account);
  const changed = [late, [...behind].map(({ changes }) => changes)];
  const keyed: Command[] = [];
  const named: Record<NonNullable<Operation["refersTo"]>, Command[]> = { hold: [], entry: [], grant: [] };
  for (const command of batch.flatMap(({ commands }) => commands)) {
    if (command.operation === null) continue;
    if (keys) keyed.push(command);
    if (command.operation.refersTo !== undefined) named[command.operation.refersTo].push(command);
  }
  const refunded = [named.entry.map(toAccount), named.entry.map(({ input }) => (input as RefundInput).entry)];
  const grants = [
    named.grant.map(toAccount),
    named.grant.map(({ input }) => (input as GrantReference).grant),
  ];
  const asked = [keyed.map(toAccount), keyed.map(({ key }) => key)];
  const found = await lookUp(run, {
    live: [LIVE_GRANTS, whole],
    open: [OPEN_HOLDS, whole],
    last: [LAST_TIMES, [...whole, ...late]],
    changedGrants: [CHANGED_GRANTS, ...changed],
    changedHolds: [CHANGED_HOLDS, ...changed],
    named: [NAMED_HOLDS, named.hold.map(toAccount), named.hold.map(({ hold }) => hold)],
    grants: [NAMED_GRANTS, ...grants],
    entries: [KEYED_ENTRIES, ...asked],
    keyedHolds: [KEYED_HOLDS, ...asked],
    refunded: [REFUNDED_ENTRIES, ...refunded],
    drawn: [DRAWN_GRANTS, ...refunded],
  });
  const toCurrent = (before: CachedAccount | undefined, columns: AccountColumns | undefined) => {
    if (columns === undefined || (before !== undefined && !behind.has(before))) return before;
    const { account } = columns;
    const recordedAt = found<LastTime>("last", account)[0]?.recorded_at ?? null;
    return before === undefined
      ? toCached(columns, recordedAt, found("live", account), found("open", account))
      : toCaughtUp(
          before,
          columns,
          recordedAt,
          found("changedGrants", account),
          found("changedHolds", account),
        );
  };
  const toLoaded = (account: string): LoadedAccount | null => {
    const one = toCurrent(cached.get(account), toColumns(account));
    if (one === undefined) return null;
    addGrants(one.state, [
      ...found<GrantColumns>("drawn", account),
      ...found<GrantColumns>("grants", account),
    ]);
    const closed = found<HoldColumns>("named", account).filter(({ status }) => status !== "open");
    const responses = toFirstResponses(found("entries", account), found("keyedHolds", account));
    return { cached: one, past: toPast(responses, closed, found("refunded", account)) };
  };
  return names.map((account) => {
    try {
      return toLoaded(account);
    } catch (error) {
      throw new UnreadableError(`${(error as Error).message}. Run verify on the account.`, { cause: error });
    }
  });
}

/** Runs look-ups by arrays of the same length, except those with nothing to look up. Their rows come by account. */
async function lookUp<Name extends string>(
  run: Run,
  lookUps: Readonly<
    Record<Name, readonly [sql: string, ...arrays: Extract<Parameter, readonly unknown[]>[]]>
  >,
): Promise<<Columns>(name: Name, account: string) => readonly Columns[]> {
  const byName = new Map<Name, Map<string, { account: string }[]>>();
  for (const name of Object.keys(lookUps) as Name[]) {
    const [sql, ...params] = lookUps[name];
    if (params[0]?.length === 0) continue;
    byName.set(name, groupByAccount(await run<{ account: string }>(sql, params)));
  }
  return <Columns>(name: Name, account: string) =>
    (byName.get(name)?.get(account) ?? []) as readonly unknown[] as readonly Columns[];
}

const toAccount = ({ account }: Command) => account;

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

/** Adds the grants that commands refer to. Those that the state has already are the current ones. */
function addGrants(state: AccountState, named: readonly GrantColumns[]): void {
  if (named.length === 0) return;
  const grants = new Map<number, LiveGrant>(
    named.map((columns) => [Number(columns.seq), { ...fromGrantColumns(columns), reserved: ZERO }]),
  );
  const count = state.grants.length;
  for (const grant of state.grants) grants.set(grant.seq, grant);
  if (grants.size === count) return;
  state.grants = [...grants.values()].sort(compareGrants);
  state.sums.hasEmpty = true;
  state.sums.firstFree = 0;
  state.sums.bySeq = null;
}
