import { type LedgerSource, toFetch } from "../http/source.js";

export { lazyLedger } from "../lazy.js";

/** Context of a route handler in a catch-all route, such as `app/api/credits/[...path]/route.ts`. */
export interface RouteContext {
  /** Parts of the path by the name in the directory's name. */
  readonly params: Promise<Readonly<Record<string, string | string[] | undefined>>>;
}

/** Handler of one method in a route of the Next.js App Router. */
export type RouteHandler = (request: Request, context: RouteContext) => Promise<Response>;

/** The methods of the ledger's API, as a `route.ts` exports them. */
export type RouteHandlers = Readonly<Record<"GET" | "HEAD" | "OPTIONS" | "POST" | "PUT", RouteHandler>>;

/**
 * Makes the handlers of a catch-all route in the App Router. They find the path of the API in the parts that the route
 * catches, so the route can be in any directory.
 *
 * @param source the ledger, or what opens it
 *
 * @example
 * // app/api/credits/[...path]/route.ts
 * export const { GET, HEAD, OPTIONS, POST, PUT } = createRouteHandlers(getLedger);
 */
export function createRouteHandlers(source: LedgerSource): RouteHandlers {
  const fetch = toFetch(source);
  const handle: RouteHandler = async (request, { params }) => fetch(toCaught(request, await params));
  return { GET: handle, HEAD: handle, OPTIONS: handle, POST: handle, PUT: handle };
}

/** Returns a request with only the part of its path that the route has caught. */
function toCaught(request: Request, params: Awaited<RouteContext["params"]>): Request {
  const caught = Object.values(params).find((value) => Array.isArray(value));
  if (caught === undefined) {
    throw new TypeError("The route catches no path. Name its directory [...path].");
  }
  const url = new URL(request.url);
  // The parts are taken from the address, where they are still encoded.
  const parts = url.pathname.split("/").filter((part) => part !== "");
  url.pathname = parts.slice(parts.length - caught.length).join("/");
  return new Request(url, request);
}
