import fc from "fast-check";
import { expect, it } from "vitest";
import { type Micros, micros, ZERO } from "../../src/core/amount.js";
import type { AnyCommand } from "../../src/core/command.js";
import { decideBatch, type Outcome } from "../../src/core/decide.js";
import type { ActivityRow, Entry, Hold } from "../../src/core/entry.js";
import type { Label } from "../../src/core/facts.js";
import { hasFree, toAvailable, toPending } from "../../src/core/grants.js";
import type { Instant } from "../../src/core/instant.js";
import { toNextDue } from "../../src/core/operations/expire.js";
import { type AccountState, type FirstResponse, type LiveGrant, toDraft } from "../../src/core/state.js";
import { toByKind, toSums } from "../../src/core/sums.js";
import { toWindowRows } from "../../src/core/windows.js";
import { toCircumstances, toEmptyAccount } from "../core/rules.js";
import type { Command } from "../model/commands.js";
import { histories } from "../model/histories.js";
import { play } from "../model/play.js";
import { type Actual, checkAccount, checkOutcome } from "./compare.js";
import { toParameters, withSeed } from "./seed.js";
import { translate } from "./translate.js";

/** The rules with arrays in place of a database. */
class Books {
  readonly #state: AccountState;
  readonly #entries: Entry[] = [];
  readonly #rows: ActivityRow[] = [];
  readonly #grants = new Map<number, LiveGrant>();
  readonly #holds = new Map<string, Hold>();
  readonly #labels = new Map<string, Label>();
  readonly #responses = new Map<string, FirstResponse>();

  constructor(account: string, overdraftLimit: Micros) {
    this.#state = toEmptyAccount(overdraftLimit, account);
  }

  apply(commands: readonly AnyCommand[], now: Instant): readonly Outcome[] {
    const refunded = new Map<number, Micros>();
    for (const { refundOf, credits } of this.#entries) {
      if (refundOf !== null) refunded.set(refundOf, micros((refunded.get(refundOf) ?? ZERO) + credits));
    }
    const entries = new Map(this.#entries.map((entry) => [entry.seq, entry]));
    const past = { responses: this.#responses, holds: this.#holds, entries, refunded };
    const { changes, outcomes } = decideBatch(this.#state, commands, toCircumstances(now), past);
    if (outcomes === null) throw new Error("More is due than histories are long.");
    this.#entries.push(...changes.entries);
    this.#rows.push(...changes.rows);
    for (const { grant } of changes.grants) this.#grants.set(grant.seq, { ...grant });
    for (const { hold } of changes.holds) this.#holds.set(hold.id, hold);
    for (const label of changes.labels) this.#labels.set(`${label.dimension} ${label.id}`, label);
    commands.forEach((command, index) => {
      this.#keepResponse(command, outcomes[index] as Outcome);
    });
    return outcomes;
  }

  #keepResponse(command: AnyCommand, outcome: Outcome): void {
    if (command.operation === null || outcome.refusal !== null || outcome.repeated) return;
    this.#responses.set(command.key, { entry: outcome.entry, hold: outcome.hold });
  }

  /** Demands that the sums are those of the grants and holds as they are. */
  checkSums(now: Instant): void {
    const { grants, holds, sums } = this.#state;
    const { reserved, held, setAside, ...fresh } = toSums(grants, holds.values());
    expect(sums).toMatchObject({ reserved, held, setAside });
    const state = { ...this.#state, sums: { ...sums, ...fresh } };
    expect(toByKind({ grants, sums })).toEqual(toByKind(state));
    if (sums.pending !== null) expect(sums.pending).toBe(toPending(state, now));
    if (sums.dueAt !== undefined) expect(sums.dueAt).toBe(toNextDue(state, now));
    expect(grants.slice(0, sums.firstFree).filter(hasFree)).toEqual([]);
    if (sums.scoped === null) return;
    const draft = toDraft(state, toCircumstances(now));
    toAvailable(draft, "ai_usage");
    expect(sums.scoped.all).toBe(draft.sums.scoped?.all);
    for (const [kind, credits] of draft.sums.scoped?.byKind ?? [])
      expect(sums.scoped.byKind.get(kind)).toBe(credits);
  }

  read(): Actual {
    const { balance, held, debt, seq, totals, window } = this.#state;
    return {
      entries: this.#entries,
      rows: [...this.#rows, ...(window === null ? [] : toWindowRows(window, totals))],
      grants: [...this.#grants.values()].map(({ reserved, ...grant }) => grant),
      holds: [...this.#holds.values()],
      labels: [...this.#labels.values()],
      account: { balance, held, debt, lastSeq: seq, rows: totals },
    };
  }
}

it(withSeed("1,000 random histories through the pure rules are what the naive model predicts"), () => {
  fc.assert(
    fc.property(histories(), (history) => {
      const books = new Map<string, Books>();
      for (const { now, commands, outcomes, players } of play(history)) {
        for (const { account, overdraftLimit, model } of players) {
          const book = books.get(account) ?? new Books(account, overdraftLimit);
          books.set(account, book);
          const indexes = [...commands.keys()].filter((index) => commands[index]?.account === account);
          if (indexes.length === 0) continue;
          const actual = book.apply(
            indexes.map((index) => translate(commands[index] as Command)),
            now,
          );
          actual.forEach((outcome, at) => {
            checkOutcome(outcome, outcomes[indexes[at] as number] as (typeof outcomes)[number]);
          });
          checkAccount(book.read(), model);
          book.checkSums(now);
        }
      }
    }),
    toParameters(1000),
  );
});
