import { isDeepStrictEqual } from "node:util";
import type { Outcome } from "../../src/core/decide.js";
import type { ActivityRow, Entry, Grant, Hold } from "../../src/core/entry.js";
import type { Dimension, Label } from "../../src/core/facts.js";
import type { PredictedEntry, PredictedHold } from "../model/books.js";
import { checkChain, checkInvariants, type Ledger } from "../model/invariants.js";
import type { Model, Outcome as Predicted } from "../model/model.js";

/** An account as the ledger has it, wherever it is kept. */
export interface Actual extends Omit<Ledger, "entries" | "holds"> {
  readonly entries: readonly Entry[];
  readonly holds: readonly Hold[];
  readonly labels: readonly Label[];
}

/** Returns dimensions without their labels, which may come with a command and are kept apart. */
function withoutLabels<T extends { readonly [name in "project" | "member" | "task"]: Dimension | null }>(
  of: T,
): T {
  const unlabelled = (dimension: Dimension | null) =>
    dimension === null ? null : { ...dimension, label: null };
  return { ...of, project: unlabelled(of.project), member: unlabelled(of.member), task: unlabelled(of.task) };
}

function toPredictedEntry(entry: Entry): PredictedEntry {
  const {
    hash: _hash,
    fingerprint: _fingerprint,
    salt: _salt,
    digest: _digest,
    opens: _opens,
    expiry: _expiry,
    ...rest
  } = entry;
  return { ...rest, facts: withoutLabels(rest.facts) };
}

function toPredictedHold(hold: Hold): PredictedHold {
  const { fingerprint: _f, releaseFingerprint: _r, salt: _s, digest: _d, extension: _e, ...rest } = hold;
  return { ...rest, facts: withoutLabels(rest.facts) };
}

/** Returns an outcome as the model predicts it. */
function toPredicted(outcome: Outcome): object {
  if (outcome.refusal !== null) return { refused: outcome.refusal.code };
  const { repeated, entry, hold } = outcome;
  if (entry !== null) return { entry: toPredictedEntry(entry), repeated };
  if (hold !== null) return { hold: toPredictedHold(hold), repeated };
  return { touched: true };
}

/** Demands that the outcome of a command is what the model predicts. */
export function checkOutcome(outcome: Outcome, { expiries: _expiries, ...predicted }: Predicted): void {
  demandEqual(toPredicted(outcome), predicted, "the outcome of a command");
}

/** Demands that an account is what the model predicts, and that all invariants hold. */
export function checkAccount(actual: Actual, model: Model): void {
  const bySeq = (a: Grant, b: Grant) => a.seq - b.seq;
  const byId = (a: PredictedHold, b: PredictedHold) => (a.id < b.id ? -1 : 1);
  const byName = (a: Label, b: Label) => (`${a.dimension} ${a.id}` < `${b.dimension} ${b.id}` ? -1 : 1);
  demandEqual(actual.entries.map(toPredictedEntry), model.entries(), "the entries");
  demandEqual(actual.rows.map(withoutLabels<ActivityRow>), model.rows(), "the rows");
  demandEqual(actual.grants.toSorted(bySeq), model.grants().toSorted(bySeq), "the grants");
  demandEqual(actual.holds.map(toPredictedHold).sort(byId), model.holds().toSorted(byId), "the holds");
  demandEqual(actual.labels.toSorted(byName), model.labels().toSorted(byName), "the labels");
  demandEqual(actual.account, model.account(), "the account");
  checkAlone(actual);
}

/** Demands what is always true of an account, whatever its commands were. */
export function checkAlone(actual: Actual): void {
  checkInvariants({
    ...actual,
    entries: actual.entries.map(toPredictedEntry),
    holds: actual.holds.map(toPredictedHold),
  });
  checkChain(actual.entries, actual.grants);
}

function demandEqual(actual: unknown, expected: unknown, name: string): void {
  if (isDeepStrictEqual(actual, expected)) return;
  if (Array.isArray(actual) && Array.isArray(expected)) {
    const at = expected.findIndex((each, index) => !isDeepStrictEqual(actual[index], each));
    const index = at === -1 ? expected.length : at;
    throw new Error(
      `Not as predicted: ${name} at ${index}: ${toText(actual[index])} instead of ${toText(expected[index])}`,
    );
  }
  throw new Error(`Not as predicted: ${name}: ${toText(actual)} instead of ${toText(expected)}`);
}

function toText(value: unknown): string {
  return JSON.stringify(value, (_key, part) => (typeof part === "bigint" ? `${part}n` : part)) ?? "nothing";
}
