export {
  addAmounts,
  compareAmounts,
  fromMicros,
  InvalidAmountError,
  isAmount,
  negateAmount,
  subtractAmounts,
  toAmount,
  toMicros,
} from "./amount.js";
export { createLedgerClient } from "./client.js";
export { eachAccount, eachEntry, eachGrant, eachHold, eachRowEntry } from "./each.js";
export {
  type ErrorContext,
  ForbiddenError,
  InsufficientCreditsError,
  InvalidRequestError,
  KeyConflictError,
  LedgerError,
  type LedgerErrorDetails,
  NotFoundError,
  RefusedError,
  type RetryDetails,
  ServerError,
  toError,
  UnauthorizedError,
  UnavailableError,
} from "./errors.js";
export { KIND_WORDS, type KindWords, NOUNS_DEFAULT, type Nouns } from "./kinds.js";
export type { CallOptions, CommandOptions, Ledger } from "./ledger.js";
export type { LedgerClientOptions } from "./options.js";
export {
  type ErrorCode,
  type FactsOf,
  isProblemCode,
  PROBLEM_CODES,
  PROBLEMS,
  type ProblemCode,
  type ProblemDetails,
  toProblem,
} from "./problems.js";
export type * from "./types.js";
