import { type Amount, toMicros } from "@credit-activity/client";
import { type Micros, micros } from "../src/core/amount.js";
import type { Command, Operation, Touch } from "../src/core/command.js";
import { OPERATIONS } from "../src/core/operations/index.js";

/*
 * Commands for tests to vary. Their inputs are as the core has them, and no schema has checked them.
 */

/** The input of an operation. */
export type Input<Name extends keyof typeof OPERATIONS> =
  (typeof OPERATIONS)[Name] extends Operation<infer I> ? I : never;

/** Parses an amount. */
export const credits = (amount: string): Micros => micros(toMicros(amount as Amount));

/** Makes a command of an operation. Fields that are not given are null. */
export function toCommand<Name extends keyof typeof OPERATIONS>(
  name: Name,
  account: string,
  key: string,
  given: Partial<Input<Name>>,
  hold: string | null = null,
): Command {
  const operation = OPERATIONS[name] as Operation;
  const input: Record<string, unknown> = { ...given };
  for (const field of Object.keys(operation.schema.shape)) input[field] ??= null;
  return { operation, account, key, hold, input };
}

/** Makes a purchase. */
export function toGrant(account: string, key: string, amount: string, given: Partial<Input<"grant">> = {}) {
  return toCommand("grant", account, key, { kind: "purchase", credits: credits(amount), ...given });
}

/** Makes a spend of the default kind. */
export function toSpend(account: string, key: string, amount: string, given: Partial<Input<"spend">> = {}) {
  return toCommand("spend", account, key, { credits: credits(amount), ...given });
}

/** Makes a report of AI usage. */
export function toUsage(account: string, key: string, amount: string, given: Partial<Input<"usage">> = {}) {
  const event = { id: key, account, kind: "ai_usage", credits: credits(amount) };
  return toCommand("usage", account, key, { ...event, ...given });
}

/** Makes a hold with the id `hold-<key>`. */
export function toHold(account: string, key: string, amount: string, given: Partial<Input<"hold">> = {}) {
  return toCommand("hold", account, key, { credits: credits(amount), ...given }, `hold-${key}`);
}

/** Makes a settlement of a hold. */
export function toSettle(
  account: string,
  key: string,
  hold: string,
  amount: string,
  given: Partial<Input<"settle">> = {},
) {
  return toCommand("settle", account, key, { credits: credits(amount), ...given }, hold);
}

/** Makes a release of a hold. */
export function toRelease(account: string, key: string, hold: string) {
  return toCommand("release", account, key, {}, hold);
}

/** Makes a refund of all that is left of an entry. */
export function toRefund(account: string, key: string, entry: number, given: Partial<Input<"refund">> = {}) {
  return toCommand("refund", account, key, { entry, ...given });
}

/** Makes an adjustment. */
export function toAdjust(account: string, key: string, amount: string, given: Partial<Input<"adjust">> = {}) {
  return toCommand("adjust", account, key, { credits: credits(amount), description: "Correction", ...given });
}

/** Makes a writeoff. */
export function toWriteOff(
  account: string,
  key: string,
  amount: string,
  given: Partial<Input<"writeOff">> = {},
) {
  return toCommand("writeOff", account, key, { credits: credits(amount), description: "Lost", ...given });
}

/** Makes an extension of a hold. */
export function toExtend(account: string, key: string, hold: string, expiresIn: number) {
  return toCommand("extend", account, key, { expiresIn }, hold);
}

/** Makes a void of a grant. */
export function toVoidGrant(account: string, key: string, grant: number) {
  return toCommand("voidGrant", account, key, { grant, description: "Charged back" });
}

/** Makes an extension of a grant. */
export function toExtendGrant(
  account: string,
  key: string,
  grant: number,
  given: Partial<Input<"extendGrant">>,
) {
  return toCommand("extendGrant", account, key, { grant, ...given });
}

/** Makes the close of an account. */
export function toClose(account: string, key: string) {
  return toCommand("closeAccount", account, key, {});
}

/** Makes the anonymization of an account. */
export function toAnonymize(account: string, key: string) {
  return toCommand("anonymizeAccount", account, key, {});
}

/** Makes a touch. */
export function toTouch(account: string): Touch {
  return { operation: null, account, key: null };
}
