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
 * @throws TypeError if a rate or an amount is negative, or if a rate table or a version is not valid
 * @throws InvalidAmountError if a rate or an amount is not valid
 */
export function toCharge(price: Price, usage: Usage, model: Model): Charge {
  const rated = typeof price === "function" ? price(usage, model) : price;
  if (typeof rated !== "object") return { micros: toPositive("The price", rated), version: null };
  if (!("input" in rated)) {
    const micros = toPositive("The price", rated.credits);
    return { micros, version: rated.version === undefined ? null : toGiven(rated.version) };
  }
  checkTable(rated);
  const rates = toRates(rated);
  const sum = POOLS.reduce((total, pool) => total + BigInt(usage[pool]) * rates[pool], 0n);
  return {
    micros: (sum + TOKENS_PER_RATE / 2n) / TOKENS_PER_RATE,
    version: rated.version === undefined ? toVersion(rated, rates) : toGiven(rated.version),
  };
}

/**
 * Checks the names of a rate table.
 *
 * @throws TypeError if a rate is missing, or if a name is not one of a rate
 */
export function checkTable(table: unknown): asserts table is RateTable {
  if (typeof table !== "object" || table === null) {
    throw new TypeError(`price is ${String(table)}. Give a rate table or a function.`);
  }
  for (const name of Object.keys(table)) {
    if (name === "version" || (POOLS as readonly string[]).includes(name)) continue;
    throw new TypeError(`price.${name} is not a rate. Use ${toChoice(POOLS)}.`);
  }
  for (const name of ["input", "output"] as const) {
    if ((table as Partial<RateTable>)[name] !== undefined) continue;
    throw new TypeError(`price.${name} is missing. Give its credits per million tokens.`);
  }
}

/** Writes names as a choice, such as "a, b or c". */
export function toChoice(names: readonly string[]): string {
  return `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}

/** Returns a version that the ledger takes. */
function toGiven(version: string): string {
  if (typeof version === "string" && version.length >= 1 && version.length <= VERSION_LENGTH_MAX) {
    return version;
  }
  throw new TypeError(
    `price.version is not a string of 1 to ${VERSION_LENGTH_MAX} characters. Give a shorter one, or none.`,
  );
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
