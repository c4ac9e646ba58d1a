import type { GrantCommand, SpendCommand, UsageCommand } from "../src/ledger/command.js";
import { credits } from "../src/ledger/credits.js";
import type { Instant } from "../src/ledger/instant.js";

/** A purchase, for tests to vary. */
export function grantOf(account: string, key: string, amount: string): GrantCommand {
  return {
    op: "grant",
    account,
    key,
    kind: "purchase",
    title: null,
    credits: credits(amount),
    source: null,
    priority: 100,
    effectiveAt: null,
    expiresAt: null,
    description: null,
    metadata: {},
  };
}

/** A spend of AI usage, for tests to vary. */
export function spendOf(account: string, key: string, amount: string): SpendCommand {
  return {
    op: "spend",
    account,
    key,
    kind: "ai_usage",
    credits: credits(amount),
    originalCredits: null,
    source: null,
    project: null,
    description: null,
    metadata: {},
  };
}

/** Reported AI usage, for tests to vary. */
export function usageOf(account: string, key: string, amount: string, occurredAt?: Instant): UsageCommand {
  return { ...spendOf(account, key, amount), op: "usage", occurredAt: occurredAt ?? null };
}
