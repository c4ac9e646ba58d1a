import {
  type ErrorCode,
  type FactsOf,
  isProblemCode,
  PROBLEMS,
  type ProblemDetails,
  toProblem,
} from "./problems.js";
import type { Problem, RequestIssue } from "./types.js";

/** The properties of every error, without its message. */
export interface LedgerErrorDetails<Code extends string = string> {
  readonly code: Code;
  readonly facts: FactsOf<Code>;
  readonly status: number | null;
  readonly problem: Problem | null;
  readonly cause?: unknown;
}

/** The base class of the ledger's errors, in-process and over HTTP. An aborted call throws its signal's reason. */
export class LedgerError<Code extends string = string> extends Error {
  override readonly name: string = "LedgerError";
  /** A stable code, such as `insufficient_credits`. */
  readonly code: Code;
  /** The facts of the code, such as `{ available, required }`. It is an empty object if the code has none. */
  readonly facts: FactsOf<Code>;
  /** The HTTP status. It is null if no response arrived. */
  readonly status: number | null;
  /** The problem document. It is null if none arrived. */
  readonly problem: Problem | null;

  constructor(message: string, details: LedgerErrorDetails<Code>) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.facts = details.facts;
    this.status = details.status;
    this.problem = details.problem;
  }

  /** True if the error has this code. `facts` then has the type of the code's facts. */
  is<Expected extends ErrorCode>(code: Expected): this is LedgerError<Expected> {
    return (this.code as string) === code;
  }
}

/** The request is not valid (400, 413, 415), or the client refused to send it (status null). */
export class InvalidRequestError extends LedgerError {
  override readonly name = "InvalidRequestError";
  /** The faults, each with its path. */
  readonly errors: readonly RequestIssue[];

  constructor(message: string, details: LedgerErrorDetails & { readonly errors: readonly RequestIssue[] }) {
    super(message, details);
    this.errors = details.errors;
  }
}

/** The key or token is missing, wrong, expired or revoked, or `getToken` failed (401). */
export class UnauthorizedError extends LedgerError {
  override readonly name = "UnauthorizedError";
}

/** The key or token is valid but does not allow the request (403). */
export class ForbiddenError extends LedgerError {
  override readonly name = "ForbiddenError";
}

/** The account, entry, hold, row or path does not exist (404). */
export class NotFoundError extends LedgerError {
  override readonly name = "NotFoundError";
}

/** The account's available credits and overdraft limit do not cover the command (402). */
export class InsufficientCreditsError extends LedgerError<"insufficient_credits"> {
  override readonly name = "InsufficientCreditsError";
}

/** The key belongs to another command (409). */
export class KeyConflictError extends LedgerError<"key_conflict"> {
  override readonly name = "KeyConflictError";
}

/** The ledger refused the command for another reason (409, 422 and any other 4xx). */
export class RefusedError extends LedgerError {
  override readonly name = "RefusedError";
}

/** The server failed (500), or the response is not one of this API. */
export class ServerError extends LedgerError {
  override readonly name = "ServerError";
}

/** The retries of a request that stayed without success. */
export interface RetryDetails {
  readonly tries: number;
  readonly retryAfterSeconds: number | null;
  readonly key: string | null;
}

/**
 * The ledger gave no useful response (408, 429, 502, 503, 504), or a network failure or timeout, which is the `cause`.
 * The command may have been carried out. It is safe to repeat it with the same key.
 */
export class UnavailableError extends LedgerError {
  override readonly name = "UnavailableError";
  /** The number of times the request was sent. */
  readonly tries: number;
  /** The pause that the server asked for. It is null if the server asked for none. */
  readonly retryAfterSeconds: number | null;
  /** The key of the command. It is null for requests without a key. */
  readonly key: string | null;

  constructor(message: string, details: LedgerErrorDetails & RetryDetails) {
    super(message, details);
    this.tries = details.tries;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.key = details.key;
  }
}

/** The circumstances of an error that its problem does not contain. */
export interface ErrorContext extends Partial<RetryDetails> {
  /** Default: the problem's detail. */
  readonly message?: string;
  /** Default: the status of the code. */
  readonly status?: number | null;
  /** Default: the problem document of the code. */
  readonly problem?: Problem | null;
  readonly cause?: unknown;
}

/** Makes the error of a problem. An unknown code gets the class of its status. */
export function toError(details: ProblemDetails, context: ErrorContext = {}): LedgerError {
  const { code } = details;
  const known = isProblemCode(code) ? toProblem({ ...details, code }) : null;
  const { problem = known, status = known?.status ?? null } = context;
  const { message = details.detail, cause, tries = 1, retryAfterSeconds = null, key = null } = context;
  const { facts = {}, errors = [] } = details;
  const base: LedgerErrorDetails = { code, facts, status, problem, cause };
  if (code === "insufficient_credits") {
    return new InsufficientCreditsError(message, { ...base, code, facts: facts as FactsOf<typeof code> });
  }
  if (code === "key_conflict") return new KeyConflictError(message, { ...base, code, facts: {} });
  switch (isProblemCode(code) ? PROBLEMS[code].status : status) {
    case 400:
    case 413:
    case 415:
      return new InvalidRequestError(message, { ...base, errors });
    case 401:
      return new UnauthorizedError(message, base);
    case 403:
      return new ForbiddenError(message, base);
    case 404:
      return new NotFoundError(message, base);
    case 408:
    case 429:
    case 502:
    case 503:
    case 504:
      return new UnavailableError(message, { ...base, tries, retryAfterSeconds, key });
  }
  return status !== null && status >= 400 && status < 500
    ? new RefusedError(message, base)
    : new ServerError(message, base);
}

/** Makes the error of a request that the client refuses to send. */
export function toUnsendable(path: string, message: string): InvalidRequestError {
  return new InvalidRequestError(message, {
    code: "bad_request",
    facts: {},
    status: null,
    problem: null,
    errors: [{ path, message }],
  });
}
