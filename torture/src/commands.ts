import type {
  AdjustInput,
  CloseAccountInput,
  Entry,
  ExtendGrantInput,
  ExtendInput,
  GrantInput,
  Hold,
  HoldInput,
  Ledger,
  RefundInput,
  SettleInput,
  SpendInput,
  UsageEvent,
  UsageResult,
  VoidGrantInput,
  WriteOffInput,
} from "@credit-activity/client";

/** The inputs of the commands by name. Most have a description, which makes their payload unique. */
interface Inputs {
  readonly grant: GrantInput;
  readonly spend: SpendInput;
  readonly usage: Omit<UsageEvent, "id" | "account">;
  readonly hold: HoldInput;
  readonly settle: SettleInput;
  readonly extend: ExtendInput;
  readonly release: Readonly<Record<string, never>>;
  readonly refund: RefundInput;
  readonly adjust: AdjustInput;
  readonly writeOff: WriteOffInput;
  readonly voidGrant: VoidGrantInput;
  readonly extendGrant: ExtendGrantInput;
  readonly closeAccount: CloseAccountInput;
  readonly anonymizeAccount: Readonly<Record<string, never>>;
}

export type CommandName = keyof Inputs;

interface CommandOf<Name extends CommandName> {
  readonly name: Name;
  readonly account: string;
  /** The idempotency key, or the id of a usage event. */
  readonly key: string;
  /** The hold that a settlement, extension or release names. Null for other commands. */
  readonly hold: string | null;
  readonly input: Inputs[Name];
}

/** A command with its idempotency key. */
export type Command = { [Name in CommandName]: CommandOf<Name> }[CommandName];
export type UsageCommand = CommandOf<"usage">;
export type SingleCommand = Exclude<Command, UsageCommand>;

/** The response of a command that was accepted. */
export interface Response {
  readonly entry: Entry | null;
  readonly hold: Hold | null;
  readonly repeated: boolean;
}

/** Sends a command that is not usage. */
export async function sendSingle(
  ledger: Ledger,
  command: SingleCommand,
  signal: AbortSignal,
): Promise<Response> {
  const { account, key } = command;
  const hold = command.hold ?? "";
  const options = { key, signal };
  const nothing = { entry: null, hold: null };
  switch (command.name) {
    case "grant":
      return { ...nothing, ...(await ledger.grant(account, command.input, options)) };
    case "spend":
      return { ...nothing, ...(await ledger.spend(account, command.input, options)) };
    case "hold":
      return { ...nothing, ...(await ledger.hold(account, command.input, options)) };
    case "settle":
      return await ledger.settle(account, hold, command.input, options);
    case "extend":
      return { ...nothing, ...(await ledger.extend(account, hold, command.input, options)) };
    case "release":
      return { ...nothing, ...(await ledger.release(account, hold, options)) };
    case "refund":
      return { ...nothing, ...(await ledger.refund(account, command.input, options)) };
    case "adjust":
      return { ...nothing, ...(await ledger.adjust(account, command.input, options)) };
    case "writeOff":
      return { ...nothing, ...(await ledger.writeOff(account, command.input, options)) };
    case "voidGrant":
      return { ...nothing, ...(await ledger.voidGrant(account, command.input, options)) };
    case "extendGrant":
      return { ...nothing, ...(await ledger.extendGrant(account, command.input, options)) };
    case "closeAccount":
      return { ...nothing, ...(await ledger.closeAccount(account, command.input, options)) };
    case "anonymizeAccount":
      return { ...nothing, ...(await ledger.anonymizeAccount(account, options)) };
  }
}

/** Sends usage, and returns one result per command in their order. */
export async function sendUsage(
  ledger: Ledger,
  commands: readonly UsageCommand[],
  signal: AbortSignal,
): Promise<readonly UsageResult[]> {
  const events = commands.map(({ account, key, input }) => ({ id: key, account, ...input }));
  return (await ledger.usage(events, { signal })).results;
}
