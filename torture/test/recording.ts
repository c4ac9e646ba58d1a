import type { Amount, Ledger } from "@credit-activity/client";
import { type Command, type Response, type SingleCommand, sendSingle } from "../src/commands.js";
import { AccountHistory, type Recorded } from "../src/history.js";

/** The time limit of a command. */
const TIMEOUT_MS = 30_000;

/** Makes a command. By default its key is its description, or its name. */
export function toCommand(
  account: string,
  name: SingleCommand["name"],
  input: object,
  hold: string | null = null,
  key: string = (input as { description?: string }).description ?? name,
): SingleCommand {
  return { name, account, key, hold, input } as SingleCommand;
}

/** Sends a command, and records its response. */
export async function send(
  ledger: Ledger,
  history: AccountHistory,
  name: SingleCommand["name"],
  input: object,
  hold: string | null = null,
  key?: string,
): Promise<Response> {
  const command = toCommand(history.account, name, input, hold, key);
  const recorded = history.add(command);
  recorded.sentMs = performance.now();
  const response = await sendSingle(ledger, command, AbortSignal.timeout(TIMEOUT_MS));
  history.accept(recorded, response, performance.now());
  return response;
}

/** Returns a history with the same commands, of which a test may change one. */
export function copyHistory(
  history: AccountHistory,
  overdraftLimit: Amount = history.overdraftLimit,
): AccountHistory {
  const copy = new AccountHistory(history.account, overdraftLimit);
  for (const [key, recorded] of history.commands) {
    const one = { ...recorded, tries: [...recorded.tries] };
    copy.commands.set(key, one);
    if (one.response !== null) copy.accepted.push(one);
  }
  return copy;
}

/** Returns a command of a history with what was seen of it. */
export function find(history: AccountHistory, key: string): Recorded {
  const recorded = history.commands.get(key);
  if (recorded === undefined) throw new Error(`The history has no command ${key}.`);
  return recorded;
}

/** Adds a command that was accepted. */
export function addAccepted(
  history: AccountHistory,
  command: Command,
  response: Response,
  sentMs: number,
): Recorded {
  const recorded = Object.assign(history.add(command), { sentMs, response, acceptedMs: sentMs + 1 });
  history.accepted.push(recorded);
  return recorded;
}

/** Lets a command be refused now. */
export function refuse(recorded: Recorded, refusal: string): void {
  Object.assign(recorded, { sentMs: performance.now(), refusal, refusedAt: Date.now() });
}
