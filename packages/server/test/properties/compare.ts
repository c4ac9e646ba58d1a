import { isDeepStrictEqual } from "node:util";
import { GENESIS, hashEntry } from "../../src/ledger/chain.js";
import type { Outcome } from "../../src/ledger/decide.js";
import type { Entry, Grant, Hold } from "../../src/ledger/entry.js";
import type { PredictedHold } from "../model/books.js";
import { checkInvariants, type Ledger } from "../model/invariants.js";
import type { Model, Outcome as Predicted } from "../model/model.js";

/** The ledger's own view of an account, from wherever it is kept. */
export interface Actual extends Omit<Ledger, "entries" | "holds"> {
  readonly entries: readonly Entry[];
  readonly holds: readonly Hold[];
}

function withoutSeals({ hash: _hash, fingerprint: _fingerprint, ...entry }: Entry) {
  return entry;
}

function withoutFingerprints(hold: Hold): PredictedHold {
  const { fingerprint: _opened, releaseFingerprint: _released, ...rest } = hold;
  return rest;
}

/** What a command came to, in the model's words. */
function inWords(outcome: Outcome): object {
  if (outcome.refusal !== null) return { refused: outcome.refusal.code };
  const { repeated, entry, hold } = outcome;
  if (entry !== null) return { entry: withoutSeals(entry), repeated };
  if (hold !== null) return { hold: withoutFingerprints(hold), repeated };
  return { touched: true };
}

/** Demands that a command came to what the model says. */
export function checkOutcome(outcome: Outcome, { expiries: _expiries, ...predicted }: Predicted): void {
  demandEqual(inWords(outcome), predicted, "a command came to");
}

/** Demands that an account is what the model says, that all invariants hold, and that the hashes seal it. */
export function checkAccount(actual: Actual, model: Model): void {
  const bySeq = (a: Grant, b: Grant) => a.seq - b.seq;
  const byName = (a: PredictedHold, b: PredictedHold) => (a.hold < b.hold ? -1 : 1);
  demandEqual(actual.entries.map(withoutSeals), model.entries(), "the entries are");
  demandEqual(actual.rows, model.rows(), "the rows are");
  demandEqual(actual.grants.toSorted(bySeq), model.grants().toSorted(bySeq), "the grants are");
  demandEqual(
    actual.holds.map(withoutFingerprints).sort(byName),
    model.holds().toSorted(byName),
    "the holds are",
  );
  demandEqual(actual.account, model.account(), "the account is");
  checkAlone(actual);
}

/** Demands what must be true of an account whatever was asked of it. */
export function checkAlone(actual: Actual): void {
  checkInvariants(actual);
  let previous = GENESIS;
  for (const entry of actual.entries) {
    if (hashEntry(previous, entry) !== entry.hash) {
      throw new Error(`Invariant 8 (sealed) is broken: entry ${entry.seq} has another hash.`);
    }
    previous = entry.hash;
  }
}

function demandEqual(actual: unknown, expected: unknown, what: string): void {
  if (isDeepStrictEqual(actual, expected)) return;
  if (Array.isArray(actual) && Array.isArray(expected)) {
    const at = expected.findIndex((each, index) => !isDeepStrictEqual(actual[index], each));
    const index = at === -1 ? expected.length : at;
    throw new Error(
      `${what} not what the model says, at ${index}: ${text(actual[index])} instead of ${text(expected[index])}`,
    );
  }
  throw new Error(`${what} not what the model says: ${text(actual)} instead of ${text(expected)}`);
}

function text(value: unknown): string {
  return JSON.stringify(value, (_key, part) => (typeof part === "bigint" ? `${part}n` : part)) ?? "nothing";
}
