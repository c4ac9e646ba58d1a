/**
 * What every answer under /v1 says. A page on another origin may read with its token, and nothing is lost by letting
 * every origin ask: what allows a request is the token in its header, never a cookie. Balances are nobody else's to keep.
 */
export const NOT_KEPT = { "Access-Control-Allow-Origin": "*", "Cache-Control": "no-store" } as const;

const JSON_NOT_KEPT = { ...NOT_KEPT, "Content-Type": "application/json" } as const;

/**
 * Answers with JSON. The headers stand ready in an object, and no middleware touches the answer afterwards: either would
 * make the server build the full Headers and Response of the Fetch API, which cost more than all the rest.
 */
export function answerJson(status: 200 | 201, body: object): Response {
  return new Response(JSON.stringify(body), { status, headers: JSON_NOT_KEPT });
}
