import { addAmounts, type Entry, type Hold, LedgerError } from "@credit-activity/client";
import { expect } from "vitest";
import { formatAmount } from "../../src/core/amount.js";
import { formatInstant, type Instant, parseInstant } from "../../src/core/instant.js";
import type { Database } from "../../src/db/port.js";
import type { LocalLedger } from "../../src/index.js";
import type { Case, Expectation, Pages, Step } from "./cases.js";

/** The ledger on which cases are played, with its database and its clock. */
export interface Stage {
  readonly ledger: Pick<
    LocalLedger,
    | "putAccount"
    | "getAccount"
    | "grant"
    | "spend"
    | "usage"
    | "hold"
    | "settle"
    | "release"
    | "refund"
    | "adjust"
    | "writeOff"
    | "voidGrant"
    | "entries"
    | "grants"
    | "sweep"
  >;
  readonly database: Database;
  setClock(now: Instant): void;
}

const MICROS: Readonly<Record<string, number>> = {
  us: 1,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
  d: 86_400_000_000,
};

/** The codes of this ledger for the cases' own names of refusals. */
const CODES: Readonly<Record<string, string>> = {
  amount_format: "bad_request",
  invalid_input: "bad_request",
};

interface Result {
  readonly entry: Entry | null;
  readonly hold: Hold | null;
  readonly repeated: boolean;
}

/**
 * Plays a case on new accounts.
 *
 * @throws Error that names the first step that did not do as the case expects
 */
export async function playCase(
  stage: Stage,
  { id, start = "2026-01-01T00:00:00Z", steps }: Case,
): Promise<void> {
  const { ledger, database } = stage;
  const origin = parseInstant(start);
  const names = new Map<string, Result>();
  const opened = new Set<string>();
  let events = 0;
  stage.setClock(origin);

  const toInstant = (time: string): Instant => {
    const [, count, unit = ""] = /^([+-]\d+)(us|s|m|h|d)$/.exec(time) ?? [];
    return count === undefined
      ? parseInstant(time)
      : ((origin + Number(count) * (MICROS[unit] ?? 1)) as Instant);
  };
  const toTime = (time: string | undefined) => (time === undefined ? null : formatInstant(toInstant(time)));
  const toAccount = (name = "main") => `${id} ${name}`;

  async function open(step: Step): Promise<string> {
    const account = toAccount(step.account);
    if (step.noOpen === true || (opened.has(account) && step.open !== true)) return account;
    opened.add(account);
    const { overdraft = null, metadata = null } = step.open === true ? step : {};
    await ledger.putAccount(account, { overdraftLimit: overdraft as `${number}`, metadata });
    return account;
  }

  /** Runs the command of a step, or returns null if it has none. */
  async function run(step: Step): Promise<Result | null> {
    const account = await open(step);
    const { description = null, metadata = null } = step;
    const described = { description, metadata };
    const options = step.key === undefined ? {} : { key: step.key };
    const amount = (value: unknown) => value as `${number}`;
    if (step.grant !== undefined) {
      const terms = {
        priority: step.priority ?? null,
        effectiveAt: toTime(step.from),
        expiresAt: toTime(step.until),
      };
      const input = { kind: step.kind ?? "bonus", credits: amount(step.grant), ...terms, ...described };
      return { hold: null, ...(await ledger.grant(account, input, options)) };
    }
    if (step.spend !== undefined)
      return {
        hold: null,
        ...(await ledger.spend(account, { credits: amount(step.spend), ...described }, options)),
      };
    if (step.hold !== undefined) {
      const input = { credits: amount(step.hold), expiresIn: step.for ?? null, ...described };
      return { entry: null, ...(await ledger.hold(account, input, options)) };
    }
    if (step.settle !== undefined)
      return ledger.settle(account, toHold(step.of), { credits: amount(step.settle), ...described }, options);
    if (step.release !== undefined)
      return { entry: null, ...(await ledger.release(account, toHold(step.release), options)) };
    if (step.refund !== undefined) {
      const entry =
        typeof step.refund === "number" ? step.refund : (names.get(step.refund)?.entry?.seq as number);
      const input = {
        entry,
        credits: step.credits === undefined ? null : amount(step.credits),
        ...described,
      };
      return { hold: null, ...(await ledger.refund(account, input, options)) };
    }
    const reasoned = { ...described, description: description ?? "Case" };
    if (step.adjust !== undefined)
      return {
        hold: null,
        ...(await ledger.adjust(account, { credits: amount(step.adjust), ...reasoned }, options)),
      };
    if (step.voidGrant !== undefined) {
      const grant = names.get(step.voidGrant)?.entry?.seq as number;
      return { hold: null, ...(await ledger.voidGrant(account, { grant, ...reasoned }, options)) };
    }
    if (step.writeOff !== undefined)
      return {
        hold: null,
        ...(await ledger.writeOff(account, { credits: amount(step.writeOff), ...reasoned }, options)),
      };
    if (step.usage !== undefined) {
      const [result] = await report([step]);
      if (result?.status === "refused") throw Object.assign(new Error(result.error.detail), result.error);
      if (result?.status === "failed") throw new Error(result.error.detail);
      return result === undefined
        ? null
        : { entry: result.entry, hold: null, repeated: result.status === "duplicate" };
    }
    return null;
  }

  async function report(steps: readonly Step[]) {
    const { results } = await ledger.usage(
      steps.map((step) => ({
        id: step.key ?? `event-${++events}`,
        account: toAccount(step.account),
        kind: "ai_usage",
        credits: step.usage as `${number}`,
        occurredAt: toTime(step.occurred),
        description: step.description ?? null,
        metadata: step.metadata ?? null,
      })),
    );
    return results;
  }

  const toHold = (name: string | undefined) => names.get(name ?? "")?.hold?.id ?? name ?? "";

  async function play(step: Step): Promise<void> {
    if (step.t !== undefined) stage.setClock(toInstant(step.t));
    else if (step.sweep === true) await ledger.sweep();
    else if (step.parallel !== undefined) await playParallel(step);
    else if (step.times !== undefined) await playTimes(step);
    else if (step.usageBatch !== undefined) {
      await open(step);
      const results = await report(step.usageBatch);
      expect(results.map(({ status }) => status)).toEqual(step.statuses);
    } else if (step.usageMany !== undefined) {
      await open(step);
      const { count, each, chunk } = step.usageMany;
      for (let sent = 0; sent < count; sent += chunk)
        await report(Array.from({ length: Math.min(chunk, count - sent) }, () => ({ usage: each })));
    } else if (step.pages !== undefined) await checkPages(toAccount(step.account), step.pages);
    else if (step.expect !== undefined) await checkState(await open(step), step.expect);
    else await playOne(step);
  }

  async function playOne(step: Step): Promise<void> {
    let result: Result | null;
    try {
      result = await run(step);
    } catch (error) {
      if (step.fails === undefined) throw error;
      const { code } = error as LedgerError;
      if (step.fails === true) expect(code).toBeTypeOf("string");
      else expect(code).toBe(CODES[step.fails] ?? step.fails);
      return;
    }
    expect(step.fails, "the command was to be refused").toBeUndefined();
    if (result === null) return;
    if (step.as !== undefined) names.set(step.as, result);
    const { entry, repeated } = result;
    if (step.repeated === true) expect(repeated).toBe(true);
    if (step.same !== undefined) expect(entry).toEqual(names.get(step.same)?.entry);
    if (step.balance !== undefined) expect(entry?.balance).toBe(step.balance);
    if (step.moved !== undefined) expect(entry?.credits).toBe(step.moved);
    if (step.meta !== undefined) expect(entry?.metadata).toEqual(step.meta);
    if (step.draws !== undefined || step.debt !== undefined)
      await checkDraws(toAccount(step.account), entry?.seq ?? 0, step);
  }

  async function checkDraws(account: string, seq: number, { draws, debt }: Step): Promise<void> {
    const [row] = await database.query<{ draw_grants: bigint[]; draw_credits: bigint[]; debt: bigint }>(
      "SELECT draw_grants, draw_credits, debt FROM credits.entries WHERE account = $1 AND seq = $2::bigint",
      [account, seq],
    );
    if (debt !== undefined) expect(formatAmount(row?.debt ?? 0n)).toBe(debt);
    const drawn = row?.draw_grants.map((grant, at) => [
      Number(grant),
      formatAmount(row.draw_credits[at] ?? 0n),
    ]);
    if (draws !== undefined)
      expect(drawn).toEqual(draws.map(([name, credits]) => [names.get(name)?.entry?.seq, credits]));
  }

  async function playParallel({ parallel = [], ok, refused }: Step): Promise<void> {
    const tries = await Promise.allSettled(parallel.map((step) => run(step)));
    for (const one of tries) if (one.status === "rejected") expect(one.reason).toBeInstanceOf(LedgerError);
    const posted = tries.filter(({ status }) => status === "fulfilled").length;
    if (ok !== undefined) expect(posted).toBe(ok);
    if (refused !== undefined) expect(tries.length - posted).toBe(refused);
  }

  async function playTimes({ times = 0, each = {}, as, ok }: Step): Promise<void> {
    await open(each);
    const tries = await Promise.allSettled(Array.from({ length: times }, () => run(each)));
    tries.forEach((one, index) => {
      if (one.status === "fulfilled" && one.value !== null) names.set(`${as}${index}`, one.value);
    });
    expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(ok ?? times);
  }

  async function checkState(account: string, wanted: Expectation): Promise<void> {
    const found = await ledger.getAccount(account);
    if (wanted.balance !== undefined) expect(found.balance).toBe(wanted.balance);
    if (wanted.available !== undefined) expect(found.available).toBe(wanted.available);
    if (wanted.held !== undefined) expect(found.held).toBe(wanted.held);
    if (wanted.meta !== undefined) expect(found.metadata).toEqual(wanted.meta);
    const entries = await listEntries(account);
    const toShort = ({ kind, credits, balance }: Entry) => [kind, credits, balance];
    if (wanted.count !== undefined) expect(entries).toHaveLength(wanted.count);
    if (wanted.entries !== undefined) expect(entries.map(toShort)).toEqual(wanted.entries);
    if (wanted.last !== undefined) expect(toShort(entries.at(-1) as Entry)).toEqual(wanted.last);
    if (wanted.occurred !== undefined)
      expect(entries.map(({ occurredAt }) => occurredAt)).toEqual(wanted.occurred.map(toTime));
    if (wanted.recorded !== undefined)
      expect(entries.map(({ recordedAt }) => recordedAt)).toEqual(wanted.recorded.map(toTime));
    if (wanted.used !== undefined) expect(toUsed(entries)).toBe(wanted.used);
    if (wanted.debt !== undefined) {
      const [row] = await database.query<{ debt: bigint }>(
        "SELECT debt FROM credits.accounts WHERE account = $1",
        [account],
      );
      expect(formatAmount(row?.debt ?? 0n)).toBe(wanted.debt);
    }
    for (const [time, balance] of Object.entries(wanted.balanceAt ?? {})) {
      const before = entries.filter(({ occurredAt }) => occurredAt <= (toTime(time) ?? ""));
      expect([time, before.at(-1)?.balance ?? "0"]).toEqual([time, balance]);
    }
    if (wanted.grants !== undefined) await checkGrants(account, wanted.grants);
  }

  async function checkGrants(account: string, wanted: Readonly<Record<string, string>>): Promise<void> {
    const { grants } = await ledger.grants(account, { limit: 1_000 });
    const remaining = new Map(grants.map((grant) => [grant.seq, grant.remaining]));
    const found = Object.keys(wanted).map((name) => [name, remaining.get(names.get(name)?.entry?.seq ?? 0)]);
    expect(Object.fromEntries(found)).toEqual(wanted);
  }

  async function listEntries(account: string): Promise<readonly Entry[]> {
    return (await ledger.entries(account, { order: "asc", limit: 1_000 })).entries;
  }

  async function checkPages(
    account: string,
    { list, order, limits, sizes, by, items, more }: Pages,
  ): Promise<void> {
    let cursor: string | null = null;
    const parts: (readonly (string | number)[])[] = [];
    for (const limit of limits) {
      const query = cursor === null ? { limit } : { limit, cursor };
      const part = await readPart(account, list, query, order);
      parts.push(part.items.map((item) => (by === "seq" ? item.seq : item.credits)));
      cursor = part.nextCursor;
    }
    if (sizes !== undefined) expect(parts.map(({ length }) => length)).toEqual(sizes);
    if (items !== undefined) expect(parts.flat()).toEqual(items);
    if (more !== undefined) expect(cursor !== null).toBe(more);
  }

  async function readPart(
    account: string,
    list: Pages["list"],
    query: { limit: number; cursor?: string },
    order: Pages["order"] = "desc",
  ): Promise<{ items: readonly { seq: number; credits: string }[]; nextCursor: string | null }> {
    if (list === "grants") {
      const { grants, nextCursor } = await ledger.grants(account, query);
      return { items: grants, nextCursor };
    }
    const { entries, nextCursor } = await ledger.entries(account, { ...query, order });
    return { items: entries, nextCursor };
  }

  for (const [index, step] of steps.entries()) {
    try {
      await play(step);
    } catch (error) {
      throw new Error(`step ${index + 1}: ${(error as Error).message}`, { cause: error });
    }
  }
}

/** Returns what usage took, less refunds. */
function toUsed(entries: readonly Entry[]): string {
  const used = entries.filter(({ type, kind }) => type === "usage" || kind === "refund");
  return used.reduce<string>((total, { credits }) => addAmounts(total as `${number}`, negate(credits)), "0");
}

const negate = (credits: string) =>
  (credits.startsWith("-") ? credits.slice(1) : credits === "0" ? "0" : `-${credits}`) as `${number}`;
