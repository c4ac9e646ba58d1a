/** What usage is due to. */
export interface Cause {
  readonly kind: "ai_usage" | "build_usage" | "runtime_usage";
  readonly source: { readonly type: string; readonly id: string; readonly label: string };
  readonly project: string;
  readonly description: string;
}

/** Usage that happens within one of the ledger's five-minute windows, and so becomes one row of the page. */
export interface Session extends Cause {
  readonly count: number;
  /** What it comes to in hundredths of a credit, before a discount. */
  readonly cents: number;
  readonly discount: Discount | null;
}

/** A discount whose amounts come out even: a charge is so many parts of every `of` hundredths. */
export interface Discount {
  readonly parts: number;
  readonly of: number;
}

export const twentyOff: Discount = { parts: 4, of: 5 };
export const eighthOff: Discount = { parts: 7, of: 8 };

/** One usage event of a session. */
export interface SeedEvent extends Cause {
  readonly id: string;
  readonly credits: string;
  readonly originalCredits: string | null;
  readonly atMs: number;
}

/** Something that adds or corrects credits. */
export type Movement =
  | {
      readonly op: "grant";
      readonly kind: "monthly_grant" | "purchase" | "bonus" | "manual_grant";
      readonly credits: string;
      readonly title?: string;
      readonly description: string;
      readonly source: { readonly type: string; readonly id: string; readonly label: string };
      readonly expiresAtMs?: number;
    }
  | {
      readonly op: "refund";
      /** The id of the usage event whose credits come back. */
      readonly event: string;
      readonly description: string;
    }
  | { readonly op: "adjust" | "writeOff"; readonly credits: string; readonly description: string };

/** One thing that happened. Its id is part of its key, so that it happens once. */
export type SeedStep =
  | { readonly id: string; readonly atMs: number; readonly usage: readonly SeedEvent[] }
  | { readonly id: string; readonly atMs: number; readonly movement: Movement };

/** Numbers that look random and are the same at each call with the same seed (mulberry32). */
export function numbersFrom(seed: number): () => number {
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
 * The step of sessions that go on side by side within the window a moment lies in.
 *
 * @param lastMs where the window would still be open, nothing happens after this
 */
export function sessionStep(
  id: string,
  atMs: number,
  sessions: readonly Session[],
  lastMs = Infinity,
): SeedStep {
  const startMs = Math.floor(atMs / WINDOW_MS) * WINDOW_MS;
  const endMs = Math.min(startMs + WINDOW_MS - 20_000, lastMs);
  const usage = sessions
    .flatMap((session, index) => eventsOf(`${id}.${index}`, startMs + index * 9_000, endMs, session))
    .sort((one, other) => one.atMs - other.atMs);
  return { id, atMs: usage.at(-1)?.atMs ?? atMs, usage };
}

function eventsOf(id: string, startMs: number, endMs: number, session: Session): SeedEvent[] {
  const { count, cents, discount, ...cause } = session;
  const unit = discount?.of ?? 1;
  const amounts = apportion(Math.round(cents / unit), count, numbersFrom(cents * 31 + count));
  const strideMs = Math.max(1_000, (endMs - startMs - 6_000) / Math.max(1, count - 1));
  return amounts.map((units, index) => ({
    ...cause,
    id: `${id}.${index}`,
    credits: written(units * (discount?.parts ?? 1)),
    originalCredits: discount === null ? null : written(units * unit),
    atMs: Math.floor(startMs + 4_000 + index * strideMs + ((index * 7_919) % 900)),
  }));
}

/** Splits a whole number into parts of uneven size, each at least 1, that sum up to it. */
function apportion(total: number, count: number, random: () => number): number[] {
  const weights = Array.from({ length: count }, () => 0.4 + random());
  const sum = weights.reduce((one, other) => one + other, 0);
  const parts = weights.map((weight) => Math.max(1, Math.floor((total * weight) / sum)));
  const rest = total - parts.reduce((one, other) => one + other, 0);
  parts[0] = Math.max(1, (parts[0] ?? 0) + rest);
  return parts;
}

function written(cents: number): string {
  return `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;
}
