import { isAmount } from "./amount.js";
import type { Hold, Problem, RequestIssue } from "./types.js";

type Guard = (value: unknown) => boolean;

interface ProblemType {
  readonly status: number;
  readonly title: string;
  /** The facts of a problem by name, each with the guard that checks it. */
  readonly facts: Readonly<Record<string, Guard>>;
}

const NO_FACTS = {} as const;

/** All codes of problems with their HTTP status, title and facts. The server and the client share this table. */
export const PROBLEMS = {
  bad_request: { status: 400, title: "The request is not valid", facts: NO_FACTS },
  unauthorized: { status: 401, title: "The credential is missing or not valid", facts: NO_FACTS },
  insufficient_credits: {
    status: 402,
    title: "The account does not have enough credits",
    facts: { available: isAmount, required: isAmount },
  },
  forbidden: { status: 403, title: "The credential does not allow this", facts: NO_FACTS },
  not_found: { status: 404, title: "The path does not exist", facts: NO_FACTS },
  account_not_found: { status: 404, title: "The account does not exist", facts: NO_FACTS },
  grant_not_found: { status: 404, title: "The grant does not exist", facts: NO_FACTS },
  entry_not_found: { status: 404, title: "The entry does not exist", facts: NO_FACTS },
  hold_not_found: { status: 404, title: "The hold does not exist", facts: NO_FACTS },
  row_not_found: { status: 404, title: "The row does not exist", facts: NO_FACTS },
  key_conflict: { status: 409, title: "The key belongs to another command", facts: NO_FACTS },
  account_closed: { status: 409, title: "The account is closed", facts: NO_FACTS },
  account_open: { status: 409, title: "The account is not closed", facts: NO_FACTS },
  grant_ended: { status: 409, title: "The grant has ended", facts: NO_FACTS },
  hold_closed: { status: 409, title: "The hold is not open", facts: { holdStatus: isClosedStatus } },
  payload_too_large: { status: 413, title: "The request is too large", facts: NO_FACTS },
  unsupported_media_type: { status: 415, title: "The media type is not supported", facts: NO_FACTS },
  not_refundable: { status: 422, title: "The entry can't be refunded", facts: NO_FACTS },
  refund_exceeds_entry: {
    status: 422,
    title: "The refund exceeds the entry",
    facts: { refundable: isAmount },
  },
  occurred_in_future: { status: 422, title: "The usage is in the future", facts: NO_FACTS },
  not_extended: { status: 422, title: "The grant would not expire later", facts: NO_FACTS },
  already_expired: { status: 422, title: "The grant has already expired", facts: NO_FACTS },
  invalid_amount: { status: 422, title: "The amount is not valid here", facts: NO_FACTS },
  amount_out_of_range: { status: 422, title: "The amount is out of range", facts: NO_FACTS },
  too_many_attempts: {
    status: 429,
    title: "Too many wrong keys came from the address",
    facts: NO_FACTS,
  },
  internal: { status: 500, title: "The server failed", facts: NO_FACTS },
  unavailable: { status: 503, title: "The ledger is unavailable", facts: NO_FACTS },
  overloaded: { status: 503, title: "The ledger is overloaded", facts: NO_FACTS },
} as const satisfies Record<string, ProblemType>;

/** A stable code of a problem document. */
export type ProblemCode = keyof typeof PROBLEMS;

/** A stable code of an error: that of a problem document, or one that only the client uses. */
export type ErrorCode = ProblemCode | "unexpected_response" | "token_unavailable";

/** The codes of problem documents, in the order of the table. */
export const PROBLEM_CODES = Object.keys(PROBLEMS) as readonly ProblemCode[];

type GuardedBy<Check> = Check extends (value: unknown) => value is infer Value ? Value : never;

/** The facts of a code, such as `{ available, required }` of `insufficient_credits`. */
export type FactsOf<Code extends string> = Code extends ProblemCode
  ? {
      readonly [Name in keyof (typeof PROBLEMS)[Code]["facts"]]: GuardedBy<
        (typeof PROBLEMS)[Code]["facts"][Name]
      >;
    }
  : Readonly<Record<string, unknown>>;

/** The variable part of a problem. Its code fixes the rest. */
export interface ProblemDetails {
  readonly code: string;
  readonly detail: string;
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly errors?: readonly RequestIssue[];
}

/** True if the code is one of the table. */
export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(PROBLEMS, code);
}

/** Makes the problem document of a code. */
export function toProblem(details: ProblemDetails & { readonly code: ProblemCode }): Problem {
  const { code, detail, facts = {}, errors } = details;
  const { status, title } = PROBLEMS[code];
  return { type: "about:blank", title, status, detail, code, facts, ...(errors && { errors }) };
}

/**
 * Parses the body of a response with the given status.
 *
 * @returns null if it is not a problem document of this API.
 */
export function parseProblem(body: string, status: number): Problem | null {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return null;
  }
  if (!isRecord(value)) return null;
  const { code, facts = {}, title = value.detail, detail = value.title } = value;
  if (typeof code !== "string" || code === "" || !isRecord(facts)) return null;
  if (typeof title !== "string" || typeof detail !== "string") return null;
  if (isProblemCode(code) && !hasFacts(code, facts)) return null;
  const { errors, ...rest } = value;
  const issues = Array.isArray(errors) ? { errors: errors.filter(isIssue) } : {};
  return { type: "about:blank", status, ...rest, ...issues, code, facts, title, detail } as Problem;
}

function hasFacts(code: ProblemCode, facts: Record<string, unknown>): boolean {
  const guards: Readonly<Record<string, Guard>> = PROBLEMS[code].facts;
  return Object.entries(guards).every(([name, isValid]) => isValid(facts[name]));
}

function isClosedStatus(value: unknown): value is Exclude<Hold["status"], "open"> {
  return value === "settled" || value === "released" || value === "expired";
}

function isIssue(value: unknown): value is RequestIssue {
  return isRecord(value) && typeof value.path === "string" && typeof value.message === "string";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
