import { isDeepStrictEqual } from "node:util";
import { MICROS_MAX, type Micros, micros } from "../../src/core/amount.js";
import type { ActivityRow, Grant } from "../../src/core/entry.js";
import type { Label } from "../../src/core/facts.js";
import type { Instant } from "../../src/core/instant.js";
import type { Category } from "../../src/core/kinds.js";
import type { RefusalCode } from "../../src/core/refusal.js";
import {
  type Books,
  findHold,
  type PredictedEntry,
  type PredictedHold,
  toAvailable,
  toBalance,
  toDebt,
  toGrants,
  toHeld,
  toPending,
} from "./books.js";
import type { Command, KeyedCommand, SpendCommand } from "./commands.js";
import { type Decision, decideIn, findDue, type Posting, toExpiry } from "./predict.js";
import { toPositions, toRows } from "./rows.js";

/** The outcome of a command. `expiries` are the entries that came due and were posted before it was decided. */
export type Outcome = { readonly expiries: readonly PredictedEntry[] } & (
  | { readonly refused: RefusalCode }
  | { readonly entry: PredictedEntry; readonly repeated: boolean }
  | { readonly hold: PredictedHold; readonly repeated: boolean }
  | { readonly touched: true }
);

/** The totals of an account. */
export interface AccountFacts {
  readonly balance: Micros;
  readonly held: Micros;
  readonly debt: Micros;
  readonly lastSeq: number;
  /** The number of activity rows. */
  readonly rows: { readonly all: number } & Readonly<Record<Category, number>>;
}

/** A ledger of one account that keeps plain arrays of facts and computes all else from them each time. */
export interface Model {
  /** Applies a command. `now` never runs backwards. */
  apply(command: Command, now: Instant): Outcome;
  entries(): readonly PredictedEntry[];
  holds(): readonly PredictedHold[];
  grants(): Grant[];
  rows(): ActivityRow[];
  /** The latest label per dimension and id. */
  labels(): readonly Label[];
  account(): AccountFacts;
  /** Returns `balance - held - pending`, without what has come due since the last command. */
  available(now: Instant): Micros;
  /** Returns the part of the balance that can't be spent yet. */
  pending(now: Instant): Micros;
}

type Response = { readonly entry: PredictedEntry } | { readonly hold: PredictedHold };

/** Makes the model of one account. */
export function createModel({ overdraftLimit }: { readonly overdraftLimit: Micros }): Model {
  let books: Books = { entries: [], blocks: [], holds: [], labels: [] };
  const responses: { readonly command: KeyedCommand; readonly response: Response }[] = [];

  function apply(command: Command, now: Instant): Outcome {
    const before = books.entries.length;
    postDue(command.account, now);
    const expiries = books.entries.slice(before);
    if (command.op === "touch") return { expiries, touched: true };
    const known = responses.find((each) => each.command.key === command.key);
    if (known !== undefined) {
      return samePayload(known.command, command)
        ? { expiries, ...known.response, repeated: true }
        : { expiries, refused: "key_conflict" };
    }
    const decision = decideIn(books, overdraftLimit, command, now);
    if (typeof decision === "string") return { expiries, refused: decision };
    if (!inRange(books, decision)) return { expiries, refused: "amount_out_of_range" };
    const response = accept(command, decision, now);
    responses.push({ command, response });
    keepLabels(command);
    return { expiries, ...response, repeated: false };
  }

  function postDue(account: string, now: Instant): void {
    for (;;) {
      const ended = books.holds.filter((each) => each.status === "open" && each.expiresAt <= now);
      const [hold] = ended.toSorted((a, b) => a.expiresAt - b.expiresAt || (a.id < b.id ? -1 : 1));
      const [due] = findDue(books, now);
      const dueAt = due?.expiresAt ?? null;
      if (due !== undefined && dueAt !== null && (hold === undefined || dueAt < hold.expiresAt)) {
        post(account, { draft: toExpiry(books, due, dueAt), opens: null }, now);
      } else if (hold !== undefined) {
        setHold({ ...hold, status: "expired" });
        postLeft(account, hold, hold.expiresAt, now);
      } else return;
    }
  }

  /** Posts the expiry of what a hold has left of grants that expired before it ended. */
  function postLeft(account: string, hold: PredictedHold, endedAt: Instant, now: Instant): void {
    for (const { grant } of hold.reserved) {
      const due = findDue(books, endedAt).find(({ seq }) => seq === grant);
      if (due !== undefined) post(account, { draft: toExpiry(books, due, endedAt), opens: null }, now);
    }
  }

  function accept(command: KeyedCommand, decision: Exclude<Decision, string>, now: Instant): Response {
    if ("hold" in decision) {
      setHold(decision.hold);
      if (decision.hold.status === "released") postLeft(command.account, decision.hold, now, now);
      return { hold: decision.hold };
    }
    const entry = post(command.account, decision, now);
    if (command.op === "settle") {
      const hold = findHold(books, command.hold);
      if (hold !== undefined) {
        setHold({ ...hold, status: "settled", settledSeq: entry.seq });
        postLeft(command.account, hold, now, now);
      }
    }
    return { entry };
  }

  function post(account: string, { draft, opens, moves }: Posting, now: Instant): PredictedEntry {
    const seq = books.entries.length + 1;
    const balance = micros(toBalance(books) + draft.credits);
    const unplaced = { ...draft, account, seq, balance, recordedAt: now };
    const position = toPositions([...books.entries, unplaced]).get(seq) ?? Number.NaN;
    const entry = { ...unplaced, position };
    const blocks = opens === null ? [] : [{ ...opens, seq, recordedAt: now }];
    const moved = books.blocks.map((block) =>
      block.seq === moves?.grant ? { ...block, expiresAt: moves.expiresAt } : block,
    );
    books = { ...books, entries: [...books.entries, entry], blocks: [...moved, ...blocks] };
    return entry;
  }

  function setHold(hold: PredictedHold): void {
    const isNew = findHold(books, hold.id) === undefined;
    const holds = books.holds.map((each) => (each.id === hold.id ? hold : each));
    books = { ...books, holds: isNew ? [...holds, hold] : holds };
  }

  function keepLabels(command: KeyedCommand): void {
    for (const dimension of ["project", "member", "task"] as const) {
      const given = dimension in command ? (command as SpendCommand)[dimension] : null;
      if (given === null || given.label === null) continue;
      const { id, label } = given;
      const others = books.labels.filter((each) => each.dimension !== dimension || each.id !== id);
      books = { ...books, labels: [...others, { dimension, id, label }] };
    }
  }

  function account(): AccountFacts {
    const rows = toRows(books.entries);
    const count = (category: Category) => rows.filter((row) => row.category === category).length;
    return {
      balance: toBalance(books),
      held: toHeld(books),
      debt: toDebt(books),
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
    grants: () => toGrants(books),
    rows: () => toRows(books.entries),
    labels: () => books.labels,
    available: (now) => toAvailable(books, now, null),
    pending: (now) => toPending(books, now),
  };
}

function inRange(books: Books, decision: Exclude<Decision, string>): boolean {
  const totals =
    "hold" in decision
      ? decision.hold.status === "open" && decision.hold.openedUntil === null
        ? [toHeld(books) + decision.hold.credits, decision.hold.credits]
        : []
      : [
          decision.draft.credits,
          decision.draft.facts.originalCredits ?? 0n,
          toBalance(books) + decision.draft.credits,
          toDebt(books) + decision.draft.debt,
        ];
  return totals.every((total) => total <= MICROS_MAX && total >= -MICROS_MAX);
}

/** True if two commands ask for the same. The id of a new hold is not part of it. */
function samePayload(a: KeyedCommand, b: KeyedCommand): boolean {
  const payload = (command: KeyedCommand) =>
    command.op === "hold" ? { ...command, hold: null } : { ...command };
  return isDeepStrictEqual(payload(a), payload(b));
}
