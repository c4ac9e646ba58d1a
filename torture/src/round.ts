import { setTimeout as sleep } from "node:timers/promises";
import type { Ledger } from "@credit-activity/client";
import { type Books, readBooks, readGrants } from "./books.js";
import { checkBooks } from "./checks.js";
import { carryOut, type Round, runClient } from "./clients.js";
import type { Counts } from "./counts.js";
import { createDraw } from "./draw.js";
import type { Faults } from "./faults.js";
import { PERSON } from "./free-text.js";
import { AccountHistory, ViolationError } from "./history.js";
import { isQuiet, QUIET_MS } from "./quiet.js";
import { runReader } from "./readers.js";
import type { Stage } from "./stage.js";

/** The state of an account whose books were checked. Nothing of it may change afterwards. */
export interface Checked {
  readonly account: string;
  readonly seq: number;
  readonly hash: string | null;
}

/** The parts that all rounds share. */
export interface RoundOptions {
  readonly seed: number;
  readonly number: number;
  readonly stage: Stage;
  readonly faults: Faults;
  readonly counts: Counts;
  readonly faultsMs: number;
}

const ACCOUNTS = 10;

/** The number of clients per server. */
const CLIENTS = 16;
const READERS = 3;

/** The number of faults at the same time. */
const FAULTS = 2;

/** The number of commands in flight while the doubts are resolved. */
const RESOLVED_AT_ONCE = 8;

/**
 * The time after which all that was made to come due within seconds is due, and a sweep has posted it. A server that was
 * killed while it swept keeps the others from it for 15 seconds.
 */
const DUE_MS_MAX = 45_000;

/**
 * Runs a round on new accounts: faults and commands at the same time, and then, when all is quiet, the checks. The servers
 * run before and after it.
 *
 * @throws ViolationError at the first violation
 */
export async function runRound(options: RoundOptions): Promise<readonly Checked[]> {
  const { seed, number, stage, faults, counts, faultsMs } = options;
  const { actors } = stage;
  const accounts = Array.from({ length: ACCOUNTS }, (_, index) => {
    return new AccountHistory(`r${number}-${index}`, index % 3 === 1 ? "10" : "0");
  });
  for (const { account, overdraftLimit } of accounts) {
    const settings = { overdraftLimit, name: PERSON, metadata: { by: PERSON } };
    await toLedger(stage).putAccount(account, settings);
  }

  const stopping = new AbortController();
  const { signal } = stopping;
  const round: Round = { seed, number, actors, accounts, counts, signal, healedMs: null };
  const ids = accounts.map(({ account }) => account);
  const causing = Array.from({ length: FAULTS }, (_, index) =>
    faults.cause(createDraw(seed, number, -100 - index), signal, ids),
  );
  const healed = Promise.all(causing).then(() => {
    round.healedMs = performance.now();
  });
  const clients = Array.from({ length: CLIENTS * actors.length }, (_, index) => runClient(round, index));
  const readers = Array.from({ length: READERS }, (_, index) => runReader(round, index));
  const all = Promise.all([healed, ...clients, ...readers]);
  await Promise.race([all, sleep(faultsMs)]);
  stopping.abort();
  await all;

  await stage.stopServers();
  await stage.startServers();
  await resolveDoubts(round);
  const checked: Checked[] = [];
  for (const history of accounts) checked.push(await checkAccount(toLedger(stage), history, counts));
  return checked;
}

/** Returns a client of the first server. */
export function toLedger({ actors }: Stage): Ledger {
  return (actors[0] as (typeof actors)[number]).server.ledger;
}

/**
 * Sends those commands again that were refused while another request for them had no response. That request may have been
 * carried out after the refusal. Nothing is in flight any more, so the next response is final.
 */
async function resolveDoubts(round: Round): Promise<void> {
  const doubtful = round.accounts.flatMap(({ commands }) =>
    [...commands.values()].filter(({ isDoubtful, response }) => isDoubtful && response === null),
  );
  const draw = createDraw(round.seed, round.number, -200);
  while (doubtful.length > 0) {
    const some = doubtful.splice(0, RESOLVED_AT_ONCE);
    await Promise.all(some.map((recorded) => carryOut(round, draw, [recorded])));
  }
}

/** Reads an account while nothing comes due on it, so that all of its parts are of one moment. */
async function readQuietly(ledger: Ledger, history: AccountHistory): Promise<Books> {
  const { account } = history;
  for (const startMs = performance.now(); ; await sleep(200)) {
    const nowMs = performance.now();
    const isLast = nowMs - startMs >= DUE_MS_MAX;
    const quiet = isQuiet(history, await ledger.getAccount(account), await readGrants(ledger, account));
    if (!quiet && !isLast) continue;
    const books = await readBooks(ledger, account);
    if (isLast || performance.now() - nowMs < QUIET_MS) return books;
  }
}

async function checkAccount(ledger: Ledger, history: AccountHistory, counts: Counts): Promise<Checked> {
  const { account } = history;
  const books = await readQuietly(ledger, history);
  const [finding] = checkBooks(history, books);
  if (finding !== undefined) throw new ViolationError(account, finding.problem, finding.evidence);
  counts.checkedEntries += books.entries.length;
  counts.checkedAccounts += 1;
  const last = books.entries.at(-1);
  return { account, seq: last?.seq ?? 0, hash: last?.hash ?? null };
}
