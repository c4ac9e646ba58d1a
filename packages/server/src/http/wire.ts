import { type Credits, formatCredits } from "../ledger/credits.js";
import type { ActivityRow, Entry, Grant, Hold } from "../ledger/entry.js";
import { discountOf } from "../ledger/group.js";
import { formatInstant, type Instant } from "../ledger/instant.js";
import { BLOCK_KINDS, categoryOf, countOf, isUsage, titleOf } from "../ledger/kinds.js";
import type { ActivityPage } from "../service/service.js";
import type { Account } from "../store/accounts.js";

const amountOrNull = (amount: Credits | null) => (amount === null ? null : formatCredits(amount));
const timeOrNull = (time: Instant | null) => (time === null ? null : formatInstant(time));
const percentOf = (discount: number | null) => (discount === null ? null : discount / 10);

/** An account as it goes over the wire. */
export function accountJson(account: Account) {
  return {
    account: account.account,
    name: account.name,
    time_zone: account.timeZone,
    overdraft_limit: formatCredits(account.overdraftLimit),
    metadata: account.metadata,
    balance: formatCredits(account.balance),
    held: formatCredits(account.held),
    available: formatCredits(account.available),
    remaining: Object.fromEntries(
      BLOCK_KINDS.map((kind) => [kind, formatCredits(account.remaining[kind] ?? 0n)]),
    ),
    created_at: formatInstant(account.createdAt),
    updated_at: formatInstant(account.updatedAt),
  };
}

/** An entry as it goes over the wire. */
export function entryJson(entry: Entry) {
  return {
    seq: entry.seq,
    kind: entry.kind,
    category: categoryOf(entry.kind),
    title: entry.title ?? titleOf(entry.kind),
    description: entry.description,
    source: entry.source,
    project: entry.project,
    credits: formatCredits(entry.credits),
    original_credits: amountOrNull(entry.originalCredits),
    discount_percent: percentOf(discountOf(entry.credits, entry.originalCredits)),
    balance: formatCredits(entry.balance),
    occurred_at: formatInstant(entry.occurredAt),
    recorded_at: formatInstant(entry.recordedAt),
    key: entry.key,
    hash: entry.hash,
    metadata: { ...entry.metadata },
  };
}

/** An activity row as it goes over the wire. */
export function rowJson(row: ActivityRow) {
  const counted = isUsage(row.kind) ? countOf(row.kind, row.entries) : null;
  return {
    position: row.position,
    kind: row.kind,
    category: row.category,
    title: row.title ?? titleOf(row.kind),
    description: row.description ?? counted,
    common_description: row.description,
    source: row.source,
    project: row.project,
    started_at: formatInstant(row.startedAt),
    ended_at: formatInstant(row.endedAt),
    entries: row.entries,
    first_seq: row.firstSeq,
    last_seq: row.lastSeq,
    credits: formatCredits(row.credits),
    original_credits: amountOrNull(row.originalCredits),
    discount_percent: percentOf(row.discount),
    balance: formatCredits(row.balance),
  };
}

/** A page of activity as it goes over the wire. */
export function activityJson(page: ActivityPage) {
  return {
    rows: page.rows.map(rowJson),
    from: page.from,
    to: page.to,
    total: page.total,
    page: page.page,
    pages: page.pages,
    as_of: page.asOf,
    balance: formatCredits(page.balance),
  };
}

/** A hold as it goes over the wire. */
export function holdJson(hold: Hold) {
  return {
    hold: hold.hold,
    kind: hold.kind,
    credits: formatCredits(hold.credits),
    description: hold.description,
    source: hold.source,
    project: hold.project,
    status: hold.status,
    created_at: formatInstant(hold.createdAt),
    expires_at: formatInstant(hold.expiresAt),
    settled_seq: hold.settledSeq,
    key: hold.key,
  };
}

/** A grant as it goes over the wire. */
export function grantJson(grant: Grant) {
  return {
    seq: grant.seq,
    kind: grant.kind,
    title: grant.title ?? titleOf(grant.kind),
    description: grant.description,
    source: grant.source,
    credits: formatCredits(grant.credits),
    remaining: formatCredits(grant.remaining),
    priority: grant.priority,
    effective_at: formatInstant(grant.effectiveAt),
    expires_at: timeOrNull(grant.expiresAt),
    recorded_at: formatInstant(grant.recordedAt),
  };
}
