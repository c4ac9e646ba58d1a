import type { MiddlewareHandler } from "hono";
import { isLoopback } from "./config.js";

/**
 * Keeps other sites out of the demo's own routes, which take no token: a page of another origin may neither post to them
 * (cross-site request forgery) nor reach them under a name of its own that points at this machine (DNS rebinding).
 */
export function guard(host: string): MiddlewareHandler {
  const onlyLocal = isLoopback(host);
  return async (context, next) => {
    const named = context.req.header("host") ?? "";
    if (onlyLocal && !isLoopback(hostname(named))) {
      return context.json(
        refusal("This demo answers on this machine only. Open it as localhost, or set HOST to serve others."),
        403,
      );
    }
    const reads = context.req.method === "GET" || context.req.method === "HEAD";
    if (!reads && !isSameOrigin(context.req.header("sec-fetch-site"), context.req.header("origin"), named)) {
      return context.json(refusal("This demo takes requests from its own page only."), 403);
    }
    if (!reads && !/^application\/json\b/i.test(context.req.header("content-type") ?? "")) {
      return context.json(refusal("Send the body as application/json."), 415);
    }
    return next();
  };
}

/** An error as the demo's own page reads it. */
export function refusal(detail: string): { readonly detail: string } {
  return { detail };
}

/** Browsers send at least one of the two headers with a POST; a program that sends neither is no browser. */
function isSameOrigin(site: string | undefined, origin: string | undefined, host: string): boolean {
  if (site !== undefined) return site === "same-origin" || site === "none";
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** The name in a Host header: without the port, and without the brackets of an IPv6 address. */
function hostname(host: string): string {
  return host.replace(/:\d*$/, "").replace(/^\[|\]$/g, "");
}
