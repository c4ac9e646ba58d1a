import type { AnyCommand, Operation } from "../../src/core/command.js";
import { OPERATIONS } from "../../src/core/operations/index.js";
import type { Command } from "../model/commands.js";

/** Translates a command of the model to a command of the rules. The order of its fields stays. */
export function translate(command: Command): AnyCommand {
  if (command.op === "touch") return { operation: null, account: command.account, key: null };
  const { op, account, key } = command;
  const operation = OPERATIONS[op] as Operation;
  const names = Object.keys(operation.schema.shape);
  const given = Object.entries({ ...command, id: key });
  const input: Record<string, unknown> = Object.fromEntries(given.filter(([name]) => names.includes(name)));
  for (const name of names) input[name] ??= null;
  return { operation, account, key, hold: "hold" in command ? command.hold : null, input };
}
