import type { Context } from "hono";
import type { RefusalCode } from "../ledger/refusal.js";
import { type InputIssue, InvalidInputError } from "../service/inputs.js";
import { RefusedError } from "../service/service.js";
import { DatabaseUnavailableError, isLocked, isRetryable } from "../store/database.js";
import { OverloadedError } from "../writer/lane.js";
import { ClosedError } from "../writer/writer.js";
import { NOT_KEPT } from "./answer.js";

/** The stable codes of problem documents, with their status and title. */
const PROBLEMS = {
  bad_request: [400, "The request is not well formed"],
  unauthorized: [401, "A valid credential is needed"],
  insufficient_credits: [402, "Not enough credits"],
  forbidden: [403, "Not allowed"],
  not_found: [404, "There is nothing at this address"],
  account_not_found: [404, "There is no such account"],
  entry_not_found: [404, "There is no such entry"],
  hold_not_found: [404, "There is no such hold"],
  row_not_found: [404, "There is no such row"],
  key_conflict: [409, "The key was used for another command"],
  hold_closed: [409, "The hold is not open"],
  payload_too_large: [413, "The request is too large"],
  unsupported_media_type: [415, "The media type is not supported"],
  not_refundable: [422, "The entry can't be refunded"],
  refund_exceeds_entry: [422, "More than can be refunded"],
  occurred_in_future: [422, "The usage lies in the future"],
  already_expired: [422, "The grant would have expired"],
  invalid_amount: [422, "The amount can't be taken"],
  amount_out_of_range: [422, "The amount is out of range"],
  internal: [500, "Something went wrong on the server"],
  unavailable: [503, "The ledger can't be reached now"],
  overloaded: [503, "The ledger is busy"],
} as const satisfies Record<RefusalCode | string, readonly [number, string]>;

export type ProblemCode = keyof typeof PROBLEMS;

/** All codes, for the reference. */
export const PROBLEM_CODES = Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]];

/** How long a client should wait before it tries again, in seconds, when the server can't take a request. */
const RETRY_AFTER_SECONDS = 1;

/** Answers with a problem document (RFC 9457). */
export function problem(
  c: Context,
  code: ProblemCode,
  detail: string,
  facts: Readonly<Record<string, unknown>> = {},
): Response {
  const [status, title] = PROBLEMS[code];
  const isApi = c.req.path === "/v1" || c.req.path.startsWith("/v1/");
  return new Response(JSON.stringify({ ...facts, type: "about:blank", title, status, detail, code }), {
    status,
    headers: {
      ...(isApi ? NOT_KEPT : {}),
      "Content-Type": "application/problem+json",
      ...(status === 503 ? { "Retry-After": String(RETRY_AFTER_SECONDS) } : {}),
      ...(status === 401 ? { "WWW-Authenticate": 'Bearer realm="credit-activity"' } : {}),
    },
  });
}

/** Answers a request whose parts are not what the route takes. */
export function invalidRequest(c: Context, errors: readonly InputIssue[]): Response {
  const [first] = errors;
  const where = first === undefined || first.path === "" ? "" : `${first.path}: `;
  const message = (first?.message ?? "The request is not well formed").replace(/\.$/, "");
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  return problem(c, "bad_request", `${where}${message}${more}. Nothing was done.`, { errors });
}

/** Answers what a handler threw. What is not known is logged by the caller and told without details. */
export function problemOf(c: Context, error: unknown): Response | null {
  if (error instanceof RefusedError) return problem(c, error.code, error.message, error.facts);
  if (error instanceof InvalidInputError) return invalidRequest(c, error.issues);
  if (error instanceof OverloadedError) return problem(c, "overloaded", error.message);
  if (error instanceof ClosedError) return problem(c, "unavailable", error.message);
  if (error instanceof DatabaseUnavailableError) return problem(c, "unavailable", error.message);
  if (isLocked(error)) {
    return problem(
      c,
      "unavailable",
      "The account is locked by something else on the database. Nothing was done.",
    );
  }
  if (isRetryable(error)) {
    return problem(c, "unavailable", "The database could not be reached. Send the request again.");
  }
  return null;
}
