export { amount, isAmount } from "./amount.js";
export {
  type ClientOptions,
  type CommandOptions,
  type CreditsClient,
  createClient,
  type RequestOptions,
} from "./client.js";
export {
  CreditsError,
  type CreditsErrorDetails,
  ForbiddenError,
  InsufficientCreditsError,
  InvalidRequestError,
  KeyConflictError,
  NotFoundError,
  RefusedError,
  ServerError,
  UnauthorizedError,
  UnavailableError,
} from "./errors.js";
export type * from "./types.js";
