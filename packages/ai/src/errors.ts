import { LedgerError, toError } from "@credit-activity/client";
import { isObject, type Json } from "./json.js";

/**
 * Finds the ledger's error in what an SDK has thrown, such as the `InsufficientCreditsError` of a refused call.
 *
 * @returns null if the ledger did not refuse the call
 */
export function findLedgerError(thrown: unknown): LedgerError | null {
  for (let error = thrown; typeof error === "object" && error !== null; error = causeOf(error)) {
    if (error instanceof LedgerError) return error;
    const refusal = findRefusal(error as Json);
    if (refusal !== null) return refusal;
  }
  return null;
}

/** The cause of an error, or the last one of the AI SDK's tries. */
function causeOf(error: object): unknown {
  return "lastError" in error ? error.lastError : "cause" in error ? error.cause : null;
}

/** OpenAI's SDK keeps the error of a body, and Anthropic's keeps the body. */
function findRefusal({ status, error }: Json): LedgerError | null {
  const body = isObject(error) && isObject(error.error) ? error.error : error;
  if (typeof status !== "number" || !isObject(body) || !isObject(body.facts)) return null;
  const { code, message, facts } = body;
  return toError({ code: String(code), detail: String(message), facts }, { status });
}
