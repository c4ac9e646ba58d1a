/** Why the ledger refuses a command: stable codes, the same in the library and over HTTP. */
export type RefusalCode =
  | "account_not_found"
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
  | "amount_out_of_range";

/** A command that was refused. Nothing moved. */
export interface Refusal {
  readonly code: RefusalCode;
  /** A sentence that says what happened, why, and what to do. */
  readonly detail: string;
  /** Further facts, by name, such as `available`. */
  readonly facts: Readonly<Record<string, string | number>>;
}

/** Carries a refusal out of the rules; `decide` turns it into a result, so that it never leaves the ledger. */
export class Refused extends Error {
  override readonly name = "Refused";
  constructor(readonly refusal: Refusal) {
    super(refusal.detail);
  }
}

/** Stops a decision with a refusal. */
export function refuse(
  code: RefusalCode,
  detail: string,
  facts: Readonly<Record<string, string | number>> = {},
): never {
  throw new Refused({ code, detail, facts });
}
