import { toProblem } from "@credit-activity/client";
import { TRY_AGAIN } from "./respond.js";

/** The part of a ledger that serves its API. */
export interface FetchHandler {
  fetch(request: Request, context?: unknown): Promise<Response>;
}

/** A ledger, or a function that opens one, such as that of `lazyLedger`. */
export type LedgerSource = FetchHandler | (() => Promise<FetchHandler>);

const UNOPENED = JSON.stringify(
  toProblem({
    code: "unavailable",
    detail: "The ledger could not be opened. Read the log of the server.",
  }),
);

/** Returns the `fetch` of a ledger that may have to be opened first. If it can't be, the response is 503. */
export function toFetch(source: LedgerSource): FetchHandler["fetch"] {
  if (typeof source !== "function") return source.fetch;
  return async (request, context) => {
    let ledger: FetchHandler;
    try {
      ledger = await source();
    } catch (error) {
      // There is no ledger yet, and so none of its logger.
      console.error(error);
      return new Response(UNOPENED, { status: 503, headers: TRY_AGAIN });
    }
    return ledger.fetch(request, context);
  };
}
