import { isDeepStrictEqual } from "node:util";
import type { Command, KeyedCommand } from "../../src/ledger/command.js";
import { amount, CREDITS_MAX, type Credits } from "../../src/ledger/credits.js";
import type { ActivityRow, Grant } from "../../src/ledger/entry.js";
import type { Instant } from "../../src/ledger/instant.js";
import type { Category } from "../../src/ledger/kinds.js";
import type { RefusalCode } from "../../src/ledger/refusal.js";
import {
  availableOf,
  type Books,
  balanceOf,
  debtOf,
  grantsOf,
  heldOf,
  holdNamed,
  type PredictedEntry,
  type PredictedHold,
  pendingOf,
} from "./books.js";
import { type Decision, decideIn, expiryOf, firstDue, type Posting } from "./predict.js";
import { positionsOf, rowsOf } from "./rows.js";

/** What a command comes to. `expiries` are the entries that came due and were posted before it was decided. */
export type Outcome = { readonly expiries: readonly PredictedEntry[] } & (
  | { readonly refused: RefusalCode }
  | { readonly entry: PredictedEntry; readonly repeated: boolean }
  | { readonly hold: PredictedHold; readonly repeated: boolean }
  | { readonly touched: true }
);

/** The totals an account keeps. */
export interface AccountFacts {
  readonly balance: Credits;
  readonly held: Credits;
  readonly debt: Credits;
  readonly lastSeq: number;
  /** How many activity rows there are. */
  readonly rows: { readonly all: number } & Readonly<Record<Category, number>>;
}

/** A ledger of one account that remembers a plain list of facts and recomputes all else from it. */
export interface Model {
  /** Applies a command; `now` never runs backwards. */
  apply(command: Command, now: Instant): Outcome;
  entries(): readonly PredictedEntry[];
  holds(): readonly PredictedHold[];
  grants(): Grant[];
  rows(): ActivityRow[];
  account(): AccountFacts;
  /** `balance - held - pending` with nothing posted that may have come due since the last command. */
  available(now: Instant): Credits;
  /** What of the balance can't be spent yet. */
  pending(now: Instant): Credits;
}

type Answer = { readonly entry: PredictedEntry } | { readonly hold: PredictedHold };

/** Makes the model of one account. */
export function createModel({ overdraftLimit }: { readonly overdraftLimit: Credits }): Model {
  let books: Books = { entries: [], blocks: [], holds: [] };
  const answers: { readonly command: KeyedCommand; readonly answer: Answer }[] = [];

  function apply(command: Command, now: Instant): Outcome {
    const before = books.entries.length;
    postWhatIsDue(command.account, now);
    const expiries = books.entries.slice(before);
    if (command.op === "touch") return { expiries, touched: true };
    const known = answers.find((each) => each.command.key === command.key);
    if (known !== undefined) {
      return samePayload(known.command, command)
        ? { expiries, ...known.answer, repeated: true }
        : { expiries, refused: "key_conflict" };
    }
    const decision = decideIn(books, overdraftLimit, command, now);
    if (typeof decision === "string") return { expiries, refused: decision };
    if (!inRange(books, decision)) return { expiries, refused: "amount_out_of_range" };
    const answer = accept(command, decision, now);
    answers.push({ command, answer });
    return { expiries, ...answer, repeated: false };
  }

  function postWhatIsDue(account: string, now: Instant): void {
    for (const hold of books.holds.filter((each) => each.status === "open" && each.expiresAt <= now)) {
      setHold({ ...hold, status: "expired" });
    }
    for (let due = firstDue(books, now); due !== undefined; due = firstDue(books, now)) {
      post(account, { draft: expiryOf(books, due), opens: null }, now);
    }
  }

  function accept(command: KeyedCommand, decision: Exclude<Decision, string>, now: Instant): Answer {
    if ("hold" in decision) {
      setHold(decision.hold);
      return { hold: decision.hold };
    }
    const entry = post(command.account, decision, now);
    if (command.op === "settle") {
      const hold = holdNamed(books, command.hold);
      if (hold !== undefined) setHold({ ...hold, status: "settled", settledSeq: entry.seq });
    }
    return { entry };
  }

  function post(account: string, { draft, opens }: Posting, now: Instant): PredictedEntry {
    const seq = books.entries.length + 1;
    const balance = amount(balanceOf(books) + draft.credits);
    const unplaced = { ...draft, account, seq, balance, recordedAt: now };
    const position = positionsOf([...books.entries, unplaced]).get(seq) ?? Number.NaN;
    const entry = { ...unplaced, position };
    const blocks = opens === null ? [] : [{ ...opens, seq, recordedAt: now }];
    books = { ...books, entries: [...books.entries, entry], blocks: [...books.blocks, ...blocks] };
    return entry;
  }

  function setHold(hold: PredictedHold): void {
    const isNew = holdNamed(books, hold.hold) === undefined;
    const holds = books.holds.map((each) => (each.hold === hold.hold ? hold : each));
    books = { ...books, holds: isNew ? [...holds, hold] : holds };
  }

  function account(): AccountFacts {
    const rows = rowsOf(books.entries);
    const count = (category: Category) => rows.filter((row) => row.category === category).length;
    return {
      balance: balanceOf(books),
      held: heldOf(books),
      debt: debtOf(books),
      lastSeq: books.entries.length,
      rows: {
        all: rows.length,
        added: count("added"),
        used: count("used"),
        adjustments: count("adjustments"),
      },
    };
  }

  return {
    apply,
    account,
    entries: () => books.entries,
    holds: () => books.holds,
    grants: () => grantsOf(books),
    rows: () => rowsOf(books.entries),
    available: (now) => availableOf(books, now),
    pending: (now) => pendingOf(books, now),
  };
}

function inRange(books: Books, decision: Exclude<Decision, string>): boolean {
  const totals =
    "hold" in decision
      ? decision.hold.status === "open"
        ? [heldOf(books) + decision.hold.credits, decision.hold.credits]
        : []
      : [
          decision.draft.credits,
          decision.draft.originalCredits ?? 0n,
          balanceOf(books) + decision.draft.credits,
          debtOf(books) + decision.draft.debt,
        ];
  return totals.every((total) => total <= CREDITS_MAX && total >= -CREDITS_MAX);
}

/** Whether two commands ask for the same; the id a new hold would get is not part of it. */
function samePayload(a: KeyedCommand, b: KeyedCommand): boolean {
  const payload = (command: KeyedCommand) =>
    command.op === "hold" ? { ...command, hold: null } : { ...command };
  return isDeepStrictEqual(payload(a), payload(b));
}
