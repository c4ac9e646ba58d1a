import type { Amount } from "@credit-activity/client";
import { type Charge, toCharge } from "../cents.js";

/** The cause of usage. */
export interface Cause {
  readonly kind: "ai_usage" | "build_usage" | "runtime_usage";
  readonly source: { readonly type: string; readonly id: string; readonly label: string };
  readonly project: string;
  readonly description: string;
}

/** Usage within one of the ledger's windows of five minutes. It becomes one row of the page. */
export interface Session extends Cause {
  readonly count: number;
  /** The total before a discount, in hundredths of a credit. */
  readonly cents: number;
  readonly discount: Discount | null;
}

/** A discount with exact amounts. Of every `of` hundredths it charges `parts`. */
export interface Discount {
  readonly parts: number;
  readonly of: number;
}

export const TWENTY_OFF: Discount = { parts: 4, of: 5 };
export const EIGHTH_OFF: Discount = { parts: 7, of: 8 };

/** One usage event of a session. */
export interface SeedEvent extends Cause, Charge {
  readonly id: string;
  readonly atMs: number;
}

/** A command that adds or corrects credits. */
export type Movement =
  | {
      readonly op: "grant";
      readonly kind: "monthly_grant" | "purchase" | "bonus" | "manual_grant";
      readonly credits: Amount;
      readonly title?: string;
      readonly description: string;
      readonly source: { readonly type: string; readonly id: string; readonly label: string };
      readonly expiresAtMs?: number;
    }
  | {
      readonly op: "refund";
      /** The id of the usage event that is refunded. */
      readonly event: string;
      readonly description: string;
    }
  | { readonly op: "adjust" | "writeOff"; readonly credits: Amount; readonly description: string };

/** One step of the history. Its id is part of its key, so it counts once. */
export type SeedStep =
  | { readonly id: string; readonly atMs: number; readonly usage: readonly SeedEvent[] }
  | { readonly id: string; readonly atMs: number; readonly movement: Movement };

/** Creates a generator of random numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const WINDOW_MS = 5 * 60_000;

/**
 * Returns a step of concurrent sessions within the window of a time.
 *
 * @param lastMs the latest time of an event, for a window that is still open
 */
export function createSessionStep(
  id: string,
  atMs: number,
  sessions: readonly Session[],
  lastMs = Infinity,
): SeedStep {
  const startMs = Math.floor(atMs / WINDOW_MS) * WINDOW_MS;
  const endMs = Math.min(startMs + WINDOW_MS - 20_000, lastMs);
  const usage = sessions
    .flatMap((session, index) => createEvents(`${id}.${index}`, startMs + index * 9_000, endMs, session))
    .sort((one, other) => one.atMs - other.atMs);
  return { id, atMs: usage.at(-1)?.atMs ?? atMs, usage };
}

function createEvents(id: string, startMs: number, endMs: number, session: Session): SeedEvent[] {
  const { count, cents, discount, ...cause } = session;
  const unit = discount?.of ?? 1;
  const amounts = apportion(Math.round(cents / unit), count, createRandom(cents * 31 + count));
  const strideMs = Math.max(1_000, (endMs - startMs - 6_000) / Math.max(1, count - 1));
  return amounts.map((units, index) => ({
    ...cause,
    id: `${id}.${index}`,
    ...toCharge(units * (discount?.parts ?? 1), discount === null ? null : units * unit),
    atMs: Math.floor(startMs + 4_000 + index * strideMs + ((index * 7_919) % 900)),
  }));
}

/** Splits a whole number into uneven parts of at least 1. */
function apportion(total: number, count: number, random: () => number): number[] {
  const weights = Array.from({ length: count }, () => 0.4 + random());
  const sum = weights.reduce((one, other) => one + other, 0);
  const parts = weights.map((weight) => Math.max(1, Math.floor((total * weight) / sum)));
  const rest = total - parts.reduce((one, other) => one + other, 0);
  parts[0] = Math.max(1, (parts[0] ?? 0) + rest);
  return parts;
}
