import type { Ledger, UsageResults } from "@credit-activity/client";
import { type AccountMethods, createAccountMethods } from "./accounts.js";
import { checkOptions, type MethodOptions, settled } from "./calls.js";
import { createCommandMethods } from "./commands.js";
import { createEntryMethods } from "./entries.js";
import { createHoldReadMethods } from "./holds.js";
import { toInvalid } from "./inputs.js";
import { createReadMethods } from "./reads.js";
import { createTotalMethods } from "./totals.js";
import {
  createUsageMethod,
  type DecodedEvent,
  decodeEvent,
  findFaultsOfEvents,
  type UsageMethodOptions,
} from "./usage.js";

/** The methods of a ledger, and two that only the HTTP routes call. */
export interface Methods extends Ledger, AccountMethods {
  /**
   * Posts usage like `usage`, from events that were decoded.
   *
   * @param ids the ids that the results have, where they are not the keys of the events
   */
  postUsage(events: readonly DecodedEvent[], ids: readonly (string | null)[] | null): Promise<UsageResults>;
}

/** Makes the methods of a ledger. They check all that they are given. */
export function createMethods(options: MethodOptions & UsageMethodOptions): Methods {
  const postUsage = createUsageMethod(options);
  return {
    ...createAccountMethods(options),
    ...createCommandMethods(options),
    ...createReadMethods(options),
    ...createEntryMethods(options),
    ...createHoldReadMethods(options),
    ...createTotalMethods(options),
    postUsage: (events, ids) => settled(postUsage(events, ids), undefined),
    async usage(events, given) {
      const signal = checkOptions(given);
      const faults = findFaultsOfEvents(events);
      if (faults.length > 0) throw toInvalid(faults);
      return settled(postUsage(events.map(decodeEvent), null), signal);
    },
  };
}
