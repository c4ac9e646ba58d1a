import { toUnsendable } from "./errors.js";
import type { CommandOptions } from "./ledger.js";
import { fixedToken, sharedToken } from "./tokens.js";
import type { TransportConfig } from "./transport.js";

/** Options of {@link createLedgerClient}: where the API is, and the credential. */
export type LedgerClientOptions = {
  /**
   * The URL of the API without `/v1`: `"https://credits.example.com"`, or for requests from a browser also `"/credits"`.
   */
  readonly baseUrl: string;
  /** The retries of a failed request. Default: 4. */
  readonly retries?: number;
  /** The time limit of one try, including its body. Default: 30,000. */
  readonly timeoutMs?: number;
  /** The longest first pause between tries. It doubles per try, up to ten seconds. Default: 250. */
  readonly retryDelayMs?: number;
  /** A replacement of the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
} & (
  | {
      /** A secret key, or an account token. */
      readonly key: string;
      readonly getToken?: never;
    }
  | {
      /** Returns a token. The client calls it for its first request, and again after a response with 401 or 403. */
      readonly getToken: () => string | Promise<string>;
      readonly key?: never;
    }
);

const CLIENT_OPTIONS = ["baseUrl", "key", "getToken", "retries", "timeoutMs", "retryDelayMs", "fetch"];
const CALL_OPTIONS = ["signal"];
const COMMAND_OPTIONS = ["signal", "key"];

/** The longest delay of a timer. A longer one would fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

const KEY_PATTERN = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/;

/**
 * Converts the options of a client to the settings of its transport.
 *
 * @throws TypeError if an option is missing, unknown or not valid.
 */
export function toTransportConfig(options: LedgerClientOptions): TransportConfig {
  const [unknown] = unknownNames(options, CLIENT_OPTIONS);
  if (unknown !== undefined) {
    throw new TypeError(
      `createLedgerClient has no option ${JSON.stringify(unknown)}. Use ${CLIENT_OPTIONS.join(", ")}.`,
    );
  }
  const { baseUrl, key, getToken, retries = 4, timeoutMs = 30_000, retryDelayMs = 250 } = options;
  const fetch = options.fetch ?? globalThis.fetch;
  if (getToken === undefined ? typeof key !== "string" || key === "" : key !== undefined) {
    throw new TypeError(
      `createLedgerClient got ${getToken === undefined ? "no key" : "both a key and getToken"}. Set a key, or a getToken function that returns one.`,
    );
  }
  if (typeof baseUrl !== "string") {
    throw new TypeError(
      `The baseUrl ${JSON.stringify(baseUrl)} is not a string. Set a URL, such as "https://credits.example.com".`,
    );
  }
  if (!Number.isInteger(retries) || retries < 0) {
    throw new TypeError(`retries is ${retries}. Set a whole number, 0 or more.`);
  }
  if (!(timeoutMs > 0)) throw new TypeError(`timeoutMs is ${timeoutMs}. Set a number above 0.`);
  if (!(retryDelayMs >= 0)) throw new TypeError(`retryDelayMs is ${retryDelayMs}. Set a number, 0 or more.`);
  return {
    baseUrl: baseUrl.replace(/\/+$/, ""),
    tokens: getToken === undefined ? fixedToken(key as string) : sharedToken(getToken),
    // A browser's fetch can only be called as a function, not as a method of this object.
    fetch: (input, init) => fetch(input, init),
    retries,
    timeoutMs: Math.min(timeoutMs, TIMER_MS_MAX),
    retryDelayMs,
  };
}

/** Returns the signal of a call's options. An unknown option is refused. */
export function toSignal(options: CommandOptions = {}, names = CALL_OPTIONS): AbortSignal | undefined {
  const [unknown] = unknownNames(options, names);
  if (unknown !== undefined) {
    throw toUnsendable(
      unknown,
      `The call has no option ${JSON.stringify(unknown)}. Use ${names.join(" or ")}.`,
    );
  }
  return options.signal;
}

/** Returns the signal and key of a command's options. The key is random if none is given. */
export function toCommandOptions(options: CommandOptions = {}): { key: string; signal?: AbortSignal } {
  const signal = toSignal(options, COMMAND_OPTIONS);
  const { key = crypto.randomUUID() } = options;
  if (typeof key !== "string" || !KEY_PATTERN.test(key)) {
    throw toUnsendable(
      "key",
      `The key ${JSON.stringify(key)} can't be sent in a header. Use 1 to 255 printable ASCII characters, without a space at either end.`,
    );
  }
  return { key, ...(signal && { signal }) };
}

function unknownNames(options: object, known: readonly string[]): string[] {
  return Object.keys(options).filter((name) => !known.includes(name));
}
