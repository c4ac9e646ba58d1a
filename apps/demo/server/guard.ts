import type { MiddlewareHandler } from "hono";
import { isLoopback } from "./config.js";

/**
 * Keeps other sites out of the demo's routes, which need no token. A page of another origin can't post to them (cross-site
 * request forgery). It can't reach them under a name that points at this machine either (DNS rebinding).
 */
export function createGuard(host: string): MiddlewareHandler {
  const isLocal = isLoopback(host);
  return async (context, next) => {
    const named = context.req.header("host") ?? "";
    if (isLocal && !isLoopback(toHostname(named))) {
      return context.json(
        toRefusal("This demo serves this machine only. Open it as localhost, or set HOST to serve others."),
        403,
      );
    }
    const isRead = context.req.method === "GET" || context.req.method === "HEAD";
    if (!isRead && !isSameOrigin(context.req.header("sec-fetch-site"), context.req.header("origin"), named)) {
      return context.json(toRefusal("This demo only takes requests from its page."), 403);
    }
    if (!isRead && !/^application\/json\b/i.test(context.req.header("content-type") ?? "")) {
      return context.json(toRefusal("The body is not JSON. Send it as application/json."), 415);
    }
    return next();
  };
}

/** Makes an error as the demo's page reads it. */
export function toRefusal(detail: string): { readonly detail: string } {
  return { detail };
}

/** True unless another origin sent the request. Browsers send one of the headers with a POST, other programs neither. */
function isSameOrigin(site: string | undefined, origin: string | undefined, host: string): boolean {
  if (site !== undefined) return site === "same-origin" || site === "none";
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** Returns the name in a Host header, without the port and without the brackets of an IPv6 address. */
function toHostname(host: string): string {
  return host.replace(/:\d*$/, "").replace(/^\[|\]$/g, "");
}
