import { hash } from "node:crypto";
import type { Context } from "hono";
import { compress } from "hono/compress";

/**
 * What every answer under /v1 tells browsers. A page on another origin may read with its token, and nothing is lost by
 * letting every origin ask: what allows a request is the token in its header, never a cookie.
 */
const TO_BROWSERS = { "Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "ETag" } as const;

/** The headers of commands and problems: balances are nobody else's to keep. */
export const NOT_KEPT = { ...TO_BROWSERS, "Cache-Control": "no-store" } as const;

/** What was read, its reader may keep, but has to ask each time whether it still holds. */
const ASKED_AGAIN = { ...TO_BROWSERS, "Cache-Control": "private, no-cache" } as const;

const JSON_NOT_KEPT = { ...NOT_KEPT, "Content-Type": "application/json" } as const;

/** From how many characters on an answer is compressed. Below, that takes more time than it saves. */
const COMPRESSED_FROM = 32 * 1024;

const compressing = compress({ threshold: 0 });

/**
 * Answers a command with JSON. The headers stand ready in an object, and no middleware touches the answer afterwards:
 * either would make the server build the full Headers and Response of the Fetch API, which cost more than all the rest.
 */
export function answerCommand(status: 200 | 201, body: object): Response {
  return new Response(JSON.stringify(body), { status, headers: JSON_NOT_KEPT });
}

/**
 * Answers a reader with JSON, or with 304 when the reader has it already and says so in If-None-Match. The ETag is a
 * digest of the JSON, and weak, so that it stands for the compressed answer too.
 */
export async function answerReader(c: Context, body: object): Promise<Response> {
  const text = JSON.stringify(body);
  const etag = `W/"${hash("sha256", text, "base64url")}"`;
  const isLarge = text.length >= COMPRESSED_FROM;
  const headers = { ...ASKED_AGAIN, ETag: etag, ...(isLarge ? { Vary: "Accept-Encoding" } : {}) };
  if (isMatch(c.req.header("if-none-match"), etag)) return new Response(null, { status: 304, headers });
  const answer = new Response(text, { headers: { ...headers, "Content-Type": "application/json" } });
  return isLarge ? compressed(c, answer) : answer;
}

/** The answer as the client accepts it: with gzip or deflate, or as it is. It is compressed off this thread, in parts. */
export async function compressed(c: Context, answer: Response): Promise<Response> {
  await compressing(c, async () => {
    c.res = answer;
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
