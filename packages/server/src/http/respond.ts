import { hash } from "node:crypto";
import type { Context } from "hono";
import { compress } from "hono/compress";

/**
 * Lets pages on every origin read with their token. Nothing is lost by it, because the token in the header allows a
 * request, never a cookie.
 */
const CORS = { "Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "ETag" } as const;

/** The headers of all responses: a browser does not guess their type, and does not send their address elsewhere. */
export const SECURE = { "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer" } as const;

/** The headers of commands and problems. Nobody else may store a balance. */
export const NO_STORE = { ...CORS, ...SECURE, "Cache-Control": "no-store" } as const;

/** The pause in seconds that a client should make when the server can't take a request. */
export const RETRY_AFTER = { "Retry-After": "1" } as const;

/** The media type of problem documents (RFC 9457). */
export const PROBLEM_TYPE = "application/problem+json";

/**
 * The headers of a problem after which a client should send its request again. They are a plain object, which costs a
 * refusal the least.
 */
export const TRY_AGAIN = { ...NO_STORE, ...RETRY_AFTER, "Content-Type": PROBLEM_TYPE } as const;

/** The headers of reads. The client may store them, but has to revalidate each time. */
const REVALIDATE = { ...CORS, ...SECURE, "Cache-Control": "private, no-cache" } as const;

const NO_STORE_JSON = { ...NO_STORE, "Content-Type": "application/json" } as const;

/** The length from which a response is compressed. Below, that takes more time than it saves. */
const COMPRESSED_FROM = 32 * 1024;

const compressing = compress({ threshold: 0 });

/**
 * Responds to a command with JSON. The headers are a plain object and no middleware touches the response afterwards. Both
 * would make the server build the Headers and Response of the Fetch API, which cost more than all the rest.
 */
export function respondToCommand(status: 200 | 201, body: object): Response {
  return new Response(JSON.stringify(body), { status, headers: NO_STORE_JSON });
}

/**
 * Responds to a read with JSON, or with 304 when the client has it already. The ETag is a digest of the JSON, and weak, so
 * that it stands for the compressed response too.
 */
export async function respondToRead(c: Context, body: object): Promise<Response> {
  const json = JSON.stringify(body);
  const etag = `W/"${hash("sha256", json, "base64url")}"`;
  const isLarge = json.length >= COMPRESSED_FROM;
  const headers = { ...REVALIDATE, ETag: etag, ...(isLarge ? { Vary: "Accept-Encoding" } : {}) };
  if (isMatch(c.req.header("if-none-match"), etag)) return new Response(null, { status: 304, headers });
  const response = new Response(json, { headers: { ...headers, "Content-Type": "application/json" } });
  return isLarge ? compressed(c, response) : response;
}

/** Returns the response as the client accepts it: with gzip or deflate, or as it is. It is compressed in parts. */
export async function compressed(c: Context, response: Response): Promise<Response> {
  await compressing(c, async () => {
    c.res = response;
  });
  return c.res;
}

/** Compares one tag with a list of them, weakly (RFC 9110, section 13.1.2). */
function isMatch(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch === etag || ifNoneMatch === "*") return true;
  const opaque = etag.slice("W/".length);
  return ifNoneMatch.match(/"[^"]*"/g)?.includes(opaque) ?? false;
}
