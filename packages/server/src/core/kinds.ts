/** The types of kinds. The type fixes the category and the operations that may post the kind. */
export const KIND_TYPES = ["grant", "usage", "correction"] as const;
export type KindType = (typeof KIND_TYPES)[number];

/** The filters of the page. */
export const CATEGORIES = ["added", "used", "adjustments"] as const;
export type Category = (typeof CATEGORIES)[number];

/** The category of each type. */
export const CATEGORY = {
  grant: "added",
  usage: "used",
  correction: "adjustments",
} as const satisfies Record<KindType, Category>;

/** The type of each category. */
export const TYPE = {
  added: "grant",
  used: "usage",
  adjustments: "correction",
} as const satisfies Record<Category, KindType>;

/** The built-in kinds with their types. */
export const BUILT_IN_KINDS = {
  monthly_grant: "grant",
  purchase: "grant",
  bonus: "grant",
  manual_grant: "grant",
  ai_usage: "usage",
  build_usage: "usage",
  runtime_usage: "usage",
  refund: "correction",
  adjustment: "correction",
  writeoff: "correction",
  expiry: "correction",
  extension: "correction",
  closure: "correction",
  anonymization: "correction",
} as const satisfies Record<string, KindType>;

/** The most kinds, the built-in ones included. */
export const KINDS_MAX = 128;

export type BuiltInKind = keyof typeof BUILT_IN_KINDS;

/** The corrections that one operation each posts, and no caller can name. */
export const RESERVED_KINDS: readonly string[] = [
  "refund",
  "writeoff",
  "expiry",
  "extension",
  "closure",
  "anonymization",
] satisfies BuiltInKind[];
