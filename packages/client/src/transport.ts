import { type LedgerError, ServerError, toUnsendable } from "./errors.js";
import { parseProblem } from "./problems.js";
import { type CompleteResponse, toHttpError, toReason, toResponseError, toSentence } from "./response.js";
import type { TokenSource } from "./tokens.js";

/** The settings of a transport. */
export interface TransportConfig {
  readonly baseUrl: string;
  readonly tokens: TokenSource;
  readonly fetch: typeof globalThis.fetch;
  readonly retries: number;
  readonly timeoutMs: number;
  readonly retryDelayMs: number;
}

/** A request without its origin and token. */
export interface RequestPlan {
  readonly method: "GET" | "PUT" | "POST";
  readonly path: string;
  readonly query?: object;
  readonly body?: unknown;
  readonly key?: string;
  readonly signal?: AbortSignal | undefined;
}

type Outcome = { readonly response: CompleteResponse } | { readonly failure: unknown };

const DELAY_MS_MAX = 10_000;
const RETRY_AFTER_MS_MAX = 60_000;
const RETRIED_STATUSES: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);

/**
 * Sends a request and returns the JSON of its response. It repeats failed tries with the same key after a pause.
 * It replaces a refused token once. A token that is refused again, or that lacks the permission, is not used again.
 */
export async function send(config: TransportConfig, plan: RequestPlan): Promise<unknown> {
  checkBaseUrl(config.baseUrl);
  const name = `${plan.method} ${plan.path}`;
  const url = `${config.baseUrl}${plan.path}${toQueryString(plan.query)}`;
  const body = plan.body === undefined ? null : toBody(plan.body);
  let tries = 0;
  let tokenReplaced = false;

  for (;;) {
    const token = await untilAborted(config.tokens.get(), plan.signal);
    const init: RequestInit = { method: plan.method, headers: toHeaders(plan, token), body };
    const outcome = await tryOnce(config, url, init, plan.signal);
    tries += 1;

    if ("response" in outcome) {
      const { response } = outcome;
      if (response.status >= 200 && response.status < 300) return parseSuccess(name, response);
      if (response.status === 401 && !tokenReplaced && config.tokens.discard(token)) {
        tokenReplaced = true;
        continue;
      }
      if (response.status === 401 || response.status === 403) config.tokens.discard(token);
      if (!RETRIED_STATUSES.has(response.status)) throw toResponseError(name, response);
    }
    const pause = pauseBefore(config, tries, outcome);
    if (pause === null) throw toUnavailable(name, plan.key ?? null, tries, outcome);
    await sleep(pause, plan.signal);
  }
}

/**
 * Refuses a relative URL outside a browser. The check is part of a request, because a page's server creates the same
 * clients as its browser, and sends nothing.
 */
function checkBaseUrl(baseUrl: string): void {
  if (globalThis.location !== undefined || URL.canParse(baseUrl)) return;
  throw toUnsendable(
    "baseUrl",
    `The baseUrl ${JSON.stringify(baseUrl)} is not absolute. Outside a browser it must be, such as "https://credits.example.com".`,
  );
}

async function tryOnce(
  config: TransportConfig,
  url: string,
  init: RequestInit,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const abort = () => controller.abort(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  const timer = setTimeout(() => {
    controller.abort(new DOMException(`No response within ${config.timeoutMs} ms.`, "TimeoutError"));
  }, config.timeoutMs);
  try {
    const response = await config.fetch(url, { ...init, signal: controller.signal });
    return { response: await complete(response) };
  } catch (error) {
    signal?.throwIfAborted();
    return { failure: controller.signal.aborted ? controller.signal.reason : error };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

async function complete(response: Response): Promise<CompleteResponse> {
  return {
    status: response.status,
    contentType: response.headers.get("content-type") ?? "",
    body: await response.text(),
    retryAfterMs: parseRetryAfter(response.headers.get("retry-after")),
  };
}

function toHeaders(plan: RequestPlan, token: string): Headers {
  const headers = new Headers({ accept: "application/json" });
  if (plan.body !== undefined) headers.set("content-type", "application/json");
  if (plan.key !== undefined) headers.set("idempotency-key", plan.key);
  try {
    headers.set("authorization", `Bearer ${token}`);
  } catch {
    throw toUnsendable(
      "token",
      "The key or token has characters that a header can't carry. Check its source.",
    );
  }
  return headers;
}

function toQueryString(query: object = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null) continue;
    if (value instanceof Date) checkValue(name, value);
    search.set(name, value instanceof Date ? value.toISOString() : String(value));
  }
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}

/** Refuses values that JSON would change to null without an error. */
function toBody(body: unknown): string {
  checkValue("", body);
  return JSON.stringify(body);
}

function checkValue(path: string, value: unknown): void {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw toUnsendable(path, `${path} is ${value}. Check how it was calculated.`);
  }
  if (typeof value === "bigint") {
    throw toUnsendable(path, `${path} is a bigint. Write it as a string, such as "12.5".`);
  }
  if (value instanceof Date && Number.isNaN(value.getTime())) {
    throw toUnsendable(path, `${path} is an invalid Date. Check how it was made.`);
  }
  if (typeof value !== "object" || value === null) return;
  for (const [name, part] of Object.entries(value)) checkValue(path === "" ? name : `${path}.${name}`, part);
}

function parseSuccess(name: string, response: CompleteResponse): unknown {
  try {
    const value: unknown = JSON.parse(response.body);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // The error below has the beginning of the body.
  }
  throw new ServerError(
    `${name} returned ${response.status} without a JSON object. ${toReason(response)} Check that baseUrl is where the API is mounted.`,
    { code: "unexpected_response", facts: {}, status: response.status, problem: null },
  );
}

/** Returns a random pause up to a bound that doubles per try, so that many clients don't return at once. */
function pauseBefore(config: TransportConfig, tries: number, outcome: Outcome): number | null {
  if (tries > config.retries) return null;
  const bound = Math.min(DELAY_MS_MAX, config.retryDelayMs * 2 ** (tries - 1));
  const requested = "response" in outcome ? outcome.response.retryAfterMs : null;
  if (requested === null) return Math.random() * bound;
  return requested > RETRY_AFTER_MS_MAX ? null : requested + Math.random() * config.retryDelayMs;
}

function toUnavailable(name: string, key: string | null, tries: number, outcome: Outcome): LedgerError {
  const sent = `${name} was sent ${tries === 1 ? "once" : `${tries} times`}`;
  const remedy =
    key === null
      ? "Try again later."
      : `The command may have been carried out. It is safe to send it again with the key ${JSON.stringify(key)}.`;
  if ("failure" in outcome) {
    const { failure: cause } = outcome;
    const message = `${sent} and got no response: ${toMessage(cause)} Check baseUrl and the network. ${remedy}`;
    return toHttpError("unavailable", null, { message, status: null, cause, tries, key });
  }
  const { status, body, retryAfterMs } = outcome.response;
  const problem = parseProblem(body, status);
  const message = `${sent} and got ${status} last: ${toReason(outcome.response, problem)} ${remedy}`;
  const retryAfterSeconds = retryAfterMs === null ? null : Math.ceil(retryAfterMs / 1000);
  return toHttpError("unavailable", problem, { message, status, tries, retryAfterSeconds, key });
}

/** Parses a Retry-After header, in seconds or as a date. Returns null if it is missing or not valid. */
export function parseRetryAfter(value: string | null, nowMs = Date.now()): number | null {
  if (value === null || value.trim() === "") return null;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000;
  const dateMs = Date.parse(value);
  return Number.isNaN(dateMs) ? null : Math.max(0, dateMs - nowMs);
}

function toMessage(failure: unknown): string {
  const cause = failure instanceof Error && failure.cause instanceof Error ? failure.cause : failure;
  return toSentence(cause instanceof Error ? cause.message || cause.name : String(cause));
}

/** Waits until the time is over or the signal aborts. */
function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout>;
  const elapsed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return untilAborted(elapsed, signal).finally(() => clearTimeout(timer));
}

function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return promise;
  return new Promise<Value>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
