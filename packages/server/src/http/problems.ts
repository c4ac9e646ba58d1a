import {
  InvalidRequestError,
  isProblemCode,
  type LedgerError,
  type ProblemCode,
  type ProblemDetails,
  toProblem,
} from "@credit-activity/client";
import type { Context } from "hono";
import { NO_STORE, SECURE } from "./respond.js";

/** The pause that a client should make when the server can't take a request. */
const RETRY_AFTER_SECONDS = 1;

/** Responds with a problem document (RFC 9457). */
export function respondWithProblem(
  c: Context,
  code: ProblemCode,
  detail: string,
  more: Partial<Pick<ProblemDetails, "facts" | "errors">> = {},
): Response {
  const problem = toProblem({ code, detail, ...more });
  const isApi = c.req.path === "/v1" || c.req.path.startsWith("/v1/");
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: {
      ...(isApi ? NO_STORE : SECURE),
      "Content-Type": "application/problem+json",
      ...(problem.status === 503 ? { "Retry-After": String(RETRY_AFTER_SECONDS) } : {}),
      ...(problem.status === 401 ? { "WWW-Authenticate": 'Bearer realm="credit-activity"' } : {}),
    },
  });
}

/** Responds with the problem of an error that the ledger threw. */
export function respondWithError(c: Context, error: LedgerError): Response {
  const { code, message, facts } = error;
  const errors = error instanceof InvalidRequestError ? { errors: error.errors } : {};
  return respondWithProblem(c, isProblemCode(code) ? code : "internal", message, { facts, ...errors });
}
