import type { DimensionInput, Ledger, UsageEvent } from "@credit-activity/client";
import { type CountTokens, countByLength, withFallback } from "./estimate.js";
import { checkTable, type Price, toCharge, toChoice } from "./price.js";
import { Steps } from "./steps.js";
import { NO_INPUT, NO_OUTPUT } from "./usage.js";

/** The methods of a ledger that metering calls. A ledger in your process has them, and so does its HTTP client. */
export type MeteringLedger = Pick<Ledger, "hold" | "settle" | "release" | "extend" | "usage">;

/** Options of metering: who is charged, for what, and by which price. */
export interface CreditsOptions {
  readonly ledger: MeteringLedger;
  /** The account that is charged. It has to exist. */
  readonly account: string;
  /** A rate table in credits per million tokens, or a function that prices usage. */
  readonly price: Price;
  readonly project?: DimensionInput;
  readonly member?: DimensionInput;
  readonly task?: DimensionInput;
  /** A sentence for your user. */
  readonly description?: string;
  /**
   * The id of your user's request, of 1 to 200 printable ASCII characters. Each call of a request is a step, and each step
   * is charged once, however often the request is repeated. Default: each call is charged.
   */
  readonly requestId?: string;
  /** Returns the name of a model for your user. Default: its id. */
  readonly label?: (model: string) => string;
  /** The output tokens that are held for a call without a limit. Default: 4,096. */
  readonly maxOutputTokens?: number;
  /** Counts the tokens of a string for estimates, such as a tokenizer. Default: one per 3.5 bytes. */
  readonly countTokens?: CountTokens;
  /**
   * Receives the usage of a call that the ledger could not settle. Report it later with `ledger.usage([event])`, which
   * charges it once. Default: it is written to `console.error`.
   */
  readonly onUnsettled?: (event: UsageEvent, error: unknown) => void;
}

/** The names of the options. */
export const OPTIONS = [
  "ledger",
  "account",
  "price",
  "project",
  "member",
  "task",
  "description",
  "requestId",
  "label",
  "maxOutputTokens",
  "countTokens",
  "onUnsettled",
] as const satisfies readonly (keyof CreditsOptions)[];

/** Options with their defaults. */
export interface Metering extends CreditsOptions {
  readonly label: (model: string) => string;
  readonly maxOutputTokens: number;
  readonly countTokens: CountTokens;
  readonly onUnsettled: (event: UsageEvent, error: unknown) => void;
  readonly steps: Steps;
}

const MAX_OUTPUT_TOKENS_DEFAULT = 4_096;
const REQUEST_ID = /^[\x21-\x7e](?:[\x20-\x7e]{0,198}[\x21-\x7e])?$/;

/**
 * Checks options and adds their defaults.
 *
 * @throws TypeError if an option is not valid
 */
export function toMetering(options: CreditsOptions, names: readonly string[] = OPTIONS): Metering {
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) throw new TypeError(`${name} is not an option. Use ${toChoice(names)}.`);
  }
  const { price, requestId, maxOutputTokens = MAX_OUTPUT_TOKENS_DEFAULT } = options;
  if (requestId !== undefined && !REQUEST_ID.test(requestId)) {
    throw new TypeError(
      `The requestId ${JSON.stringify(requestId)} can't be a key. Use 1 to 200 printable ASCII characters.`,
    );
  }
  if (!Number.isSafeInteger(maxOutputTokens) || maxOutputTokens < 0) {
    throw new TypeError(`maxOutputTokens is ${maxOutputTokens}. Set a whole number, 0 or more.`);
  }
  if (typeof price !== "function") {
    checkTable(price);
    toCharge(price, { ...NO_INPUT, ...NO_OUTPUT }, { provider: "", id: "" });
  }
  return {
    ...options,
    label: options.label ?? ((model) => model),
    maxOutputTokens,
    countTokens: withFallback(options.countTokens ?? countByLength),
    onUnsettled: options.onUnsettled ?? reportUnsettled,
    steps: new Steps(requestId),
  };
}

function reportUnsettled(event: UsageEvent, error: unknown): void {
  console.error(
    "The ledger could not settle an AI call. Report this event with ledger.usage:",
    JSON.stringify(event),
    error,
  );
}
