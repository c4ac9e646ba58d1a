import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type {
  AdjustCommand,
  GrantCommand,
  HoldCommand,
  RefundCommand,
  ReleaseCommand,
  SettleCommand,
  SpendCommand,
  UsageCommand,
  WriteoffCommand,
} from "../ledger/command.js";
import type { Metadata, Source } from "../ledger/entry.js";
import { DEFAULT_PRIORITY } from "../ledger/post.js";
import { HOLD_SECONDS_DEFAULT } from "./fields.js";
import type * as inputs from "./inputs.js";

/** A checked input: what is left out may be absent or undefined. */
type Checked<S extends z.ZodType> = z.output<S>;

function sourceOf(source: Checked<typeof inputs.spendInput>["source"]): Source | null {
  return source == null ? null : { type: source.type, id: source.id ?? null, label: source.label };
}

/** The metadata is copied, since the caller may go on using it. */
function described(input: { description?: string | null | undefined; metadata?: Metadata | undefined }) {
  return { description: input.description ?? null, metadata: { ...input.metadata } };
}

export function grantCommand(
  account: string,
  key: string,
  input: Checked<typeof inputs.grantInput>,
): GrantCommand {
  return {
    op: "grant",
    account,
    key,
    kind: input.kind,
    title: input.title ?? null,
    credits: input.credits,
    source: sourceOf(input.source),
    priority: input.priority ?? DEFAULT_PRIORITY,
    effectiveAt: input.effectiveAt ?? null,
    expiresAt: input.expiresAt ?? null,
    ...described(input),
  };
}

export function spendCommand(
  account: string,
  key: string,
  input: Checked<typeof inputs.spendInput>,
): SpendCommand {
  return {
    op: "spend",
    account,
    key,
    kind: input.kind ?? "ai_usage",
    credits: input.credits,
    originalCredits: input.originalCredits ?? null,
    source: sourceOf(input.source),
    project: input.project ?? null,
    ...described(input),
  };
}

export function usageCommand(event: Checked<typeof inputs.usageEvent>): UsageCommand {
  return {
    op: "usage",
    account: event.account,
    key: event.id,
    kind: event.kind,
    credits: event.credits,
    originalCredits: event.originalCredits ?? null,
    source: sourceOf(event.source),
    project: event.project ?? null,
    occurredAt: event.occurredAt ?? null,
    ...described(event),
  };
}

export function holdCommand(
  account: string,
  key: string,
  input: Checked<typeof inputs.holdInput>,
): HoldCommand {
  return {
    op: "hold",
    account,
    key,
    hold: `hold_${randomUUID()}`,
    kind: input.kind ?? "ai_usage",
    credits: input.credits,
    source: sourceOf(input.source),
    project: input.project ?? null,
    description: input.description ?? null,
    expiresInSeconds: input.expiresIn ?? HOLD_SECONDS_DEFAULT,
  };
}

export function settleCommand(
  account: string,
  key: string,
  hold: string,
  input: Checked<typeof inputs.settleInput>,
): SettleCommand {
  return {
    op: "settle",
    account,
    key,
    hold,
    credits: input.credits,
    originalCredits: input.originalCredits ?? null,
    ...described(input),
  };
}

export function releaseCommand(account: string, key: string, hold: string): ReleaseCommand {
  return { op: "release", account, key, hold };
}

export function refundCommand(
  account: string,
  key: string,
  input: Checked<typeof inputs.refundInput>,
): RefundCommand {
  return {
    op: "refund",
    account,
    key,
    entry: input.entry,
    credits: input.credits ?? null,
    source: sourceOf(input.source),
    ...described(input),
  };
}

export function correctionCommand<Op extends "adjust" | "writeoff">(
  op: Op,
  account: string,
  key: string,
  input: Checked<typeof inputs.correctionInput>,
): AdjustCommand | WriteoffCommand {
  const source = sourceOf(input.source);
  return { op, account, key, credits: input.credits, source, ...described(input) } as
    | AdjustCommand
    | WriteoffCommand;
}
