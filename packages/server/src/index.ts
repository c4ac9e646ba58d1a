export type * from "@credit-activity/client";
export {
  addAmounts,
  compareAmounts,
  eachAccount,
  eachEntry,
  eachGrant,
  eachHold,
  eachRowEntry,
  ForbiddenError,
  fromMicros,
  InsufficientCreditsError,
  InvalidAmountError,
  InvalidRequestError,
  isAmount,
  KeyConflictError,
  LedgerError,
  NotFoundError,
  negateAmount,
  RefusedError,
  ServerError,
  subtractAmounts,
  toAmount,
  toMicros,
  UnauthorizedError,
  UnavailableError,
} from "@credit-activity/client";
export type { KindDefinition } from "./api/kinds.js";
export type { LedgerOptions, Logger } from "./api/options.js";
export type { TransactionLedger } from "./api/within.js";
export { toTime } from "./core/instant.js";
export type { TransactionClient } from "./db/caller.js";
export { NewerSchemaError } from "./db/migrations.js";
export { type DatabaseOptions, isUnreachable } from "./db/open.js";
export { hasEmbeddedDatabase } from "./db/pglite/directory.js";
export type { PostgresPool } from "./db/postgres/borrowed.js";
export { lazyLedger } from "./lazy.js";
export {
  createLedger,
  type LocalLedger,
  migrate,
  type SecretKey,
} from "./ledger.js";
export type { Verification, VerifyOptions, Violation } from "./verify/verify.js";
