import fc from "fast-check";
import { it } from "vitest";
import { decideBatch } from "../../src/ledger/batch.js";
import type { Command } from "../../src/ledger/command.js";
import { amount, type Credits, ZERO } from "../../src/ledger/credits.js";
import type { Outcome } from "../../src/ledger/decide.js";
import type { ActivityRow, Entry, Grant, Hold } from "../../src/ledger/entry.js";
import { windowRows } from "../../src/ledger/group.js";
import type { Instant } from "../../src/ledger/instant.js";
import type { AccountState, Answer } from "../../src/ledger/state.js";
import { emptyAccount } from "../ledger/rules.js";
import { histories } from "../model/histories.js";
import { play } from "../model/play.js";
import { type Actual, checkAccount, checkOutcome } from "./compare.js";
import { named, runs } from "./seed.js";

/** The rules with a memory in place of a store. */
class Books {
  private readonly state: AccountState;
  private readonly entries: Entry[] = [];
  private readonly rows: ActivityRow[] = [];
  private readonly grants = new Map<number, Grant>();
  private readonly holds = new Map<string, Hold>();
  private readonly answers = new Map<string, Answer>();

  constructor(account: string, overdraftLimit: Credits) {
    this.state = emptyAccount(overdraftLimit, account);
  }

  apply(commands: readonly Command[], now: Instant): readonly Outcome[] {
    const refunded = new Map<number, Credits>();
    for (const { refundOf, credits } of this.entries) {
      if (refundOf !== null) refunded.set(refundOf, amount((refunded.get(refundOf) ?? ZERO) + credits));
    }
    const entries = new Map(this.entries.map((entry) => [entry.seq, entry]));
    const past = { answers: this.answers, entries, refunded };
    const { changes, outcomes } = decideBatch(this.state, commands, now, past);
    this.entries.push(...changes.entries);
    this.rows.push(...changes.rows);
    for (const { grant } of changes.grants) this.grants.set(grant.seq, { ...grant });
    for (const hold of changes.holds) this.holds.set(hold.hold, hold);
    commands.forEach((command, index) => {
      this.remember(command, outcomes[index] as Outcome);
    });
    return outcomes;
  }

  private remember(command: Command, outcome: Outcome): void {
    if (command.op === "touch" || outcome.refusal !== null || outcome.repeated) return;
    const { entry, hold } = outcome;
    const ofHold = command.op === "release" ? hold?.releaseFingerprint : hold?.fingerprint;
    const fingerprint = entry?.fingerprint ?? ofHold;
    if (fingerprint == null) throw new Error("An answer without a fingerprint could not be repeated.");
    this.answers.set(command.key, { fingerprint, entry, hold });
  }

  read(): Actual {
    const { balance, held, debt, seq, totals, window } = this.state;
    return {
      entries: this.entries,
      rows: [...this.rows, ...(window === null ? [] : windowRows(window, totals))],
      grants: [...this.grants.values()],
      holds: [...this.holds.values()],
      account: { balance, held, debt, lastSeq: seq, rows: totals },
    };
  }
}

it(named("1,000 random histories through the pure rules come to what the naive model says"), {
  timeout: 240_000,
}, () => {
  fc.assert(
    fc.property(histories(), (history) => {
      const books = new Map<string, Books>();
      for (const { now, commands, outcomes, players } of play(history)) {
        for (const { account, overdraftLimit, model } of players) {
          const book = books.get(account) ?? new Books(account, overdraftLimit);
          books.set(account, book);
          const indexes = [...commands.keys()].filter((index) => commands[index]?.account === account);
          if (indexes.length === 0) continue;
          const came = book.apply(
            indexes.map((index) => commands[index] as Command),
            now,
          );
          came.forEach((outcome, at) => {
            checkOutcome(outcome, outcomes[indexes[at] as number] as (typeof outcomes)[number]);
          });
          checkAccount(book.read(), model);
        }
      }
    }),
    runs(1000),
  );
});
