import type { ActivityRow, Draw, Entry, Grant } from "../../src/core/entry.js";
import type { PredictedEntry, PredictedHold } from "./books.js";
import { toDigest, toHash } from "./canonical.js";
import { demand, total } from "./demand.js";
import type { AccountFacts } from "./model.js";
import { checkRows } from "./row-invariants.js";

/** An account as it was read from anywhere. Entries and rows may come in any order. */
export interface Ledger {
  readonly entries: readonly PredictedEntry[];
  readonly rows: readonly ActivityRow[];
  readonly grants: readonly Grant[];
  readonly holds: readonly PredictedHold[];
  readonly account: AccountFacts;
}

/**
 * Checks what is always true of an account, by the numbers of the design: 2 (order), 3 (balance), 4 (grants), 5 (rows)
 * and 6 (keys), and that refunds and holds add up. The hash chain is checked by `checkChain`.
 *
 * @throws Error that names the first violation
 */
export function checkInvariants(ledger: Ledger): void {
  const sorted = {
    ...ledger,
    entries: ledger.entries.toSorted((a, b) => a.seq - b.seq),
    rows: ledger.rows.toSorted((a, b) => a.position - b.position),
  };
  checkOrder(sorted);
  checkBalances(sorted);
  checkGrants(sorted);
  checkRefunds(sorted);
  checkHolds(sorted);
  checkKeys(sorted);
  checkRows(sorted);
}

/**
 * Checks the hash chain of an account, 8 in the design. The terms of grants, which entries open, are in the hashes.
 *
 * @throws Error that names the first entry that is not what was hashed
 */
export function checkChain(entries: readonly Entry[], grants: readonly Grant[]): void {
  let previous = "0".repeat(64);
  for (const entry of entries) {
    const grant = grants.find(({ seq }) => seq === entry.seq);
    const moved = entries.find((other) => other.grant === entry.seq);
    const opens = grant === undefined ? null : toOpening(grant, moved);
    const name = "8 (hash chain)";
    if (entry.version === 2)
      demand(entry.digest === toDigest(entry), name, `entry ${entry.seq} has another digest.`);
    demand(
      entry.hash === toHash(previous, { ...entry, opens }),
      name,
      `entry ${entry.seq} has another hash.`,
    );
    previous = entry.hash;
  }
}

/** Returns the terms with which a grant was opened, by the first entry that moved its expiry. */
function toOpening({ credits, priority, effectiveAt, expiresAt, only }: Grant, moved: Entry | undefined) {
  const openedUntil = moved?.expiry == null ? expiresAt : moved.expiry.before;
  return { credits, priority, effectiveAt, expiresAt: openedUntil, only };
}

function checkOrder({ entries, account }: Ledger): void {
  entries.forEach((entry, index) => {
    demand(entry.seq === index + 1, "2 (gapless)", `entry ${index + 1} has seq ${entry.seq}.`);
  });
  const last = entries.length;
  demand(
    account.lastSeq === last,
    "2 (gapless)",
    `the account counts ${account.lastSeq} of ${last} entries.`,
  );
}

function checkBalances({ entries, account }: Ledger): void {
  entries.forEach((entry, index) => {
    const before = entries[index - 1]?.balance ?? 0n;
    demand(
      entry.balance === before + entry.credits,
      "3 (balance)",
      `entry ${entry.seq} has ${entry.balance} after ${before} and ${entry.credits}.`,
    );
  });
  const last = entries.at(-1)?.balance ?? 0n;
  demand(
    account.balance === last,
    "3 (balance)",
    `the account has ${account.balance}, its last entry ${last}.`,
  );
}

function checkGrants({ entries, grants, account }: Ledger): void {
  const name = "4 (grants)";
  const opened = new Map(grants.map((grant) => [grant.seq, grant]));
  demand(opened.size === grants.length, name, "two grants have one seq.");
  const remaining = new Map<number, bigint>();
  let debt = 0n;
  for (const entry of entries) {
    const grant = opened.get(entry.seq);
    checkOpening(entry, grant);
    if (grant !== undefined) remaining.set(grant.seq, grant.credits);
    for (const draw of entry.draws) {
      const left = (remaining.get(draw.grant) ?? -1n) - draw.credits;
      const whole = opened.get(draw.grant)?.credits ?? -1n;
      demand(
        remaining.has(draw.grant),
        name,
        `entry ${entry.seq} draws from grant ${draw.grant}, not open yet.`,
      );
      demand(left >= 0n, name, `entry ${entry.seq} leaves ${left} of grant ${draw.grant}.`);
      demand(left <= whole, name, `entry ${entry.seq} fills grant ${draw.grant} to ${left} of ${whole}.`);
      remaining.set(draw.grant, left);
    }
    debt += entry.debt;
    demand(debt >= 0n, name, `the debt is ${debt} after entry ${entry.seq}.`);
    const moved = (grant?.credits ?? 0n) - total(entry.draws.map((draw) => draw.credits)) - entry.debt;
    demand(
      entry.credits === moved,
      name,
      `entry ${entry.seq} has ${entry.credits} but opens, draws and owes ${moved}.`,
    );
    const covered = total([...remaining.values()]) - debt;
    demand(
      covered === entry.balance,
      name,
      `grants less debt are ${covered} after entry ${entry.seq}, not ${entry.balance}.`,
    );
  }
  for (const grant of grants) {
    const left = remaining.get(grant.seq);
    demand(left !== undefined, name, `grant ${grant.seq} has no entry.`);
    demand(grant.remaining === left, name, `grant ${grant.seq} has ${grant.remaining} remain, not ${left}.`);
  }
  demand(account.debt === debt, name, `the account owes ${account.debt}, its entries say ${debt}.`);
}

function checkOpening(entry: PredictedEntry, grant: Grant | undefined): void {
  const name = "4 (grants)";
  const isAdjustment = entry.type === "correction" && !["refund", "writeoff", "expiry"].includes(entry.kind);
  const mustOpen = entry.type === "grant" || (isAdjustment && entry.credits > 0n);
  if (grant === undefined) {
    demand(!mustOpen, name, `entry ${entry.seq} (${entry.kind}) opens no grant.`);
    return;
  }
  demand(mustOpen || entry.kind === "refund", name, `entry ${entry.seq} (${entry.kind}) can't open a grant.`);
  demand(grant.kind === entry.kind, name, `grant ${grant.seq} is ${grant.kind}, its entry ${entry.kind}.`);
  demand(grant.credits > 0n, name, `grant ${grant.seq} was opened with ${grant.credits}.`);
  demand(
    mustOpen ? grant.credits === entry.credits : grant.credits <= entry.credits,
    name,
    `grant ${grant.seq} holds ${grant.credits}, its entry has ${entry.credits}.`,
  );
  demand(
    grant.expiresAt === null || grant.expiresAt >= grant.recordedAt,
    name,
    `grant ${grant.seq} ends before it was recorded.`,
  );
}

function checkRefunds({ entries }: Ledger): void {
  const name = "4 (refunds)";
  for (const refund of entries.filter((entry) => entry.kind === "refund")) {
    const target = entries.find((entry) => entry.seq === refund.refundOf);
    demand(
      target !== undefined && target.seq < refund.seq,
      name,
      `entry ${refund.seq} returns no earlier entry.`,
    );
    demand(refund.credits > 0n, name, `entry ${refund.seq} returns ${refund.credits}.`);
    const returned = total(
      entries.filter((each) => each.refundOf === target.seq).map((each) => each.credits),
    );
    demand(
      returned <= -target.credits,
      name,
      `${returned} were returned of entry ${target.seq}, which took ${-target.credits}.`,
    );
    const given = refund.draws.filter((draw) => draw.credits < 0n);
    demand(
      given.every((draw) => target.draws.some((other) => other.grant === draw.grant)),
      name,
      `entry ${refund.seq} gives back to a grant that entry ${target.seq} never drew from.`,
    );
  }
  const others = entries.filter((entry) => entry.kind !== "refund");
  for (const entry of others) {
    const takes = (draw: Draw) => draw.credits >= 0n;
    demand(entry.refundOf === null, name, `entry ${entry.seq} (${entry.kind}) claims to return another.`);
    demand(
      entry.draws.every(takes),
      name,
      `entry ${entry.seq} (${entry.kind}) gives credits back to a grant.`,
    );
  }
}

function checkHolds({ entries, holds, account }: Ledger): void {
  const name = "4 (holds)";
  const held = total(holds.filter((hold) => hold.status === "open").map((hold) => hold.credits));
  demand(account.held === held, name, `the account holds ${account.held}, its open holds ${held}.`);
  for (const hold of holds) {
    demand(
      (hold.status === "settled") === (hold.settledSeq !== null),
      name,
      `hold ${hold.id} is ${hold.status} and was settled by ${hold.settledSeq}.`,
    );
    const entry = entries[(hold.settledSeq ?? 0) - 1];
    demand(
      hold.settledSeq === null || entry?.kind === hold.kind,
      name,
      `hold ${hold.id} of ${hold.kind} was settled by entry ${hold.settledSeq}, ${entry?.kind}.`,
    );
  }
  const settled = holds.map((hold) => hold.settledSeq).filter((seq) => seq !== null);
  demand(new Set(settled).size === settled.length, name, "one entry settles two holds.");
}

function checkKeys({ entries, holds }: Ledger): void {
  const keys = [
    ...entries.map((entry) => entry.key),
    ...holds.flatMap((hold) => [hold.key, hold.releaseKey]),
  ].filter((key) => key !== null);
  const repeated = keys.find((key, index) => keys.indexOf(key) !== index);
  demand(repeated === undefined, "6 (once)", `the key ${repeated} moved something twice.`);
}
