import type { Command, KeyedCommand } from "../../src/ledger/command.js";
import { amount, CREDITS_MAX, type Credits } from "../../src/ledger/credits.js";
import type { Entry, Grant, Hold } from "../../src/ledger/entry.js";
import type { Instant } from "../../src/ledger/instant.js";
import { cellOf, WINDOW_MICROS, windowsOf } from "./rows.js";
import type { Discount, Moment, Quantity, Step, StepCommand, Wish } from "./wishes.js";

/** What is known of one account when a step begins. */
export interface Known {
  readonly account: string;
  readonly overdraftLimit: Credits;
  readonly entries: readonly Omit<Entry, "hash" | "fingerprint">[];
  readonly grants: readonly Grant[];
  readonly holds: readonly Omit<Hold, "fingerprint" | "releaseFingerprint">[];
  /** Every command sent so far, refused or not, oldest first. */
  readonly sent: readonly KeyedCommand[];
}

/** The moment of a step. The clock never runs backwards. */
export function resolveClock({ advance }: Step, before: Instant, accounts: readonly Known[]): Instant {
  const dues = accounts
    .flatMap(({ grants, holds }) => [
      ...grants.flatMap((grant) => [grant.effectiveAt, grant.expiresAt ?? before]),
      ...holds.filter((hold) => hold.status === "open").map((hold) => hold.expiresAt),
    ])
    .filter((due) => due > before);
  const origin = {
    later: before,
    boundary: (cellOf(before) + 1) * WINDOW_MICROS,
    due: dues.length === 0 ? before : Math.min(...dues),
  }[advance.to];
  return Math.max(before, origin + advance.micros) as Instant;
}

/** All commands of a step, in their order of arrival; `name` makes what is unique in the run, such as keys, unique. */
export function resolveStep(
  step: Step,
  now: Instant,
  accounts: readonly Known[],
  name: string,
): readonly Command[] {
  const commands: Command[] = [];
  for (const [index, each] of step.commands.entries()) {
    const known = accounts[each.account % accounts.length] as Known;
    const earlier = commands.filter((command) => command.op !== "touch");
    const sent = [...known.sent, ...earlier.filter((command) => command.account === known.account)];
    commands.push(...resolve(each, { ...known, sent }, now, `${name}.${index + 1}`));
  }
  return commands;
}

/** The commands (only of a burst more than one) a step command comes to on what is known of its account. */
export function resolve(step: StepCommand, known: Known, now: Instant, name: string): Command[] {
  const { wish, key } = step;
  if (wish.op === "touch") return [{ op: "touch", account: known.account }];
  if (wish.op === "burst") return burst(wish, known, now, name);
  const fresh = commandOf(wish, known, now, name);
  const earlier = key === "new" ? undefined : known.sent.at(-1 - (key.back % (known.sent.length || 1)));
  if (key === "new" || earlier === undefined) return [fresh];
  return [key.again === "same" ? again(earlier, name) : { ...fresh, key: earlier.key }];
}

/** The same command once more, as a client that lost the answer would send it: keys of objects in another order. */
function again(command: KeyedCommand, name: string): KeyedCommand {
  const turned = Object.fromEntries(Object.entries(command).toReversed()) as unknown as KeyedCommand;
  if (turned.op === "hold") return { ...turned, hold: `hold ${name}` };
  if (turned.op === "release") return turned;
  return { ...turned, metadata: Object.fromEntries(Object.entries(turned.metadata).toReversed()) };
}

function burst(wish: Extract<Wish, { op: "burst" }>, known: Known, now: Instant, name: string): Command[] {
  const first = Array.from({ length: wish.groups }, (_, group) => ({ group, isLate: false }));
  return [...first, ...wish.tail].map(({ group, isLate }, index) => ({
    op: "usage",
    account: known.account,
    key: `key ${name}.${index + 1}`,
    kind: "runtime_usage",
    credits: amount(1_000n),
    originalCredits: null,
    source: null,
    project: `burst-${(group % wish.groups) + 1}`,
    description: null,
    occurredAt: isLate ? momentOf({ from: "cell", micros: -1 }, known, now) : null,
    metadata: {},
  }));
}

type SingleWish = Exclude<Wish, { op: "touch" | "burst" }>;

function commandOf(wish: SingleWish, known: Known, now: Instant, name: string): KeyedCommand {
  const common = { account: known.account, key: `key ${name}` };
  const quantity = (wanted: Quantity) => quantityOf(wanted, known, now);
  switch (wish.op) {
    case "grant": {
      const { effective, expires, ...facts } = wish;
      const moments = {
        effectiveAt: momentOf(effective, known, now),
        expiresAt: momentOf(expires, known, now),
      };
      return {
        ...common,
        ...facts,
        ...moments,
        title: wish.kind === "bonus" ? wish.title : null,
        credits: quantity(wish.credits),
      };
    }
    case "usage": {
      const { occurred, discount, ...facts } = wish;
      const charge = chargeOf(quantity(wish.credits), discount);
      return { ...common, ...facts, ...charge, occurredAt: momentOf(occurred, known, now) };
    }
    case "spend": {
      const { discount, ...facts } = wish;
      return { ...common, ...facts, ...chargeOf(quantity(wish.credits), discount) };
    }
    case "hold":
      return { ...common, ...wish, hold: `hold ${name}`, credits: quantity(wish.credits) };
    case "settle":
      return settle(wish, known, now, common);
    case "release":
      return { ...common, op: "release", hold: holdChosen(wish.hold, known)?.hold ?? "hold of nobody" };
    case "refund":
      return refund(wish, known, common);
    case "adjust": {
      const { down, ...facts } = wish;
      const credits = quantity(wish.credits);
      return { ...common, ...facts, credits: down ? amount(-credits) : credits };
    }
    case "writeoff":
      return { ...common, ...wish, credits: quantity(wish.credits) };
  }
}

function settle(
  wish: Extract<Wish, { op: "settle" }>,
  known: Known,
  now: Instant,
  common: { readonly account: string; readonly key: string },
): KeyedCommand {
  const { description, metadata } = wish;
  const hold = holdChosen(wish.hold, known);
  const whole = hold?.credits ?? amount(2_000_000n);
  const extra = quantityOf(wish.extra, known, now);
  // An amount that is refused by itself only comes with a hold that is not.
  const part = hold?.status === "open" || wish.part !== "nothing" ? wish.part : "all";
  const credits = {
    half: whole / 2n || 1n,
    all: whole,
    more: extra > 0n && extra <= CREDITS_MAX - whole ? whole + extra : CREDITS_MAX,
    nothing: 0n,
  }[part];
  const charge =
    part === "nothing"
      ? { credits: amount(0n), originalCredits: wish.discount === "free" ? whole : null }
      : chargeOf(amount(credits), wish.discount === "wrong" ? "none" : wish.discount);
  return { ...common, ...charge, op: "settle", hold: hold?.hold ?? "hold of nobody", description, metadata };
}

function refund(
  wish: Extract<Wish, { op: "refund" }>,
  known: Known,
  common: { readonly account: string; readonly key: string },
): KeyedCommand {
  const { source, description, metadata } = wish;
  const target = entryChosen(wish.entry, known);
  const earlier = known.entries.filter((entry) => entry.refundOf === target?.seq);
  const took = -(target?.credits ?? -3_000_000n);
  const left = earlier.reduce((rest, entry) => rest - entry.credits, took);
  // An amount that is refused by itself only comes with an entry that is not.
  const isFit = target !== undefined && left > 0n;
  const credits = {
    rest: null,
    "rest exactly": isFit ? left : 1n,
    third: took >= 3n ? took / 3n : 1n,
    least: 1n,
    "too much": isFit ? left + 1n : 1n,
    nothing: isFit ? 0n : null,
  }[wish.part];
  const entry = target?.seq ?? known.entries.length + 1_000;
  const asked = credits === null ? null : amount(credits > CREDITS_MAX ? CREDITS_MAX : credits);
  return { ...common, op: "refund", entry, credits: asked, source, description, metadata };
}

function holdChosen({ among, back }: { among: string; back: number }, { holds }: Known) {
  const open = holds.filter((hold) => hold.status === "open");
  const choices = among === "none" ? [] : among === "any" || open.length === 0 ? holds : open;
  return choices.at(-1 - (back % (choices.length || 1)));
}

function entryChosen({ among, back }: { among: string; back: number }, { entries }: Known) {
  const debits = entries.filter((entry) => entry.credits < 0n && entry.kind !== "expiry");
  const choices = among === "none" ? [] : among === "any" || debits.length === 0 ? entries : debits;
  return choices.at(-1 - (back % (choices.length || 1)));
}

function momentOf(moment: Moment, { entries }: Known, now: Instant): Instant | null {
  if (moment === null) return null;
  const thisCell = cellOf(now);
  const origin = {
    now,
    cell: thisCell * WINDOW_MICROS,
    window: (windowsOf(entries).at(-1)?.cell ?? thisCell) * WINDOW_MICROS,
    epoch: 0,
  }[moment.from];
  return (origin + moment.micros) as Instant;
}

function quantityOf({ of, micro }: Quantity, known: Known, now: Instant): Credits {
  if (of === "itself") return amount(micro);
  const { entries, grants, holds, overdraftLimit } = known;
  const isGone = (end: Instant | null) => end !== null && end <= now;
  const usable = grants.filter((grant) => grant.effectiveAt <= now && !isGone(grant.expiresAt));
  const open = holds.filter((hold) => hold.status === "open" && !isGone(hold.expiresAt));
  const spendable =
    usable.reduce((total, grant) => total + grant.remaining, 0n) -
    entries.reduce((total, entry) => total + entry.debt, 0n) -
    open.reduce((total, hold) => total + hold.credits, 0n) +
    overdraftLimit +
    micro;
  return amount(spendable > 0n && spendable <= CREDITS_MAX ? spendable : 1_000_000n);
}

function chargeOf(
  credits: Credits,
  discount: Discount,
): { readonly credits: Credits; readonly originalCredits: Credits | null } {
  if (credits <= 0n || discount === "none") return { credits, originalCredits: null };
  if (discount === "free") return { credits: amount(0n), originalCredits: credits };
  const original = {
    equal: credits,
    fifth: (credits * 5n) / 4n,
    eighth: (credits * 8n) / 7n,
    tiny: credits + 1n,
    "almost all": credits * 100_000n,
    huge: CREDITS_MAX,
    wrong: credits - 1n,
  }[discount];
  return { credits, originalCredits: amount(original > CREDITS_MAX ? CREDITS_MAX : original) };
}
