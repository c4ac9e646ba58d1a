import { LedgerError, toError } from "@credit-activity/client";
import type { Refusal } from "../core/refusal.js";
import { DatabaseError, isLocked, isRetryable } from "../db/errors.js";
import { ClosedError } from "../engine/engine.js";
import { OverloadedError } from "../engine/lane.js";

/** Makes the error of a refused command. */
export function toRefused({ code, detail, facts }: Refusal): Error {
  return toError({ code, detail, facts });
}

/**
 * Makes the public error of one inside: the ledger can't be reached, or is busy. Any other error is returned as it is.
 *
 * @param key the key of the command, with which it may be sent again
 */
export function toPublicError(error: unknown, key: string | null = null): unknown {
  if (error instanceof LedgerError) return error;
  const context = { cause: error, key };
  if (error instanceof OverloadedError)
    return toError({ code: "overloaded", detail: error.message }, context);
  if (error instanceof ClosedError || error instanceof DatabaseError)
    return toError({ code: "unavailable", detail: error.message }, context);
  if (isLocked(error)) {
    const detail = "The account is locked by another session of the database. Send the request again.";
    return toError({ code: "unavailable", detail }, context);
  }
  if (isRetryable(error)) {
    const detail = "The database can't be reached. Send the request again.";
    return toError({ code: "unavailable", detail }, context);
  }
  return error;
}

/** Makes the public error of one inside. One that nobody foresaw is the cause of a `ServerError`. */
export function toThrown(error: unknown, key: string | null = null): LedgerError {
  const known = toPublicError(error, key);
  if (known instanceof LedgerError) return known;
  const reason = (error instanceof Error ? error.message : String(error)).replace(/\.$/, "");
  return toError(
    { code: "internal", detail: `The ledger failed: ${reason}. See the cause of this error.` },
    { cause: error },
  );
}
