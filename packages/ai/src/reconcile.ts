import {
  type Amount,
  type AmountInput,
  type Entry,
  eachEntry,
  fromMicros,
  type Ledger,
  toMicros,
} from "@credit-activity/client";
import { KIND, report } from "./report.js";

/** Options of {@link reconcile}. */
export interface ReconcileOptions {
  readonly ledger: Pick<Ledger, "entries" | "usage" | "refund">;
  readonly account: string;
}

/** The result of a reconciliation. */
export interface Reconciliation {
  /** The credits that the task was charged before. */
  readonly charged: Amount;
  /** The entries that were posted. It is empty if the task was charged what it cost. */
  readonly entries: readonly Entry[];
}

const DESCRIPTION = "Reconciled with the provider's bill";

/**
 * Corrects the AI usage of a task to its cost in credits, once the provider's bill has arrived. More is charged as usage of
 * the task. Less is refunded, the latest usage first. It can be repeated, and then posts nothing.
 *
 * @throws RangeError if the account has no AI usage of the task, or if the cost is negative
 * @throws KeyConflictError if the task is reconciled to another cost at the same time
 */
export async function reconcile(
  task: string,
  cost: AmountInput,
  { ledger, account }: ReconcileOptions,
): Promise<Reconciliation> {
  const target = toMicros(cost);
  if (target < 0n) throw new RangeError(`The cost ${fromMicros(target)} is negative. Give 0 or more.`);
  const found: Entry[] = [];
  for await (const entry of eachEntry(ledger, account, { task, order: "asc" })) found.push(entry);
  const { usage, left, lastSeq } = toUsage(found);
  const last = usage.at(-1);
  if (last === undefined) {
    throw new RangeError(`The account ${account} has no AI usage of the task ${task}. Check both ids.`);
  }
  const charged = [...left.values()].reduce((sum, micros) => sum + micros, 0n);
  const entries =
    target > charged
      ? [await chargeMore(ledger, account, last, lastSeq, target - charged)]
      : await refundDown(ledger, account, { usage, left, lastSeq }, charged - target);
  return { charged: fromMicros(charged), entries };
}

interface TaskUsage {
  readonly usage: readonly Entry[];
  /** The micro-credits of each entry of usage that were not refunded, by its `seq`. */
  readonly left: ReadonlyMap<number, bigint>;
  readonly lastSeq: number;
}

function toUsage(entries: readonly Entry[]): TaskUsage {
  const usage = entries.filter(({ kind }) => kind === KIND);
  const left = new Map(usage.map(({ seq, credits }) => [seq, -toMicros(credits)]));
  for (const { refundOf, credits } of entries) {
    const before = refundOf === null ? undefined : left.get(refundOf);
    if (refundOf !== null && before !== undefined) left.set(refundOf, before - toMicros(credits));
  }
  return { usage, left, lastSeq: entries.at(-1)?.seq ?? 0 };
}

function chargeMore(
  ledger: ReconcileOptions["ledger"],
  account: string,
  { source, project, member, task }: Entry,
  lastSeq: number,
  micros: bigint,
): Promise<Entry> {
  const id = toKey(lastSeq);
  const facts = { source, project, member, task, description: DESCRIPTION };
  return report(ledger, { id, account, kind: KIND, credits: fromMicros(micros), ...facts });
}

async function refundDown(
  ledger: ReconcileOptions["ledger"],
  account: string,
  { usage, left, lastSeq }: TaskUsage,
  micros: bigint,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  let open = micros;
  let state = lastSeq;
  for (const { seq } of usage.toReversed()) {
    const before = left.get(seq) ?? 0n;
    const part = before < open ? before : open;
    if (part === 0n) continue;
    open -= part;
    const input = { entry: seq, credits: fromMicros(part), description: DESCRIPTION };
    const { entry } = await ledger.refund(account, input, { key: toKey(state) });
    entries.push(entry);
    // The next refund starts from the state that this one has led to.
    state = entry.seq;
  }
  return entries;
}

/**
 * Returns the key of a correction in either direction. It names the state that the difference was computed from. So two
 * reconciliations at the same time post once, and to different costs one of them fails.
 */
function toKey(lastSeq: number): string {
  return `reconcile:${lastSeq}`;
}
