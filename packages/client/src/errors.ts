import { isAmount } from "./amount.js";
import type { Amount, Problem, RequestIssue } from "./types.js";

/** What every error of this client carries. */
export interface CreditsErrorDetails {
  readonly code: string;
  /** The HTTP status, or null when no answer arrived. */
  readonly status: number | null;
  /** The server's problem document, or null when it sent none. */
  readonly problem: Problem | null;
  readonly cause?: unknown;
}

/** The base of all errors this client throws, besides the reason of an aborted signal. */
export class CreditsError extends Error {
  override readonly name: string = "CreditsError";
  /** A stable word for what went wrong, such as `insufficient_credits`. */
  readonly code: string;
  /** The HTTP status, or null when no answer arrived. */
  readonly status: number | null;
  /** The server's problem document, or null when it sent none. */
  readonly problem: Problem | null;

  constructor(message: string, details: CreditsErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.status = details.status;
    this.problem = details.problem;
  }
}

/** The account does not have the credits the command would take (402). */
export class InsufficientCreditsError extends CreditsError {
  override readonly name = "InsufficientCreditsError";
  /** What the account could have spent, or null when the server did not say. */
  readonly available: Amount | null;

  constructor(message: string, details: CreditsErrorDetails) {
    super(message, details);
    const available = details.problem?.available;
    this.available = isAmount(available) ? available : null;
  }
}

/** The key was used before with another payload (409). */
export class KeyConflictError extends CreditsError {
  override readonly name = "KeyConflictError";
}

/** The token is missing, wrong, expired or revoked, or `getToken` failed (401). */
export class UnauthorizedError extends CreditsError {
  override readonly name = "UnauthorizedError";
}

/** The token is good, but not for this (403). */
export class ForbiddenError extends CreditsError {
  override readonly name = "ForbiddenError";
}

/** There is no such account, hold or route (404). */
export class NotFoundError extends CreditsError {
  override readonly name = "NotFoundError";
}

/** The request itself is wrong (400, 413, 415), or the client refused to send it (status null). */
export class InvalidRequestError extends CreditsError {
  override readonly name = "InvalidRequestError";
  /** What is wrong, and where. */
  readonly errors: readonly RequestIssue[];

  constructor(message: string, details: CreditsErrorDetails & { readonly errors: readonly RequestIssue[] }) {
    super(message, details);
    this.errors = details.errors;
  }
}

/** The ledger understood the command and refused it (422, and any other 4xx). */
export class RefusedError extends CreditsError {
  override readonly name = "RefusedError";
}

/** The server failed (500), or answered with something that is not this API. */
export class ServerError extends CreditsError {
  override readonly name = "ServerError";
}

/**
 * No useful answer after all tries: a network failure or timeout, which is the `cause`, or 408, 429, 502, 503, 504.
 * The command may or may not have been carried out; sending it again with the same key is safe.
 */
export class UnavailableError extends CreditsError {
  override readonly name = "UnavailableError";
  /** How many times the request was sent. */
  readonly tries: number;
  /** How long the server asked to wait, or null when it did not. */
  readonly retryAfterSeconds: number | null;
  /** The key the command carried, with which it can safely be sent again; null for reads. */
  readonly key: string | null;

  constructor(
    message: string,
    details: CreditsErrorDetails & {
      readonly tries: number;
      readonly retryAfterSeconds: number | null;
      readonly key: string | null;
    },
  ) {
    super(message, details);
    this.tries = details.tries;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.key = details.key;
  }
}

/** An error for a request this client will not send. */
export function unsendable(path: string, message: string): InvalidRequestError {
  return new InvalidRequestError(message, {
    code: "bad_request",
    status: null,
    problem: null,
    errors: [{ path, message }],
  });
}

/** An answer with a status that is not a success. */
export interface FailedAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

/** Turns an answer that will not be tried again into the error that says what it means. */
export function errorFrom(request: string, answer: FailedAnswer): CreditsError {
  const problem = parseProblem(answer.text);
  const { status } = answer;
  const code = problem?.code ?? codeOf(status);
  const details: CreditsErrorDetails = { code, status, problem };
  const say = (remedy: string) =>
    `${request} failed with ${status} ${code}: ${reasonOf(answer, problem)} ${remedy}`.trimEnd();

  switch (status) {
    case 400:
    case 413:
    case 415:
      return invalid(say, details);
    case 401:
      return new UnauthorizedError(
        say("Check that the token or secret key is complete, not expired and not revoked."),
        details,
      );
    case 402:
      return new InsufficientCreditsError(
        say("Grant credits, raise the account's overdraft limit, or take less."),
        details,
      );
    case 403:
      return new ForbiddenError(
        say("An account token only reads its own account; use a secret key, on a server, for all else."),
        details,
      );
    case 404:
      return new NotFoundError(say("Check the id, and that baseUrl is where the API is mounted."), details);
    case 409:
      if (code === "key_conflict") {
        return new KeyConflictError(say("Use a new key for a new command."), details);
      }
  }
  if (status >= 400 && status < 500) return new RefusedError(say(""), details);
  return new ServerError(
    say("Look into the server's log, and check that baseUrl points at the API."),
    details,
  );
}

function invalid(say: (remedy: string) => string, details: CreditsErrorDetails): InvalidRequestError {
  const listed = details.problem?.errors;
  const errors = Array.isArray(listed) ? listed.filter(isIssue) : [];
  const remedy =
    errors.length === 0 ? "" : `Mend ${errors.map((e) => `${e.path}: ${e.message}`).join("; ")}.`;
  return new InvalidRequestError(say(remedy), { ...details, errors });
}

/** Why an answer failed, in the server's words where it has some, else with the beginning of what it sent. */
export function reasonOf(answer: FailedAnswer, problem: Problem | null = parseProblem(answer.text)): string {
  if (problem !== null) return asSentence(problem.detail || problem.title);
  const excerpt = answer.text.replace(/\s+/g, " ").trim().slice(0, 120);
  if (excerpt === "") return "The answer was empty.";
  return `The answer was no problem document but ${answer.contentType || "of no type"}, beginning with ${JSON.stringify(excerpt)}; a proxy in between may have sent it.`;
}

/** Reads a problem document, and gives null for everything else. */
export function parseProblem(text: string): Problem | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const { code, title, detail } = value as Record<string, unknown>;
  if (typeof code !== "string" || code === "") return null;
  if (typeof title !== "string" && typeof detail !== "string") return null;
  return value as Problem;
}

function codeOf(status: number): string {
  const codes: Record<number, string> = {
    400: "bad_request",
    401: "unauthorized",
    402: "insufficient_credits",
    403: "forbidden",
    404: "not_found",
    408: "timeout",
    413: "payload_too_large",
    415: "unsupported_media_type",
    429: "overloaded",
    500: "internal",
    502: "bad_gateway",
    503: "overloaded",
    504: "gateway_timeout",
  };
  return codes[status] ?? `http_${status}`;
}

function isIssue(value: unknown): value is RequestIssue {
  if (typeof value !== "object" || value === null) return false;
  const { path, message } = value as Record<string, unknown>;
  return typeof path === "string" && typeof message === "string";
}

function asSentence(text: string | undefined): string {
  if (!text) return "";
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
