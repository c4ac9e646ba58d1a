import type { ProblemCode } from "@credit-activity/client";

/** The codes with which the rules refuse a command. The client's table of problems has the status of each. */
export type RefusalCode = Extract<
  ProblemCode,
  | "account_not_found"
  | "account_closed"
  | "account_open"
  | "grant_not_found"
  | "grant_ended"
  | "not_extended"
  | "insufficient_credits"
  | "key_conflict"
  | "entry_not_found"
  | "not_refundable"
  | "refund_exceeds_entry"
  | "hold_not_found"
  | "hold_closed"
  | "occurred_in_future"
  | "already_expired"
  | "invalid_amount"
  | "amount_out_of_range"
>;

/** A command that was refused. Nothing moved. */
export interface Refusal {
  readonly code: RefusalCode;
  /** A sentence that states what is wrong, and a sentence that states what to do. */
  readonly detail: string;
  /** Further facts by name, such as `available`. */
  readonly facts: Readonly<Record<string, string>>;
}

/** Returns the refusal of a command on an account that does not exist. */
export function toUnknownAccount(account: string): Refusal {
  return {
    code: "account_not_found",
    detail: `The account "${account}" does not exist. Create it first with putAccount.`,
    facts: {},
  };
}

/**
 * Returns the refusal of a command or a change of settings on an account that is closed.
 *
 * @param since the time at which it was closed
 */
export function toClosed(account: string, since: string): Refusal {
  return {
    code: "account_closed",
    detail: `The account "${account}" has been closed since ${since}. Use another account, or release its open holds.`,
    facts: {},
  };
}

/** Carries a refusal out of the rules. `decide` turns it into an outcome, so it never leaves the core. */
export class Refused extends Error {
  override readonly name = "Refused";
  constructor(readonly refusal: Refusal) {
    super(refusal.detail);
  }
}

/** Stops a decision with a refusal. */
export function refuse(code: RefusalCode, detail: string, facts: Refusal["facts"] = {}): never {
  throw new Refused({ code, detail, facts });
}
