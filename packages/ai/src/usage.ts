/**
 * The tokens of a call, in pools that exclude each other. Each token is in exactly one pool, so a price adds them up.
 * Providers report other pools: OpenAI counts cached tokens as input too, and Anthropic does not.
 */
export interface Usage {
  /** Input tokens that were neither read from a cache nor written to it. */
  readonly input: number;
  /** Input tokens that were read from a cache. */
  readonly cacheRead: number;
  /** Input tokens that were written to a cache. */
  readonly cacheWrite: number;
  /** Output tokens without reasoning. */
  readonly output: number;
  /** Output tokens of reasoning. */
  readonly reasoning: number;
}

/** The input pools of a call. */
export type InputUsage = Pick<Usage, "input" | "cacheRead" | "cacheWrite">;

/** The output pools of a call. */
export type OutputUsage = Pick<Usage, "output" | "reasoning">;

export const NO_INPUT: InputUsage = { input: 0, cacheRead: 0, cacheWrite: 0 };
export const NO_OUTPUT: OutputUsage = { output: 0, reasoning: 0 };

/** The usage that a provider reports. A part is null if the report has none. Pools may be missing that came before. */
export interface Reported {
  readonly input: Partial<InputUsage> | null;
  readonly output: Partial<OutputUsage> | null;
}

/** Splits an input total that includes the cached tokens. It returns null if the total is not a number. */
export function splitInput(total: unknown, cacheRead: unknown, cacheWrite: unknown): InputUsage | null {
  if (!isCount(total)) return null;
  const read = toCount(cacheRead);
  const write = toCount(cacheWrite);
  return { input: Math.max(0, toCount(total) - read - write), cacheRead: read, cacheWrite: write };
}

/**
 * Splits an output total that includes the reasoning tokens, which are at most the total. It returns null if the total is
 * not a number.
 */
export function splitOutput(total: unknown, reasoning: unknown): OutputUsage | null {
  if (!isCount(total)) return null;
  const all = toCount(total);
  const reasoned = Math.min(all, toCount(reasoning));
  return { output: all - reasoned, reasoning: reasoned };
}

/** Converts the count of a provider to a whole number. What is not a number counts as 0. */
export function toCount(value: unknown): number {
  return isCount(value) ? Math.max(0, Math.round(value)) : 0;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

const QUANTITIES = {
  input: "inputTokens",
  cacheRead: "cacheReadTokens",
  cacheWrite: "cacheWriteTokens",
  output: "outputTokens",
  reasoning: "reasoningTokens",
} as const satisfies Record<keyof Usage, string>;

/** The names of the pools of usage. */
export const POOLS = Object.keys(QUANTITIES) as readonly (keyof Usage)[];

/** Returns the quantities of an entry. Pools without tokens are left out. */
export function toQuantities(usage: Usage): Record<string, number> {
  const used = POOLS.filter((pool) => usage[pool] > 0);
  return Object.fromEntries(used.map((pool) => [QUANTITIES[pool], usage[pool]]));
}
