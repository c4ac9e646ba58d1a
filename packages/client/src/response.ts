import { type ErrorContext, type LedgerError, toError } from "./errors.js";
import { parseProblem } from "./problems.js";
import type { Problem } from "./types.js";

/** A response that has been read to its end. */
export interface CompleteResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly retryAfterMs: number | null;
}

/** The codes of responses without a problem document, such as a proxy's. */
const CODE_BY_STATUS: Readonly<Record<number, string>> = {
  400: "bad_request",
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
  413: "payload_too_large",
  415: "unsupported_media_type",
  500: "internal",
};

const REMEDY_BY_STATUS: Readonly<Record<number, string>> = {
  401: "Check that the key or token is complete, not expired and not revoked.",
  402: "Grant credits, raise the account's overdraft limit, or take less.",
  403: "Account tokens only read their own account. Use a secret key, on a server, for everything else.",
  404: "Check the id, and that baseUrl is where the API is mounted.",
};

/** Makes the error of a response that is not sent again. */
export function toResponseError(request: string, response: CompleteResponse): LedgerError {
  const { status, body } = response;
  const problem = parseProblem(body, status);
  const code = problem?.code ?? CODE_BY_STATUS[status] ?? "unexpected_response";
  const message =
    `${request} failed with ${status} ${code}: ${toReason(response, problem)} ${toRemedy(status, problem)}`.trimEnd();
  return toHttpError(code, problem, { message, status });
}

/** Makes an error of a problem document, or of a code if there is none. */
export function toHttpError(
  code: string,
  problem: Problem | null,
  context: ErrorContext & { readonly message: string; readonly status: number | null },
): LedgerError {
  return toError(problem ?? { code, detail: context.message }, { ...context, problem });
}

/** Describes a failed response: the problem's detail, else the beginning of the body. */
export function toReason(response: CompleteResponse, problem = parseProblem(response.body, response.status)) {
  if (problem !== null) return toSentence(problem.detail || problem.title);
  const excerpt = response.body.replace(/\s+/g, " ").trim().slice(0, 120);
  if (excerpt === "") return "The response was empty.";
  const type = response.contentType || "of no type";
  return `The response was not a problem document but ${type}, beginning with ${JSON.stringify(excerpt)}. It may come from a proxy.`;
}

/** Ends a string with a full stop. */
export function toSentence(text: string): string {
  return text === "" || /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Returns the remedy for a response that states none. The detail of a problem does. */
function toRemedy(status: number, problem: Problem | null): string {
  if (problem !== null) return "";
  if (status >= 500) return "Look at the server's log, and check that baseUrl is where the API is mounted.";
  return REMEDY_BY_STATUS[status] ?? "";
}
