import { toProblem } from "@credit-activity/client";
import { TRY_AGAIN } from "./respond.js";

/** The requests that may write and are in the process at once. */
const REQUESTS_MAX = 2_000;

const DETAIL = "The ledger is busy and did nothing of this. Send it again in a second.";
const BUSY = JSON.stringify(toProblem({ code: "overloaded", detail: DETAIL }));

type Fetch = (request: Request, context?: unknown) => Response | Promise<Response>;

/** True if a request may write. */
export function mayWrite({ method }: Request): boolean {
  return method !== "GET" && method !== "HEAD" && method !== "OPTIONS";
}

/** Refuses a request that was not read. */
export function respondBusy(): Response {
  return new Response(BUSY, { status: 503, headers: TRY_AGAIN });
}

/**
 * Refuses requests that may write while too many are in the process, or the ledger takes no more commands. It comes before
 * all else: to read, parse and check a request that is refused then costs as much as to take it, and a server with too
 * much to do would do nothing else. Reads always pass.
 */
export function limitWrites(
  fetch: Fetch,
  isFull: () => boolean,
): (request: Request, context?: unknown) => Promise<Response> {
  let requests = 0;
  return async (request, context) => {
    if (!mayWrite(request)) return fetch(request, context);
    if (requests >= REQUESTS_MAX || isFull()) return respondBusy();
    requests += 1;
    try {
      return await fetch(request, context);
    } finally {
      requests -= 1;
    }
  };
}
