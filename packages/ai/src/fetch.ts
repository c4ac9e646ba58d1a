import { LedgerError } from "@credit-activity/client";
import { MeteredCall } from "./call.js";
import { readChunk } from "./chunks.js";
import { isObject, toObject } from "./json.js";
import { type CreditsOptions, OPTIONS, toMetering } from "./options.js";
import { type FetchParameters, type MeteredRequest, toMeteredRequest } from "./requests.js";
import { readResult } from "./results.js";
import { meterEvents } from "./sse.js";
import { meterStream } from "./stream.js";

/** Options of {@link meteredFetch}. */
export interface MeteredFetchOptions extends CreditsOptions {
  /** A replacement of the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
}

/**
 * Makes a `fetch` whose calls to models are charged. Give it to an SDK of OpenAI or Anthropic, or to any other that calls
 * their APIs. It meters chat completions, responses, messages and embeddings, as JSON and as streams.
 *
 * A call that the ledger refuses has a response with the ledger's status, such as 402. The SDK throws it, and
 * {@link findLedgerError} returns the ledger's error. The provider is not called then.
 *
 * @throws TypeError if an option is not valid
 */
export function meteredFetch(options: MeteredFetchOptions): typeof globalThis.fetch {
  const metering = toMetering(options, [...OPTIONS, "fetch"]);
  const send = (...parameters: FetchParameters) => (options.fetch ?? globalThis.fetch)(...parameters);

  return async (...parameters) => {
    const request = await toMeteredRequest(parameters);
    if (request === null) return send(...parameters);
    let call: MeteredCall;
    try {
      call = await MeteredCall.open(metering, request.call);
    } catch (error) {
      return toRefusal(error);
    }
    let response: Response;
    let text: string;
    try {
      response = await send(...request.parameters);
      if (!response.ok || response.body === null) {
        await call.fail();
        return response;
      }
      if (isEvents(response, request)) return toMeteredStream(response, response.body, call, request);
      text = await response.text();
    } catch (error) {
      await call.fail();
      throw error;
    }
    try {
      call.observe(readResult(text));
    } finally {
      await call.end();
    }
    return copy(response, text);
  };
}

/** True if a response has events. One to a request for a stream has them unless it is JSON, whatever its type says. */
function isEvents({ headers }: Response, { isStream }: MeteredRequest): boolean {
  const type = headers.get("content-type")?.toLowerCase() ?? "";
  return type.includes("text/event-stream") || (isStream && !type.includes("json"));
}

function toMeteredStream(
  response: Response,
  body: ReadableStream<Uint8Array>,
  call: MeteredCall,
  { hidesUsage, signal }: MeteredRequest,
): Response {
  const meter = meterEvents((data) => {
    call.observe(readChunk(data));
    return !(hidesUsage && isUsageAlone(data));
  });
  return copy(response, meterStream(body, call, meter, signal));
}

/** True if a chunk has the usage of a stream and nothing else. */
function isUsageAlone(data: unknown): boolean {
  const { choices, usage } = toObject(data);
  return Array.isArray(choices) && choices.length === 0 && isObject(usage);
}

function copy(response: Response, body: string | ReadableStream<Uint8Array>): Response {
  const { status, statusText, url } = response;
  const headers = new Headers(response.headers);
  // The body is decoded, and may be shorter.
  headers.delete("content-encoding");
  headers.delete("content-length");
  const copied = new Response(body, { status, statusText, headers });
  return Object.defineProperty(copied, "url", { value: url });
}

/** Returns a refusal of the ledger as a response, because SDKs would repeat a request whose `fetch` throws. */
function toRefusal(error: unknown): Response {
  if (!(error instanceof LedgerError) || error.status === null || error.status >= 500) throw error;
  const { code, message, facts, status } = error;
  const headers = { "x-should-retry": "false" };
  return Response.json({ type: "error", error: { type: code, code, message, facts } }, { status, headers });
}
