import type * as wire from "@credit-activity/client";
import { formatAmount, type Micros, ZERO } from "../core/amount.js";
import { toDiscount } from "../core/charge.js";
import type { ActivityRow, Entry, Grant, Hold } from "../core/entry.js";
import type { DimensionName, Discounted, Facts } from "../core/facts.js";
import { formatInstant, type Instant } from "../core/instant.js";
import { CATEGORY, TYPE } from "../core/kinds.js";
import type { Account } from "../queries/account.js";
import type { Dimensioned, ToLabel } from "../queries/labels.js";
import type { Total, TotalsBy } from "../queries/totals.js";
import type { Kinds } from "./kinds.js";

/** The kinds of block that every account shows what remains of, besides those of type grant. */
const OPENED_BY_CORRECTIONS = ["refund", "adjustment"];

const NO_METADATA: wire.Metadata = Object.freeze({});

/** Presents what the ledger has as what it returns. */
export interface Presenter {
  amount(amount: bigint): wire.Amount;
  account(account: Account): wire.Account;
  entry(entry: Entry, toLabel: ToLabel): wire.Entry;
  row(row: ActivityRow, toLabel: ToLabel): wire.ActivityRow;
  hold(hold: Hold, toLabel: ToLabel): wire.Hold;
  grant(grant: Grant): wire.Grant;
  /** @param day the day of the total with the balance at its end; null if the totals are by another fact */
  total(total: Total, by: TotalsBy, day: TotalDay | null, toLabel: ToLabel): wire.Total;
}

/** A day of totals. */
export interface TotalDay {
  readonly date: string;
  readonly balance: Micros;
}

/**
 * Makes a presenter.
 *
 * @param seesPrivate true to include the facts that account tokens never read
 */
export function createPresenter(kinds: Kinds, seesPrivate: boolean): Presenter {
  const none = Object.fromEntries(
    [...kinds.names("grant"), ...OPENED_BY_CORRECTIONS].map((kind) => [kind, toAmount(ZERO)]),
  );
  return {
    amount: toAmount,
    account: (account) => ({
      id: account.id,
      name: account.name,
      timeZone: account.timeZone,
      overdraftLimit: toAmount(account.overdraftLimit),
      metadata: account.metadata,
      balance: toAmount(account.balance),
      held: toAmount(account.held),
      pending: toAmount(account.pending),
      available: toAmount(account.available),
      remaining: toRemaining(none, account.remaining),
      closedAt: toTime(account.closedAt),
      nextExpiry: toNextExpiry(account.nextExpiry),
      createdAt: formatInstant(account.createdAt),
      updatedAt: formatInstant(account.updatedAt),
    }),

    entry(entry, toLabel) {
      const { facts } = entry;
      const presented = {
        seq: entry.seq,
        kind: entry.kind,
        type: entry.type,
        category: CATEGORY[entry.type],
        title: entry.title ?? kinds.toTitle(entry.kind),
        credits: toAmount(entry.credits),
        originalCredits: toOriginal(facts),
        discountPercent: toPercent(toDiscount(entry.credits, facts)),
        balance: toAmount(entry.balance),
        occurredAt: formatInstant(entry.occurredAt),
        recordedAt: formatInstant(entry.recordedAt),
        key: entry.key,
        refundOf: entry.refundOf,
        grant: entry.grant,
        hash: entry.hash,
        description: facts.description,
        source: facts.source,
        project: toDimension(facts, "project", toLabel),
        member: toDimension(facts, "member", toLabel),
        task: toDimension(facts, "task", toLabel),
        price: facts.price,
        quantities: facts.quantities as wire.Entry["quantities"],
        estimated: facts.estimated ?? false,
        metadata: facts.metadata ?? NO_METADATA,
        cost: facts.cost === null ? null : toAmount(facts.cost),
        privateMetadata: facts.privateMetadata ?? NO_METADATA,
      };
      if (seesPrivate) return presented;
      const { cost, privateMetadata, ...visible } = presented;
      return visible;
    },

    row: (row, toLabel) => ({
      position: row.position,
      kind: row.kind,
      type: TYPE[row.category],
      category: row.category,
      title: row.title ?? kinds.toTitle(row.kind),
      nouns: row.category === "used" ? kinds.toNouns(row.kind) : null,
      description: row.description,
      source: row.source,
      project: toDimension(row, "project", toLabel),
      member: toDimension(row, "member", toLabel),
      task: toDimension(row, "task", toLabel),
      various: [...row.various],
      startedAt: formatInstant(row.startedAt),
      endedAt: formatInstant(row.endedAt),
      entries: row.entries,
      firstSeq: row.firstSeq,
      lastSeq: row.lastSeq,
      credits: toAmount(row.credits),
      originalCredits: toOriginal(row),
      discountPercent: toPercent(row.discount),
      balance: toAmount(row.balance),
    }),

    hold(hold, toLabel) {
      const { facts } = hold;
      const presented = {
        id: hold.id,
        kind: hold.kind,
        title: kinds.toTitle(hold.kind),
        credits: toAmount(hold.credits),
        status: hold.status,
        createdAt: formatInstant(hold.createdAt),
        expiresAt: formatInstant(hold.expiresAt),
        settledSeq: hold.settledSeq,
        key: hold.key,
        description: facts.description,
        source: facts.source,
        project: toDimension(facts, "project", toLabel),
        member: toDimension(facts, "member", toLabel),
        task: toDimension(facts, "task", toLabel),
        metadata: facts.metadata ?? NO_METADATA,
        privateMetadata: facts.privateMetadata ?? NO_METADATA,
      };
      if (seesPrivate) return presented;
      const { privateMetadata, ...visible } = presented;
      return visible;
    },

    grant: (grant) => ({
      seq: grant.seq,
      kind: grant.kind,
      title: grant.title ?? kinds.toTitle(grant.kind),
      description: grant.description,
      source: grant.source,
      credits: toAmount(grant.credits),
      remaining: toAmount(grant.remaining),
      priority: grant.priority,
      effectiveAt: formatInstant(grant.effectiveAt),
      expiresAt: toTime(grant.expiresAt),
      only: grant.only === null ? null : [...grant.only],
      recordedAt: formatInstant(grant.recordedAt),
    }),

    total: ({ key, added, used, adjustments, entries }, by, day, toLabel) => ({
      day: day === null ? null : day.date,
      kind: by === "kind" ? key : null,
      title: by === "kind" && key !== null ? kinds.toTitle(key) : null,
      source: by === "source" && key !== null ? toSource(key) : null,
      project: by === "project" && key !== null ? { id: key, label: toLabel("project", key) } : null,
      member: by === "member" && key !== null ? { id: key, label: toLabel("member", key) } : null,
      credits: toAmount(added + used + adjustments),
      added: toAmount(added),
      used: toAmount(used),
      adjustments: toAmount(adjustments),
      entries,
      balance: day === null ? null : toAmount(day.balance),
    }),
  };
}

const toAmount = formatAmount as (amount: bigint) => wire.Amount;

const toTime = (at: Instant | null) => (at === null ? null : formatInstant(at));

/** Returns what remains by kind: zero for the kinds that every account shows, besides those that it has. */
function toRemaining(none: Readonly<Record<string, wire.Amount>>, remaining: Account["remaining"]) {
  const shown = { ...none };
  for (const [kind, amount] of remaining) shown[kind] = toAmount(amount);
  return shown;
}

function toNextExpiry(next: Account["nextExpiry"]): wire.Account["nextExpiry"] {
  return next === null
    ? null
    : { at: formatInstant(next.at), credits: toAmount(next.credits), kind: next.kind };
}

/** Parses the key of a total by source. */
function toSource(key: string): wire.Source {
  const [type, id, label] = JSON.parse(key) as [string, string | null, string];
  return { type, id, label };
}

/** Returns the amount before a discount with the sign of the credits. */
function toOriginal({ originalCredits }: Discounted): wire.Amount | null {
  return originalCredits === null ? null : toAmount(-originalCredits);
}

/** Converts a discount from tenths of a percent. */
function toPercent(tenths: number | null): number | null {
  return tenths === null ? null : tenths / 10;
}

function toDimension(facts: Dimensioned, name: DimensionName, toLabel: ToLabel): wire.Dimension | null {
  const given: Facts[DimensionName] = facts[name];
  return given === null ? null : { id: given.id, label: toLabel(name, given.id) };
}
