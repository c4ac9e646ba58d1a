import {
  InvalidRequestError,
  isProblemCode,
  type LedgerError,
  type ProblemCode,
  type ProblemDetails,
  toProblem,
} from "@credit-activity/client";
import type { Context } from "hono";
import { NO_STORE, PROBLEM_TYPE, RETRY_AFTER, SECURE } from "./respond.js";

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
      "Content-Type": PROBLEM_TYPE,
      ...(problem.status === 429 || problem.status === 503 ? RETRY_AFTER : {}),
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
