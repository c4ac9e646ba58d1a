import type { Command, KeyedCommand } from "../../src/ledger/command.js";
import type { Instant } from "../../src/ledger/instant.js";
import { createModel, type Model, type Outcome } from "./model.js";
import { resolveClock, resolveStep } from "./resolve.js";
import type { History, Step } from "./wishes.js";

/** One account of a history that is being played. */
export interface Player {
  readonly account: string;
  readonly overdraftLimit: History["accounts"][number]["overdraftLimit"];
  readonly model: Model;
}

/** A step that the models have been through: the commands that arrived, and what the models say each comes to. */
export interface PlayedStep {
  readonly now: Instant;
  readonly commands: readonly Command[];
  /** One for each command. */
  readonly outcomes: readonly Outcome[];
  /** The accounts as they are after this step. */
  readonly players: readonly Player[];
}

/**
 * Plays a history through one model an account, step by step. References to earlier entries and holds are resolved on
 * the models as they were before the step, so that a ledger under test can be given all commands of a step at once.
 *
 * @param nameOf the id of an account, by its index
 */
export function* play(
  history: History,
  nameOf: (index: number) => string = (index) => `account-${index + 1}`,
): Generator<PlayedStep> {
  const players = history.accounts.map(({ overdraftLimit }, index) => ({
    account: nameOf(index),
    overdraftLimit,
    model: createModel({ overdraftLimit }),
  }));
  let now = history.start;
  let sent: readonly KeyedCommand[] = [];
  for (const [index, step] of history.steps.entries()) {
    const commands = commandsOf(step, `${index + 1}`);
    const outcomes = commands.map((command) => playerOf(command).model.apply(command, now));
    sent = [...sent, ...commands.filter((command) => command.op !== "touch")];
    yield { now, commands, outcomes, players };
  }

  function commandsOf(step: Step, name: string): readonly Command[] {
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

  function playerOf(command: Command): Player {
    return players.find((player) => player.account === command.account) as Player;
  }
}
