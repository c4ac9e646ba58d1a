import {
  type CreditsError,
  errorFrom,
  type FailedAnswer,
  parseProblem,
  reasonOf,
  ServerError,
  UnavailableError,
  unsendable,
} from "./errors.js";
import type { Tokens } from "./tokens.js";

/** What a transport needs to know. */
export interface TransportConfig {
  readonly baseUrl: string;
  readonly tokens: Tokens;
  readonly fetch: typeof globalThis.fetch;
  readonly retries: number;
  readonly timeoutMs: number;
  readonly retryDelayMs: number;
}

/** One request, before it has an origin and a token. */
export interface RequestPlan {
  readonly method: "GET" | "PUT" | "POST";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly key?: string;
  readonly signal?: AbortSignal | undefined;
}

interface Answer extends FailedAnswer {
  readonly retryAfterMs: number | null;
}

type Outcome = { readonly answer: Answer } | { readonly failure: unknown };

const delayMsMax = 10_000;
const retryAfterMsMax = 60_000;
const retriedStatuses = new Set([408, 429, 502, 503, 504]);

/**
 * Sends a request until it is answered for good. A try that failed without harm is repeated with the same key after a
 * pause; a refused token is replaced once.
 */
export async function send(config: TransportConfig, plan: RequestPlan): Promise<unknown> {
  const name = `${plan.method} ${plan.path}`;
  const url = `${config.baseUrl}${plan.path}${queryString(plan.query)}`;
  const body = plan.body === undefined ? null : JSON.stringify(plan.body);
  let tries = 0;
  let tokenReplaced = false;

  for (;;) {
    const token = await untilAborted(config.tokens.get(), plan.signal);
    const init: RequestInit = { method: plan.method, headers: headersFor(plan, token), body };
    const outcome = await tryOnce(config, url, init, plan.signal);
    tries += 1;

    if ("answer" in outcome) {
      const { answer } = outcome;
      if (answer.status >= 200 && answer.status < 300) return parseSuccess(name, answer);
      if (answer.status === 401 && !tokenReplaced && config.tokens.drop(token)) {
        tokenReplaced = true;
        continue;
      }
      if (!retriedStatuses.has(answer.status)) throw errorFrom(name, answer);
    }
    const pause = pauseBefore(config, tries, outcome);
    if (pause === null) throw unavailable(name, plan, tries, outcome);
    await sleep(pause, plan.signal);
  }
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
    controller.abort(new DOMException(`No answer within ${config.timeoutMs} ms.`, "TimeoutError"));
  }, config.timeoutMs);
  try {
    const response = await config.fetch(url, { ...init, signal: controller.signal });
    const text = await response.text();
    return { answer: describe(response, text) };
  } catch (error) {
    signal?.throwIfAborted();
    return { failure: controller.signal.aborted ? controller.signal.reason : error };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

function describe(response: Response, text: string): Answer {
  return {
    status: response.status,
    contentType: response.headers.get("content-type") ?? "",
    text,
    retryAfterMs: retryAfterMs(response.headers.get("retry-after")),
  };
}

function headersFor(plan: RequestPlan, token: string): Headers {
  const headers = new Headers({ accept: "application/json" });
  if (plan.body !== undefined) headers.set("content-type", "application/json");
  if (plan.key !== undefined) headers.set("idempotency-key", plan.key);
  try {
    headers.set("authorization", `Bearer ${token}`);
  } catch {
    throw unsendable(
      "token",
      "The token holds characters that no HTTP header can carry. Check how it was read.",
    );
  }
  return headers;
}

function queryString(query: RequestPlan["query"]): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) search.set(name, String(value));
  }
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}

function parseSuccess(name: string, answer: Answer): unknown {
  try {
    const value: unknown = JSON.parse(answer.text);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // The error below says it with more of what was received.
  }
  throw new ServerError(
    `${name} was answered with ${answer.status}, but not with JSON. ${reasonOf(answer)} Check that baseUrl is where the API is mounted.`,
    { code: "unexpected_response", status: answer.status, problem: null },
  );
}

/** Full jitter: any time up to a bound that doubles with each try, so that many clients don't return at once. */
function pauseBefore(config: TransportConfig, tries: number, outcome: Outcome): number | null {
  if (tries > config.retries) return null;
  const bound = Math.min(delayMsMax, config.retryDelayMs * 2 ** (tries - 1));
  const asked = "answer" in outcome ? outcome.answer.retryAfterMs : null;
  if (asked === null) return Math.random() * bound;
  return asked > retryAfterMsMax ? null : asked + Math.random() * config.retryDelayMs;
}

function unavailable(name: string, plan: RequestPlan, tries: number, outcome: Outcome): CreditsError {
  const times = tries === 1 ? "once" : `${tries} times`;
  const key = plan.key ?? null;
  const again =
    key === null
      ? "Try again later."
      : `It may or may not have been carried out: send it again with the key ${JSON.stringify(key)}, which is safe.`;
  if ("failure" in outcome) {
    return new UnavailableError(
      `${name} was sent ${times} and got no answer: ${messageOf(outcome.failure)} Check baseUrl and the network. ${again}`,
      {
        code: "unavailable",
        status: null,
        problem: null,
        cause: outcome.failure,
        tries,
        retryAfterSeconds: null,
        key,
      },
    );
  }
  const { answer } = outcome;
  const problem = parseProblem(answer.text);
  return new UnavailableError(
    `${name} was sent ${times}, the last time answered with ${answer.status}: ${reasonOf(answer, problem)} ${again}`,
    {
      code: problem?.code ?? "unavailable",
      status: answer.status,
      problem,
      tries,
      retryAfterSeconds: answer.retryAfterMs === null ? null : Math.ceil(answer.retryAfterMs / 1000),
      key,
    },
  );
}

/** Reads a Retry-After header, in seconds or as a date; null when there is none that makes sense. */
export function retryAfterMs(value: string | null, nowMs = Date.now()): number | null {
  if (value === null || value.trim() === "") return null;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000;
  const dateMs = Date.parse(value);
  return Number.isNaN(dateMs) ? null : Math.max(0, dateMs - nowMs);
}

function messageOf(failure: unknown): string {
  const cause = failure instanceof Error && failure.cause instanceof Error ? failure.cause : failure;
  const text = cause instanceof Error ? cause.message || cause.name : String(cause);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Waits, but no longer than until the signal aborts. */
export function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
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
