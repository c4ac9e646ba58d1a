import type * as wire from "@credit-activity/client";
import { formatAmount, ZERO } from "../core/amount.js";
import { toDiscount } from "../core/charge.js";
import type { ActivityRow, Entry, Grant, Hold } from "../core/entry.js";
import type { DimensionName, Discounted, Facts } from "../core/facts.js";
import { formatInstant } from "../core/instant.js";
import { CATEGORY, TYPE } from "../core/kinds.js";
import type { Account } from "../queries/account.js";
import type { Dimensioned, ToLabel } from "../queries/labels.js";
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
      available: toAmount(account.available),
      remaining: toRemaining(none, account.remaining),
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
      expiresAt: grant.expiresAt === null ? null : formatInstant(grant.expiresAt),
      recordedAt: formatInstant(grant.recordedAt),
    }),
  };
}

const toAmount = formatAmount as (amount: bigint) => wire.Amount;

/** Returns what remains by kind: zero for the kinds that every account shows, besides those that it has. */
function toRemaining(none: Readonly<Record<string, wire.Amount>>, remaining: Account["remaining"]) {
  const shown = { ...none };
  for (const [kind, amount] of remaining) shown[kind] = toAmount(amount);
  return shown;
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
