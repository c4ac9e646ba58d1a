import type { CallRequest } from "./call.js";
import { type Json, parseObject, toObject, toText } from "./json.js";

/** The parameters of `fetch`. */
export type FetchParameters = Parameters<typeof globalThis.fetch>;

/** A request to a provider that is metered. */
export interface MeteredRequest {
  readonly call: CallRequest;
  /** The parameters of `fetch`, which ask for the usage of a stream. */
  readonly parameters: FetchParameters;
  /** True if the caller did not ask for the usage, so that its chunk is left out. */
  readonly hidesUsage: boolean;
  /** True if the request asks for a stream. */
  readonly isStream: boolean;
  readonly signal: AbortSignal | null;
}

/** The paths that are metered. Other requests do not call a model, such as those for the list of models. */
const METERED = /\/(chat\/completions|responses|messages|embeddings)\/?$/;

/** The part of a path that Azure has instead of a model. */
const DEPLOYMENT = /\/deployments\/([^/]+)\//;

/**
 * Reads a request to a provider.
 *
 * @returns null if the request is not metered
 * @throws TypeError if its body is not JSON
 */
export async function toMeteredRequest(parameters: FetchParameters): Promise<MeteredRequest | null> {
  const [input, init] = parameters;
  const request = input instanceof Request ? input : null;
  const { pathname } = new URL(request?.url ?? String(input));
  const path = METERED.exec(pathname)?.[1];
  const method = init?.method ?? request?.method ?? "GET";
  if (path === undefined || method.toUpperCase() !== "POST") return null;
  const body = parseBody(path, init?.body ?? (await request?.clone().text()));
  const isStream = body.stream === true;
  const hidesUsage = path === "chat/completions" && isStream && !asksForUsage(body);
  return {
    call: toCallRequest(path, body, DEPLOYMENT.exec(pathname)?.[1]),
    parameters: hidesUsage ? [input, withBody(init, request, askForUsage(body))] : parameters,
    hidesUsage,
    isStream,
    signal: init?.signal ?? request?.signal ?? null,
  };
}

function parseBody(path: string, body: unknown): Json {
  const parsed = typeof body === "string" ? parseObject(body) : null;
  if (parsed !== null) return parsed;
  throw new TypeError(
    `The body of a request to /${path} is not a JSON object in a string, so it can't be metered. Send it as one.`,
  );
}

function toCallRequest(path: string, body: Json, deployment = "unknown"): CallRequest {
  const perChoice = path === "embeddings" ? 0 : toOutputLimit(body);
  return {
    model: { provider: path === "messages" ? "anthropic" : "openai", id: toText(body.model) || deployment },
    input: body,
    maxOutputTokens: perChoice === undefined ? undefined : perChoice * (toLimit(body.n) ?? 1),
  };
}

/** Reads the limit of output, whose name differs by API. It returns undefined if there is none. */
export function toOutputLimit(parameters: Json): number | undefined {
  const { max_completion_tokens, max_tokens, max_output_tokens } = parameters;
  return toLimit(max_completion_tokens) ?? toLimit(max_tokens) ?? toLimit(max_output_tokens);
}

/** Returns a limit that is a whole number of at least 1. Others would lower the hold, and are left out. */
export function toLimit(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 1 ? value : undefined;
}

function asksForUsage({ stream_options }: Json): boolean {
  return toObject(stream_options).include_usage === true;
}

/** Asks for the usage at the end of a stream of chat completions, which has none by default. */
function askForUsage(body: Json): string {
  return JSON.stringify({
    ...body,
    stream_options: { ...toObject(body.stream_options), include_usage: true },
  });
}

function withBody(init: RequestInit | undefined, request: Request | null, body: string): RequestInit {
  const headers = new Headers(init?.headers ?? request?.headers);
  headers.delete("content-length");
  return { ...init, headers, body };
}
