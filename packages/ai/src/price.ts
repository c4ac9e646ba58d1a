import { type AmountInput, fromMicros, toMicros } from "@credit-activity/client";
import { POOLS, type Usage } from "./usage.js";

/** Rates in credits per million tokens, such as `{ input: "3", cacheRead: "0.3", output: "15" }`. */
export interface RateTable {
  /** The version of the price that entries name. Default: the rates themselves, such as `"input 3, output 15 per 1M"`. */
  readonly version?: string;
  readonly input: AmountInput;
  /** Default: the rate of input. */
  readonly cacheRead?: AmountInput;
  /** Default: the rate of input. */
  readonly cacheWrite?: AmountInput;
  readonly output: AmountInput;
  /** Default: the rate of output. */
  readonly reasoning?: AmountInput;
}

/** Credits, and the version of the price that they were computed by. */
export interface Rated {
  readonly credits: AmountInput;
  readonly version?: string;
}

/** The model of a call. */
export interface Model {
  /** The provider, such as `"openai"`. */
  readonly provider: string;
  /** The id of the model, such as `"gpt-5.5"`, as it was requested. */
  readonly id: string;
}

/** Prices the usage of a model: it returns credits, or the rate table of the model. */
export type PriceFunction = (usage: Usage, model: Model) => AmountInput | Rated | RateTable;

/** The price of calls: one rate table, or a function of the usage and the model. */
export type Price = RateTable | PriceFunction;

/** The charge of a call in micro-credits, and the version of its price. */
export interface Charge {
  readonly micros: bigint;
  readonly version: string | null;
}

const TOKENS_PER_RATE = 1_000_000n;
const VERSION_LENGTH_MAX = 128;

/**
 * Computes the charge of a usage, rounded half up once to micro-credits.
 *
 * @throws TypeError if a rate or an amount is negative, or if the rates are too long to name the price
 * @throws InvalidAmountError if a rate or an amount is not valid
 */
export function toCharge(price: Price, usage: Usage, model: Model): Charge {
  const rated = typeof price === "function" ? price(usage, model) : price;
  if (typeof rated !== "object") return { micros: toPositive("The price", rated), version: null };
  if (!("input" in rated)) {
    return { micros: toPositive("The price", rated.credits), version: rated.version ?? null };
  }
  const rates = toRates(rated);
  const sum = POOLS.reduce((total, pool) => total + BigInt(usage[pool]) * rates[pool], 0n);
  return {
    micros: (sum + TOKENS_PER_RATE / 2n) / TOKENS_PER_RATE,
    version: rated.version ?? toVersion(rated, rates),
  };
}

function toRates(table: RateTable): Record<keyof Usage, bigint> {
  const input = toPositive("The rate of input", table.input);
  const output = toPositive("The rate of output", table.output);
  const or = (pool: "cacheRead" | "cacheWrite" | "reasoning", byDefault: bigint) => {
    const rate = table[pool];
    return rate === undefined ? byDefault : toPositive(`The rate of ${pool}`, rate);
  };
  return {
    input,
    cacheRead: or("cacheRead", input),
    cacheWrite: or("cacheWrite", input),
    output,
    reasoning: or("reasoning", output),
  };
}

/** Names a price by its rates, so that equal rates have one version and other rates have another. */
function toVersion(table: RateTable, rates: Record<keyof Usage, bigint>): string {
  const given = POOLS.filter((pool) => table[pool] !== undefined);
  const version = `${given.map((pool) => `${pool} ${fromMicros(rates[pool])}`).join(", ")} per 1M`;
  if (version.length <= VERSION_LENGTH_MAX) return version;
  throw new TypeError("The rates of the table are too long to name its price. Give the table a version.");
}

function toPositive(name: string, amount: AmountInput): bigint {
  const micros = toMicros(amount);
  if (micros >= 0n) return micros;
  throw new TypeError(`${name} ${fromMicros(micros)} is negative. Give 0 or more.`);
}
