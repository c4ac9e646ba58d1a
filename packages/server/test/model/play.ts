import type { Instant } from "../../src/core/instant.js";
import type { Command, KeyedCommand } from "./commands.js";
import { createModel, type Model, type Outcome } from "./model.js";
import { resolveClock, resolveStep } from "./resolve.js";
import type { History, Step } from "./wishes.js";

/** An account of a history that is being played. */
export interface Player {
  readonly account: string;
  readonly overdraftLimit: History["accounts"][number]["overdraftLimit"];
  readonly model: Model;
}

/** A step that the models have been through: the commands that arrived, and their predicted outcomes. */
export interface PlayedStep {
  readonly now: Instant;
  readonly commands: readonly Command[];
  /** One outcome per command. */
  readonly outcomes: readonly Outcome[];
  /** The accounts as they are after this step. */
  readonly players: readonly Player[];
}

/**
 * Plays a history through one model per account, step by step. References to earlier entries and holds are resolved on
 * the models as they were before the step, so that a ledger under test can take all commands of a step at once.
 *
 * @param toAccount returns the id of an account by its index
 */
export function* play(
  history: History,
  toAccount: (index: number) => string = (index) => `account-${index + 1}`,
): Generator<PlayedStep> {
  const players = history.accounts.map(({ overdraftLimit }, index) => ({
    account: toAccount(index),
    overdraftLimit,
    model: createModel({ overdraftLimit }),
  }));
  let now = history.start;
  let sent: readonly KeyedCommand[] = [];
  for (const [index, step] of history.steps.entries()) {
    const commands = toCommands(step, `${index + 1}`);
    const outcomes = commands.map((command) => toPlayer(command).model.apply(command, now));
    sent = [...sent, ...commands.filter((command) => command.op !== "touch")];
    yield { now, commands, outcomes, players };
  }

  function toCommands(step: Step, name: string): readonly Command[] {
    const known = players.map(({ account, overdraftLimit, model }) => ({
      account,
      overdraftLimit,
      entries: model.entries(),
      grants: model.grants(),
      holds: model.holds(),
      sent: sent.filter((command) => command.account === account),
    }));
    now = resolveClock(step, now, known);
    return resolveStep(step, now, known, name);
  }

  function toPlayer(command: Command): Player {
    return players.find((player) => player.account === command.account) as Player;
  }
}
