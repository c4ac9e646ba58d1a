import { type Entry, type Ledger, toError, type UsageEvent } from "@credit-activity/client";

/** The kind of the entries of AI calls. */
export const KIND = "ai_usage";

/**
 * Reports one event of usage, which may have been reported before.
 *
 * @throws LedgerError if the event is refused, or if its id belongs to another command
 */
export async function report(ledger: Pick<Ledger, "usage">, event: UsageEvent): Promise<Entry> {
  const { results } = await ledger.usage([event]);
  const result = results[0] as (typeof results)[number];
  if ("error" in result) throw toError(result.error);
  return result.entry;
}
