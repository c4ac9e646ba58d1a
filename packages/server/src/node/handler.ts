import type { IncomingMessage, ServerResponse } from "node:http";
import { toProblem } from "@credit-activity/client";
import { getRequestListener } from "@hono/node-server";
import { PROBLEM_TYPE } from "../http/respond.js";
import { type LedgerSource, toFetch } from "../http/source.js";

/** A request of a framework whose parsers have read the body already, as those of Express do. */
interface ReadRequest extends IncomingMessage {
  /** The body as it was sent, if the framework keeps it. */
  readonly rawBody?: unknown;
  /** The body as a parser left it: bytes, a string, or the value of JSON. */
  readonly body?: unknown;
}

const LOST = JSON.stringify(
  toProblem({
    code: "internal",
    detail:
      "The body was read before the request came to the ledger. Mount the ledger before what reads bodies.",
  }),
);

/**
 * Makes a handler of a ledger's API for Node's requests, such as for `app.use("/api/credits", toNodeHandler(ledger))` of
 * Express. Mount it before parsers of bodies. Behind a parser of JSON it writes the JSON again, so a number with more than
 * 15 digits has lost some. Amounts that are strings have not.
 *
 * @param source the ledger, or what opens it
 */
export function toNodeHandler(
  source: LedgerSource,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const fetch = toFetch(source);
  const listener = getRequestListener(
    (request, bindings) => fetch(withBody(request, bindings.incoming as ReadRequest), bindings),
    { overrideGlobalObjects: false },
  );
  return async (request, response) => {
    if (isLost(request)) {
      response.writeHead(500, { "Content-Type": PROBLEM_TYPE }).end(LOST);
      return;
    }
    await listener(request, response);
  };
}

/** True if somebody has read the body and left nothing of it. */
function isLost(request: ReadRequest): boolean {
  return wasRead(request) && request.rawBody === undefined && request.body === undefined;
}

/** True if a request had a body, and it was read. */
function wasRead({ method, readableDidRead }: IncomingMessage): boolean {
  return readableDidRead && method !== "GET" && method !== "HEAD";
}

/** Returns a request with the body that was read of it, or the request itself if its body was not read. */
function withBody(request: Request, incoming: ReadRequest): Request {
  if (!wasRead(incoming)) return request;
  const body = toBytes(incoming.rawBody ?? incoming.body);
  const headers = new Headers(request.headers);
  headers.delete("content-encoding");
  headers.delete("transfer-encoding");
  headers.set("content-length", String(body.length));
  return new Request(request.url, { method: request.method, headers, body });
}

function toBytes(body: unknown): Uint8Array<ArrayBuffer> {
  if (body instanceof Uint8Array) return new Uint8Array(body);
  return new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
}
