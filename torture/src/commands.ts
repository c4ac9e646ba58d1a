import type {
  AdjustInput,
  Entry,
  GrantInput,
  Hold,
  HoldInput,
  Ledger,
  RefundInput,
  SettleInput,
  SpendInput,
  UsageEvent,
  UsageResult,
  WriteOffInput,
} from "@credit-activity/client";

/** The inputs of the commands by name. Each has a description, which makes its payload unique. */
interface Inputs {
  readonly grant: GrantInput;
  readonly spend: SpendInput;
  readonly usage: Omit<UsageEvent, "id" | "account">;
  readonly hold: HoldInput;
  readonly settle: SettleInput;
  readonly release: Readonly<Record<string, never>>;
  readonly refund: RefundInput;
  readonly adjust: AdjustInput;
  readonly writeOff: WriteOffInput;
}

export type CommandName = keyof Inputs;

interface CommandOf<Name extends CommandName> {
  readonly name: Name;
  readonly account: string;
  /** The idempotency key, or the id of a usage event. */
  readonly key: string;
  /** The hold that a settlement or release names. Null for other commands. */
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
    case "release":
      return { ...nothing, ...(await ledger.release(account, hold, options)) };
    case "refund":
      return { ...nothing, ...(await ledger.refund(account, command.input, options)) };
    case "adjust":
      return { ...nothing, ...(await ledger.adjust(account, command.input, options)) };
    case "writeOff":
      return { ...nothing, ...(await ledger.writeOff(account, command.input, options)) };
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
