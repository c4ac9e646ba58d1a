export {
  type ActivityOptions,
  type CommandOptions,
  type Credits,
  type CreditsOptions,
  createCredits,
  type DatabaseOptions,
  type ListOptions,
  type Logger,
  type UsageEventResult,
} from "./create-credits.js";
export { finishAnswers } from "./finish-answers.js";
export type { AccountToken } from "./http/auth.js";
export {
  type Credits as Amount,
  CreditsFormatError,
  credits,
  formatCredits,
  MICRO_PER_CREDIT,
  parseCredits,
} from "./ledger/credits.js";
export type { ActivityRow, Draw, Entry, Grant, Hold, HoldStatus, Metadata, Source } from "./ledger/entry.js";
export {
  formatInstant,
  type Instant,
  InstantFormatError,
  instantFromMillis,
  parseInstant,
} from "./ledger/instant.js";
export {
  type BlockKind,
  type Category,
  categoryOf,
  type GrantKind,
  KINDS,
  type Kind,
  titleOf,
  type UsageKind,
} from "./ledger/kinds.js";
export type { Refusal, RefusalCode } from "./ledger/refusal.js";
export {
  type AccountSettingsInput,
  type CorrectionInput,
  type GrantInput,
  type HoldInput,
  InvalidInputError,
  type RefundInput,
  type SettleInput,
  type SpendInput,
  type UsageEventInput,
} from "./service/inputs.js";
export {
  type ActivityPage,
  type EntryAnswer,
  type HoldAnswer,
  RefusedError,
  type Slice,
  type UsageResult,
} from "./service/service.js";
export { expectShortLivedObjects } from "./short-lived.js";
export type { ApiKey } from "./store/access.js";
export type { Account } from "./store/accounts.js";
export { DatabaseUnavailableError } from "./store/database.js";
export { NewerSchemaError } from "./store/migrate.js";
export type { Verification, VerifyOptions, Violation } from "./store/verify/verify.js";
export { OverloadedError } from "./writer/lane.js";
export { ClosedError } from "./writer/writer.js";
