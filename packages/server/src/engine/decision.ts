import { type BatchResult, decideBatch, type Outcome } from "../core/decide.js";
import { toUnknownAccount } from "../core/refusal.js";
import type { Circumstances } from "../core/state.js";
import type { AccountCache, CachedAccount } from "./account-cache.js";
import {
  type AccountCommands,
  type LoadedAccount,
  type LoadOptions,
  loadAccounts,
  type Run,
} from "./load.js";
import { assertBooks, type Decided, persist, type Statement } from "./persist.js";

/**
 * The outcome of each command by account, or the error that failed an account's commands. Null for an account on which only
 * a part of what was due has been posted. Its commands have to be decided again.
 */
export type Outcomes = readonly (readonly Outcome[] | Error | null)[];

/** A decided batch: its outcomes, its accounts as they are once the statement has been run, and that statement. */
export interface Decision {
  readonly outcomes: Outcomes;
  readonly accounts: readonly CachedAccount[];
  /** Null when there is nothing to write or to check. */
  readonly statement: Statement | null;
}

/** The options with which a batch is decided. */
export interface DecideOptions extends LoadOptions {
  readonly cache: AccountCache;
}

/** Decides loaded accounts, or returns null where something is refused or books do not add up. They are changed then too. */
export function decideLoaded(
  batch: readonly AccountCommands[],
  loaded: readonly LoadedAccount[],
  at: Circumstances,
): Decision | null {
  const decided = batch.map(({ commands }, index) => decideOne(loaded[index] as LoadedAccount, commands, at));
  if (decided.some((one) => one.fault !== null || isDoubtful(one))) return null;
  return conclude(batch, decided, at, false);
}

/** Loads and decides the commands of a batch. */
export async function decide(
  run: Run,
  batch: readonly AccountCommands[],
  at: Circumstances,
  { cache, locked, keys }: DecideOptions,
): Promise<Decision> {
  const loaded = await loadAccounts(run, batch, cache.get, { locked, keys });
  const decided = batch.map(({ commands }, index) => {
    const one = loaded[index];
    return one == null ? null : decideOne(one, commands, at);
  });
  if (!keys) await decideDoubtful(run, batch, decided, at, cache);
  for (const one of decided) if (one?.fault != null) cache.evict(one.cached.state.account);
  return conclude(batch, decided, at, locked);
}

/** Decides again, with its keys looked up, what would be refused: its key may have had a response already. */
async function decideDoubtful(
  run: Run,
  batch: readonly AccountCommands[],
  decided: (Examined | null)[],
  at: Circumstances,
  cache: AccountCache,
): Promise<void> {
  const doubtful = [...batch.keys()].filter((index) => isDoubtful(decided[index]));
  if (doubtful.length === 0) return;
  const again = doubtful.map((index) => batch[index] as AccountCommands);
  // An account on which all was refused is as it was cached. Others have been changed, and are read again.
  const unchanged = new Map<string, CachedAccount>();
  for (const index of doubtful) {
    const one = decided[index];
    if (one != null && isUnchanged(one.result)) unchanged.set(one.cached.state.account, one.cached);
  }
  for (const { account } of again) if (!unchanged.has(account)) cache.evict(account);
  const loaded = await loadAccounts(run, again, (account) => unchanged.get(account), {
    locked: false,
    keys: true,
  });
  doubtful.forEach((index, place) => {
    const one = loaded[place];
    decided[index] = one == null ? null : decideOne(one, again[place]?.commands ?? [], at);
  });
}

/** A decided account, with the fault of its books if there is one. */
interface Examined extends Decided {
  readonly fault: Error | null;
}

function decideOne(
  { cached, past }: LoadedAccount,
  commands: AccountCommands["commands"],
  at: Circumstances,
): Examined {
  const result = decideBatch(cached.state, commands, at, past);
  try {
    assertBooks(cached.state, result.changes);
    return { cached, result, fault: null };
  } catch (error) {
    return { cached, result, fault: error as Error };
  }
}

/** Concludes a batch from its decided accounts, which are null where an account does not exist. */
function conclude(
  batch: readonly AccountCommands[],
  decided: readonly (Examined | null)[],
  at: Circumstances,
  locked: boolean,
): Decision {
  const outcomes = batch.map(({ account, commands }, index): Outcomes[number] => {
    const one = decided[index];
    if (one == null) return commands.map(() => ({ refusal: toUnknownAccount(account) }));
    return one.fault ?? one.result.outcomes;
  });
  const sound = decided.filter((one) => one !== null && one.fault === null) as Examined[];
  return { outcomes, accounts: sound.map(({ cached }) => cached), statement: persist(sound, at.now, locked) };
}

/** True if something was refused whose key may have had a response already. */
function isDoubtful(one: Examined | null | undefined): boolean {
  return one?.result.outcomes?.some(({ refusal }) => refusal !== null) ?? false;
}

function isUnchanged({ changes: { entries, grants, holds, rows } }: BatchResult): boolean {
  return entries.length + grants.length + holds.length + rows.length === 0;
}
