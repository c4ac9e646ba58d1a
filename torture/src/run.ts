import { eachEntry, type Ledger } from "@credit-activity/client";
import { Counts } from "./counts.js";
import { createFaults, type Faults } from "./faults.js";
import { ViolationError } from "./history.js";
import type { Options } from "./options.js";
import { type Checked, runRound, toLedger } from "./round.js";
import { openEmbeddedStage, openPostgresStage, type Stage } from "./stage.js";

/** The result of a run. */
export interface Report {
  readonly options: Options;
  readonly rounds: number;
  readonly seconds: number;
  readonly counts: Counts;
  readonly faults: Faults["counts"];
  /** The rows in which `verify` stated what it has checked. Null if the run did not come to it. */
  readonly verified: string | null;
  readonly violation: ViolationError | null;
  /** The last faults before the violation, and the logs of the servers. */
  readonly context: readonly string[];
}

const MINUTE_MS = 60_000;

/** The rows in which `verify` states what it has checked. */
const VERIFIED = /^Checked|anonymized/;

/** Runs rounds of about a minute each, and stops at the first violation. `progress` is called with what is in progress. */
export async function run(options: Options, progress: (message: string) => void): Promise<Report> {
  const startMs = performance.now();
  const counts = new Counts();
  const rounds = Math.max(1, Math.round(options.minutes));
  const faultsMs = (options.minutes * MINUTE_MS) / rounds;
  let violate = (_: ViolationError) => {};
  const violated = new Promise<never>((_, reject) => {
    violate = reject;
  });
  violated.catch(() => {}); // It is raced below.
  progress("starting the servers");
  const stage = await (options.isEmbedded ? openEmbeddedStage : openPostgresStage)((one) => violate(one));
  const faults = createFaults(stage);
  let done = 0;
  let verified: string | null = null;
  let violation: ViolationError | null = null;

  async function play(): Promise<void> {
    const checked: Checked[] = [];
    await stage.startServers();
    for (; done < rounds; done += 1) {
      progress(`round ${done + 1} of ${rounds}, ${counts.checkedEntries} entries checked`);
      checked.push(...(await runRound({ ...options, number: done + 1, stage, faults, counts, faultsMs })));
    }
    progress("verifying");
    for (const one of checked) await checkUnchanged(toLedger(stage), one);
    await stage.stopServers();
    const printed = (await stage.verify()).split("\n");
    verified = printed.filter((row) => VERIFIED.test(row)).join(" ");
  }

  try {
    await Promise.race([play(), violated]);
  } catch (error) {
    if (!(error instanceof ViolationError)) throw error;
    violation = error;
  }
  const context = violation === null ? [] : toContext(stage, faults);
  await stage.close().catch((error: unknown) => {
    // The violation is the news.
    if (violation === null) throw error;
    context.push(String(error));
  });
  const seconds = (performance.now() - startMs) / 1000;
  return { options, rounds: done, seconds, counts, faults: faults.counts, verified, violation, context };
}

/** Checks that later rounds have left the entries of an account as they were. Only expiries may follow. */
async function checkUnchanged(ledger: Ledger, { account, seq, hash }: Checked): Promise<void> {
  for await (const entry of eachEntry(ledger, account, { limit: 1_000 })) {
    if (entry.seq > seq && entry.key === null && entry.kind === "expiry") continue;
    if (entry.seq === seq && entry.hash === hash) return;
    throw new ViolationError(account, `Entry ${seq} has changed after it was checked.`, { hash, entry });
  }
  if (seq > 0) throw new ViolationError(account, `Entry ${seq} is lost after it was checked.`, { hash });
}

function toContext({ actors }: Stage, { recent }: Faults): string[] {
  const logs = actors.flatMap(({ server }) => [`-- server ${server.number}`, ...server.log]);
  return ["-- the last faults", ...recent, ...logs];
}
