import { randomUUID } from "node:crypto";
import type { CommandOptions, EntryResult, HoldResult, Ledger, SettleResult } from "@credit-activity/client";
import type { Command, Operation } from "../core/command.js";
import type { Accepted } from "../core/decide.js";
import type { Entry, Hold } from "../core/entry.js";
import * as field from "../core/fields.js";
import { OPERATIONS } from "../core/operations/index.js";
import { erase } from "../engine/erase.js";
import { BY_ID, type Dimensioned, hasDimension, type ToLabel } from "../queries/labels.js";
import { COMMAND_OPTIONS, checkOptions, type MethodOptions, toSettledError, untilAborted } from "./calls.js";
import { toRefused } from "./errors.js";
import { check, checkValue, findFaults, toInvalid } from "./inputs.js";

/** The methods that run one command each. */
export type CommandMethods = Pick<
  Ledger,
  | "grant"
  | "spend"
  | "hold"
  | "settle"
  | "extend"
  | "release"
  | "refund"
  | "adjust"
  | "writeOff"
  | "voidGrant"
  | "extendGrant"
  | "closeAccount"
  | "anonymizeAccount"
>;

/** Makes the methods that run one command each. */
export function createCommandMethods(options: Omit<MethodOptions, "credentials">): CommandMethods {
  const { database, engine, kinds, labels, presenter, now } = options;

  /** Runs a command, and presents its outcome. */
  async function run<Result>(
    operation: Operation,
    account: string,
    hold: string | null,
    input: unknown,
    given: CommandOptions | undefined,
    present: (account: string, outcome: Accepted) => Result | Promise<Result>,
  ): Promise<Result> {
    const signal = checkOptions(given, COMMAND_OPTIONS);
    const command: Command = {
      operation,
      account: checkValue(field.accountId, "account", account),
      key: given?.key ?? randomUUID(),
      hold,
      input: check(operation.schema, input),
    };
    const faults = findFaults(operation, command.input, kinds);
    if (faults.length > 0) throw toInvalid(faults);
    try {
      const submitted = engine.submit(command);
      const outcome = await (signal === undefined ? submitted : untilAborted(submitted, signal));
      if (outcome.refusal !== null) throw toRefused(outcome.refusal);
      // A repeat gives the label of the first try, and another may have been given since.
      if (!outcome.repeated) labels.note(account, command.input as Partial<Dimensioned>);
      // The caller needs the key of a command that was posted, also when its labels can't be read.
      return await present(account, outcome);
    } catch (error) {
      throw toSettledError(error, signal, command.key);
    }
  }

  function toEntryResult(account: string, { entry, repeated }: Accepted): EntryResult | Promise<EntryResult> {
    const posted = entry as Entry;
    const toResult = (toLabel: ToLabel) => ({ entry: presenter.entry(posted, toLabel), repeated });
    return hasDimension(posted.facts) ? labels.read(account, [posted.facts]).then(toResult) : toResult(BY_ID);
  }

  async function toSettleResult(account: string, outcome: Accepted): Promise<SettleResult> {
    return outcome.entry === null
      ? { entry: null, ...(await toHoldResult(account, outcome)) }
      : { ...(await toEntryResult(account, outcome)), hold: null };
  }

  function toHoldResult(account: string, { hold, repeated }: Accepted): HoldResult | Promise<HoldResult> {
    const held = hold as Hold;
    const toResult = (toLabel: ToLabel) => ({ hold: presenter.hold(held, toLabel), repeated });
    return hasDimension(held.facts) ? labels.read(account, [held.facts]).then(toResult) : toResult(BY_ID);
  }

  const post =
    (operation: unknown) =>
    (account: string, input: unknown, given?: CommandOptions): Promise<EntryResult> =>
      run(operation as Operation, account, null, input, given, toEntryResult);

  const toHoldId = (hold: string) => checkValue(field.holdId, "hold", hold);

  return {
    grant: post(OPERATIONS.grant),
    spend: post(OPERATIONS.spend),
    refund: post(OPERATIONS.refund),
    adjust: post(OPERATIONS.adjust),
    writeOff: post(OPERATIONS.writeOff),
    voidGrant: post(OPERATIONS.voidGrant),
    extendGrant: post(OPERATIONS.extendGrant),
    closeAccount: async (account, input = {}, given) => post(OPERATIONS.closeAccount)(account, input, given),
    async anonymizeAccount(account, given) {
      const operation = OPERATIONS.anonymizeAccount as Operation;
      return run(operation, account, null, {}, given, async (id, outcome) => {
        await erase(database, { account: id, seq: (outcome.entry as Entry).seq }, now());
        engine.evict(id);
        labels.evict(id);
        return toEntryResult(id, outcome);
      });
    },
    hold(account, input, given) {
      const id = `hold_${randomUUID()}`;
      return run(OPERATIONS.hold as Operation, account, id, input, given, toHoldResult);
    },
    async settle(account, hold, input, given) {
      const id = toHoldId(hold);
      return run(OPERATIONS.settle as Operation, account, id, input, given, toSettleResult);
    },
    async extend(account, hold, input = {}, given) {
      const id = toHoldId(hold);
      return run(OPERATIONS.extend as Operation, account, id, input, given, toHoldResult);
    },
    async release(account, hold, given) {
      const id = toHoldId(hold);
      return run(OPERATIONS.release as Operation, account, id, {}, given, toHoldResult);
    },
  };
}
