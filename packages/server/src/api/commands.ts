import { randomUUID } from "node:crypto";
import type { CommandOptions, EntryResult, HoldResult, Ledger } from "@credit-activity/client";
import type { Command, Operation } from "../core/command.js";
import type { Outcome } from "../core/decide.js";
import type { Entry, Hold } from "../core/entry.js";
import * as field from "../core/fields.js";
import { OPERATIONS } from "../core/operations/index.js";
import { BY_ID, type Dimensioned, hasDimension } from "../queries/labels.js";
import { COMMAND_OPTIONS, checkOptions, type MethodOptions, settled } from "./calls.js";
import { toRefused } from "./errors.js";
import { check, checkValue, faultsOf, toInvalid } from "./inputs.js";

/** The methods that run one command each. */
export type CommandMethods = Pick<
  Ledger,
  "grant" | "spend" | "hold" | "settle" | "release" | "refund" | "adjust" | "writeOff"
>;

/** The outcome of a command that was not refused. */
type Accepted = Extract<Outcome, { refusal: null }>;

/** Makes the methods that run one command each. */
export function createCommandMethods(
  options: Omit<MethodOptions, "database" | "credentials">,
): CommandMethods {
  const { engine, kinds, labels, presenter } = options;

  async function run(
    operation: Operation,
    account: string,
    hold: string | null,
    input: unknown,
    given: CommandOptions | undefined,
  ): Promise<Accepted> {
    const signal = checkOptions(given, COMMAND_OPTIONS);
    const command: Command = {
      operation,
      account: checkValue(field.accountId, "account", account),
      key: given?.key ?? randomUUID(),
      hold,
      input: check(operation.schema, input),
    };
    const faults = faultsOf(operation, command.input, kinds);
    if (faults.length > 0) throw toInvalid(faults);
    const outcome = await settled(engine.submit(command), signal, command.key);
    if (outcome.refusal !== null) throw toRefused(outcome.refusal);
    // A repeat gives the label of the first try, and another may have been given since.
    if (!outcome.repeated) labels.note(account, command.input as Partial<Dimensioned>);
    return outcome;
  }

  async function toEntryResult(account: string, { entry, repeated }: Accepted): Promise<EntryResult> {
    const posted = entry as Entry;
    const toLabel = hasDimension(posted.facts) ? await labels.read(account, [posted.facts]) : BY_ID;
    return { entry: presenter.entry(posted, toLabel), repeated };
  }

  async function toHoldResult(account: string, { hold, repeated }: Accepted): Promise<HoldResult> {
    const held = hold as Hold;
    const toLabel = hasDimension(held.facts) ? await labels.read(account, [held.facts]) : BY_ID;
    return { hold: presenter.hold(held, toLabel), repeated };
  }

  const post =
    (operation: unknown) =>
    async (account: string, input: unknown, given?: CommandOptions): Promise<EntryResult> =>
      toEntryResult(account, await run(operation as Operation, account, null, input, given));

  const toHoldId = (hold: string) => checkValue(field.holdId, "hold", hold);

  return {
    grant: post(OPERATIONS.grant),
    spend: post(OPERATIONS.spend),
    refund: post(OPERATIONS.refund),
    adjust: post(OPERATIONS.adjust),
    writeOff: post(OPERATIONS.writeOff),
    async hold(account, input, given) {
      const id = `hold_${randomUUID()}`;
      return toHoldResult(account, await run(OPERATIONS.hold as Operation, account, id, input, given));
    },
    async settle(account, hold, input, given) {
      const id = toHoldId(hold);
      return toEntryResult(account, await run(OPERATIONS.settle as Operation, account, id, input, given));
    },
    async release(account, hold, given) {
      const id = toHoldId(hold);
      return toHoldResult(account, await run(OPERATIONS.release as Operation, account, id, {}, given));
    },
  };
}
