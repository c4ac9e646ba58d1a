import { MICROS_MAX, type Micros, micros } from "../../src/core/amount.js";
import type { Grant } from "../../src/core/entry.js";
import type { Instant } from "../../src/core/instant.js";
import type { PredictedEntry, PredictedHold } from "./books.js";
import {
  type Command,
  type KeyedCommand,
  NOT_ATTRIBUTED,
  NOT_DESCRIBED,
  NOT_MEASURED,
  type UsageCommand,
} from "./commands.js";
import { toCell, toWindows, WINDOW_MICROS } from "./rows.js";
import type { Discount, Moment, Quantity, Step, StepCommand, Wish } from "./wishes.js";

/** An account when a step begins. */
export interface Known {
  readonly account: string;
  readonly overdraftLimit: Micros;
  readonly entries: readonly PredictedEntry[];
  readonly grants: readonly Grant[];
  readonly holds: readonly PredictedHold[];
  /** All commands that were sent before, refused or not, the oldest first. */
  readonly sent: readonly KeyedCommand[];
}

/** Returns the moment of a step. The clock never runs backwards. */
export function resolveClock({ advance }: Step, before: Instant, accounts: readonly Known[]): Instant {
  const dues = accounts
    .flatMap(({ grants, holds }) => [
      ...grants.flatMap((grant) => [grant.effectiveAt, grant.expiresAt ?? before]),
      ...holds.filter((hold) => hold.status === "open").map((hold) => hold.expiresAt),
    ])
    .filter((due) => due > before);
  const origin = {
    later: before,
    boundary: (toCell(before) + 1) * WINDOW_MICROS,
    due: dues.length === 0 ? before : Math.min(...dues),
  }[advance.to];
  return Math.max(before, origin + advance.micros) as Instant;
}

/** Returns all commands of a step in their order of arrival. `name` makes keys and the like unique in the run. */
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

/** Returns the command of a step command on its account, or the commands of a burst. */
export function resolve(step: StepCommand, known: Known, now: Instant, name: string): Command[] {
  const { wish, key } = step;
  if (wish.op === "touch") return [{ op: "touch", account: known.account }];
  if (wish.op === "burst") return burst(wish, known, now, name);
  if (wish.op === "backlog") return backlog(wish, known, now, name);
  const fresh = toCommand(wish, known, now, name);
  const earlier = key === "new" ? undefined : known.sent.at(-1 - (key.back % (known.sent.length || 1)));
  if (key === "new" || earlier === undefined) return [fresh];
  return [key.again === "same" ? again(earlier, name) : { ...fresh, key: earlier.key }];
}

/** Returns the same command as a client that lost the response would send it: names of objects in another order. */
function again(command: KeyedCommand, name: string): KeyedCommand {
  const turned = Object.fromEntries(
    Object.entries(command)
      .toReversed()
      .map(([field, value]) => [field, isRecord(value) ? reverse(value) : value]),
  ) as unknown as KeyedCommand;
  return turned.op === "hold" ? { ...turned, hold: `hold ${name}` } : turned;
}

const isRecord = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const reverse = (record: object) => Object.fromEntries(Object.entries(record).toReversed());

function burst(wish: Extract<Wish, { op: "burst" }>, known: Known, now: Instant, name: string): Command[] {
  const first = Array.from({ length: wish.groups }, (_, group) => ({ group, isLate: false }));
  return [...first, ...wish.tail].map(({ group, isLate }, index) => ({
    ...toBurstUsage(known, `${name}.${index + 1}`),
    project: { id: `burst-${(group % wish.groups) + 1}`, label: null },
    occurredAt: isLate ? toMoment({ from: "cell", micros: -1 }, known, now) : null,
  }));
}

function backlog(
  wish: Extract<Wish, { op: "backlog" }>,
  known: Known,
  now: Instant,
  name: string,
): Command[] {
  return wish.windows.map((late, index) => ({
    ...toBurstUsage(known, `${name}.${index + 1}`),
    occurredAt: toMoment({ from: "cell", micros: -late * WINDOW_MICROS }, known, now),
  }));
}

function toBurstUsage({ account }: Known, name: string): UsageCommand {
  return {
    ...NOT_DESCRIBED,
    ...NOT_ATTRIBUTED,
    ...NOT_MEASURED,
    op: "usage",
    account,
    key: `key ${name}`,
    kind: "runtime_usage",
    credits: micros(1_000n),
    occurredAt: null,
  };
}

type SingleWish = Exclude<Wish, { op: "touch" | "burst" | "backlog" }>;

function toCommand(wish: SingleWish, known: Known, now: Instant, name: string): KeyedCommand {
  const common = { account: known.account, key: `key ${name}` };
  const quantity = (wanted: Quantity) => toQuantity(wanted, known, now);
  switch (wish.op) {
    case "grant": {
      const { effective, expires, ...facts } = wish;
      const moments = {
        effectiveAt: toMoment(effective, known, now),
        expiresAt: toMoment(expires, known, now),
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
      const charge = toCharge(quantity(wish.credits), discount);
      const kind = wish.kind ?? "ai_usage";
      return { ...common, ...facts, ...charge, kind, occurredAt: toMoment(occurred, known, now) };
    }
    case "spend": {
      const { discount, ...facts } = wish;
      const charge = toCharge(quantity(wish.credits), discount);
      // A discount could not be stated for a part of the amount.
      const atMost = charge.originalCredits === null ? wish.atMost : null;
      return { ...common, ...facts, ...charge, atMost };
    }
    case "hold":
      return { ...common, ...wish, hold: `hold ${name}`, credits: quantity(wish.credits) };
    case "settle":
      return settle(wish, known, now, common);
    case "extend":
      return { ...common, ...wish, hold: chooseHold(wish.hold, known)?.id ?? "hold of nobody" };
    case "voidGrant":
      return { ...common, ...wish, grant: chooseGrant(wish.grant, known, now) };
    case "extendGrant": {
      const { expires, ...facts } = wish;
      const grant = chooseGrant(wish.grant, known, now);
      return { ...common, ...facts, grant, expiresAt: toMoment(expires, known, now) };
    }
    case "release":
      return { ...common, op: "release", hold: chooseHold(wish.hold, known)?.id ?? "hold of nobody" };
    case "refund":
      return refund(wish, known, common);
    case "adjust": {
      const { down, ...facts } = wish;
      const credits = quantity(wish.credits);
      return { ...common, ...facts, credits: down ? micros(-credits) : credits };
    }
    case "writeOff":
      return { ...common, ...wish, credits: quantity(wish.credits) };
  }
}

function settle(
  wish: Extract<Wish, { op: "settle" }>,
  known: Known,
  now: Instant,
  common: { readonly account: string; readonly key: string },
): KeyedCommand {
  const { extra: _extra, part: _part, discount: _discount, ...facts } = wish;
  const hold = chooseHold(wish.hold, known);
  const whole = hold?.credits ?? micros(2_000_000n);
  const extra = toQuantity(wish.extra, known, now);
  const uncovered = toQuantity({ of: "spendable", micro: 3n }, known, now);
  // An amount that is refused by itself comes only with a hold that is not.
  const part = hold?.status === "open" || wish.part !== "nothing" ? wish.part : "all";
  const credits = {
    half: whole / 2n || 1n,
    all: whole,
    more: extra > 0n && extra <= MICROS_MAX - whole ? whole + extra : MICROS_MAX,
    uncovered: uncovered <= MICROS_MAX - whole ? whole + uncovered : MICROS_MAX,
    nothing: 0n,
  }[part];
  const charge =
    part === "nothing"
      ? { credits: micros(0n), originalCredits: wish.discount === "free" ? whole : null }
      : toCharge(micros(credits), wish.discount === "wrong" || part === "uncovered" ? "none" : wish.discount);
  const excess = wish.excess === "cap" && charge.originalCredits !== null ? null : wish.excess;
  return { ...common, ...facts, ...charge, excess, hold: hold?.id ?? "hold of nobody" };
}

function refund(
  wish: Extract<Wish, { op: "refund" }>,
  known: Known,
  common: { readonly account: string; readonly key: string },
): KeyedCommand {
  const { part: _part, ...facts } = wish;
  const target = chooseEntry(wish.entry, known);
  const earlier = known.entries.filter((entry) => entry.refundOf === target?.seq);
  const took = -(target?.credits ?? -3_000_000n);
  const left = earlier.reduce((rest, entry) => rest - entry.credits, took);
  // An amount that is refused by itself comes only with an entry that is not.
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
  const asked = credits === null ? null : micros(credits > MICROS_MAX ? MICROS_MAX : credits);
  return { ...common, ...facts, entry, credits: asked };
}

function chooseHold({ among, back }: { among: string; back: number }, { holds }: Known) {
  const open = holds.filter((hold) => hold.status === "open");
  const choices = among === "none" ? [] : among === "any" || open.length === 0 ? holds : open;
  return choices.at(-1 - (back % (choices.length || 1)));
}

function chooseGrant({ among, back }: { among: string; back: number }, { grants }: Known, now: Instant) {
  const live = grants.filter(({ expiresAt }) => expiresAt === null || expiresAt > now);
  const choices = among === "none" ? [] : among === "any" || live.length === 0 ? grants : live;
  return choices.at(-1 - (back % (choices.length || 1)))?.seq ?? 1_000;
}

function chooseEntry({ among, back }: { among: string; back: number }, { entries }: Known) {
  const debits = entries.filter((entry) => entry.credits < 0n && entry.kind !== "expiry");
  const choices = among === "none" ? [] : among === "any" || debits.length === 0 ? entries : debits;
  return choices.at(-1 - (back % (choices.length || 1)));
}

function toMoment(moment: Moment, { entries }: Known, now: Instant): Instant | null {
  if (moment === null) return null;
  const thisCell = toCell(now);
  const origin = {
    now,
    cell: thisCell * WINDOW_MICROS,
    window: (toWindows(entries).at(-1)?.cell ?? thisCell) * WINDOW_MICROS,
    epoch: 0,
  }[moment.from];
  return (origin + moment.micros) as Instant;
}

function toQuantity({ of, micro }: Quantity, known: Known, now: Instant): Micros {
  if (of === "itself") return micros(micro);
  const { entries, grants, holds, overdraftLimit } = known;
  const isGone = (end: Instant | null) => end !== null && end <= now;
  const usable = grants.filter((grant) => grant.effectiveAt <= now && !isGone(grant.expiresAt));
  const open = holds.filter((hold) => hold.status === "open" && !isGone(hold.expiresAt));
  const isUsable = (seq: number) => usable.some((grant) => grant.seq === seq);
  // Credits that holds have set aside of grants that have expired since belong to them alone.
  const kept = open.flatMap((hold) => hold.reserved).filter((draw) => !isUsable(draw.grant));
  const spendable =
    usable.reduce((total, grant) => total + grant.remaining, 0n) +
    kept.reduce((total, draw) => total + draw.credits, 0n) -
    entries.reduce((total, entry) => total + entry.debt, 0n) -
    open.reduce((total, hold) => total + hold.credits, 0n) +
    overdraftLimit +
    micro;
  return micros(spendable > 0n && spendable <= MICROS_MAX ? spendable : 1_000_000n);
}

function toCharge(
  credits: Micros,
  discount: Discount,
): { readonly credits: Micros; readonly originalCredits: Micros | null } {
  if (credits <= 0n || discount === "none") return { credits, originalCredits: null };
  if (discount === "free") return { credits: micros(0n), originalCredits: credits };
  const original = {
    equal: credits,
    fifth: (credits * 5n) / 4n,
    eighth: (credits * 8n) / 7n,
    tiny: credits + 1n,
    "almost all": credits * 100_000n,
    huge: MICROS_MAX,
    wrong: credits - 1n,
  }[discount];
  return { credits, originalCredits: micros(original > MICROS_MAX ? MICROS_MAX : original) };
}
