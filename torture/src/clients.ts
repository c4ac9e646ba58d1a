import { setTimeout as sleep } from "node:timers/promises";
import {
  addAmounts,
  compareAmounts,
  InsufficientCreditsError,
  LedgerError,
  toError,
  UnavailableError,
} from "@credit-activity/client";
import { type Command, type SingleCommand, sendSingle, sendUsage, type UsageCommand } from "./commands.js";
import type { Counts } from "./counts.js";
import { createDraw, type Draw } from "./draw.js";
import { type AccountHistory, type Recorded, ViolationError } from "./history.js";
import { plan, type Step } from "./planner.js";
import { type Actor, pickServer } from "./stage.js";

/** The parts that the clients of a round share. */
export interface Round {
  readonly seed: number;
  readonly number: number;
  readonly actors: readonly Actor[];
  readonly accounts: readonly AccountHistory[];
  readonly counts: Counts;
  /** Aborts when clients have to begin no more steps. */
  readonly signal: AbortSignal;
  /** The time at which the last fault was undone, or null. Each command has to end soon after. */
  healedMs: number | null;
}

/** The time after the faults in which each command has to have its final response. */
const FINAL_MS_MAX = 120_000;

/** The time limits of a request. Most are shorter than a wait in a server, so the next try meets the one before. */
const TIMEOUTS_MS = [500, 1_000, 1_000, 2_000, 8_000] as const;

/** The growth of the time limit per try, and its maximum. Without it, busy servers would only serve clients that have left. */
const TIMEOUT_GROWTH = 2;
const TIMEOUT_MS_MAX = 30_000;

/** The longest pause before the first retry, and before any. It doubles per try. */
const PAUSE_MS = 50;
const PAUSE_MS_MAX = 2_000;

/** The refusals that a correct command can have. All others are violations. */
const REFUSALS: Readonly<Record<Command["name"], readonly string[]>> = {
  grant: ["account_closed", "already_expired"],
  spend: ["account_closed", "insufficient_credits"],
  usage: ["account_closed"],
  hold: ["account_closed", "insufficient_credits"],
  settle: ["account_closed", "hold_closed", "insufficient_credits"],
  extend: ["account_closed", "hold_closed"],
  release: ["hold_closed"],
  refund: ["account_closed", "refund_exceeds_entry"],
  adjust: ["account_closed"],
  writeOff: ["account_closed", "insufficient_credits"],
  voidGrant: ["account_closed", "grant_ended"],
  extendGrant: ["account_closed", "grant_ended", "not_extended"],
  closeAccount: ["account_closed"],
  anonymizeAccount: ["account_open"],
};

/** Runs one client until the round ends. Each of its commands is sent until it has a final response. */
export async function runClient(round: Round, client: number): Promise<void> {
  for (let index = 0; !round.signal.aborted; index += 1) {
    const draw = createDraw(round.seed, round.number, client, index);
    const step = plan(draw, round.accounts, `r${round.number}-c${client}-${index}`);
    await runStep(round, draw, step);
  }
}

async function runStep(round: Round, draw: Draw, step: Step): Promise<void> {
  switch (step.kind) {
    case "single": {
      const copies = Array.from({ length: step.copies }, () => carryOut(round, draw, [step.recorded]));
      await Promise.all(copies);
      return;
    }
    case "usage":
      return carryOut(round, draw, step.recorded);
    case "repeat":
      round.counts.repetitions += 1;
      return carryOut(round, draw, [step.recorded]);
    case "conflict":
      return expectConflict(round, draw, step.original, step.command);
  }
}

/** Sends commands to servers in turn until each has a final response. Several commands are usage, in one request. */
export async function carryOut(round: Round, draw: Draw, commands: readonly Recorded[]): Promise<void> {
  let open = commands;
  const startMs = performance.now();
  for (let tries = 1; ; tries += 1) {
    round.counts.requests += 1;
    if (tries > 1) round.counts.retries += 1;
    open = await send(round, draw, open, TIMEOUT_GROWTH ** (tries - 1));
    if (open.length === 0) break;
    const { healedMs } = round;
    if (healedMs !== null && performance.now() - Math.max(healedMs, startMs) > FINAL_MS_MAX) {
      const [first] = open as [Recorded];
      throw new ViolationError(
        first.command.account,
        `A command has no final response ${FINAL_MS_MAX / 1000} s after the last fault.`,
        { recorded: first },
      );
    }
    await sleep(draw.whole(0, Math.min(PAUSE_MS_MAX, PAUSE_MS * 2 ** tries)));
  }
  round.counts.longestMs = Math.max(round.counts.longestMs, performance.now() - startMs);
}

/** Sends commands once, and returns those without a final response. The time limit is multiplied by the patience. */
async function send(
  round: Round,
  draw: Draw,
  commands: readonly Recorded[],
  patience: number,
): Promise<readonly Recorded[]> {
  const server = pickServer(draw, round.actors);
  const sentMs = performance.now();
  for (const recorded of commands) recorded.sentMs ??= sentMs;
  const signal = AbortSignal.timeout(Math.min(TIMEOUT_MS_MAX, draw.pick(TIMEOUTS_MS) * patience));
  const open: Recorded[] = [];
  const note = (recorded: Recorded, outcome: string) =>
    void recorded.tries.push({
      server: server.number,
      sentMs,
      tookMs: performance.now() - sentMs,
      outcome,
    });
  const settle = (recorded: Recorded, result: Result) => {
    const history = toHistory(round, recorded);
    const nowMs = performance.now();
    if (result.kind === "accepted") {
      note(recorded, result.response.repeated ? "repeated" : "accepted");
      const isNew = recorded.response === null;
      history.accept(recorded, result.response, nowMs);
      if (isNew) round.counts.accept(recorded.command.name);
    } else if (result.kind === "refused") {
      note(recorded, result.error.code);
      checkRefusal(history, recorded, result.error);
      history.refuse(recorded, result.error.code, sentMs);
      round.counts.refuse(result.error.code);
    } else {
      note(recorded, result.outcome);
      round.counts.miss(result.outcome);
      if (result.isDoubtful) recorded.isDoubtful = true;
      open.push(recorded);
    }
  };
  const [first] = commands as [Recorded];
  try {
    if (first.command.name === "usage") {
      const events = commands.map(({ command }) => command as UsageCommand);
      const results = await sendUsage(server.ledger, events, signal);
      commands.forEach((recorded, index) => {
        settle(recorded, toUsageResult(recorded, results[index]));
      });
    } else {
      const response = await sendSingle(server.ledger, first.command as SingleCommand, signal);
      settle(first, { kind: "accepted", response });
    }
  } catch (error) {
    if (error instanceof ViolationError) throw error;
    for (const recorded of commands) settle(recorded, toFailure(error, recorded));
  }
  return open;
}

type Result =
  | { readonly kind: "accepted"; readonly response: NonNullable<Recorded["response"]> }
  | { readonly kind: "refused"; readonly error: LedgerError }
  /** The command may have been carried out if the result is doubtful. */
  | { readonly kind: "missing"; readonly outcome: string; readonly isDoubtful: boolean };

/** The details of failures whose commands were not carried out. */
const UNDONE = /nothing was done|did nothing/;

function toUsageResult(
  recorded: Recorded,
  result: Awaited<ReturnType<typeof sendUsage>>[number] | undefined,
): Result {
  const { account, key } = recorded.command;
  if (result === undefined || result.id !== key) {
    throw new ViolationError(account, "The results of usage are not those of its events.", {
      recorded,
      result,
    });
  }
  switch (result.status) {
    case "posted":
    case "duplicate": {
      const { entry, status } = result;
      return { kind: "accepted", response: { entry, hold: null, repeated: status === "duplicate" } };
    }
    case "failed": {
      const { code, detail } = result.error;
      if (code === "internal") throw new ViolationError(account, `An event failed: ${detail}`, { recorded });
      return { kind: "missing", outcome: `failed: ${code}`, isDoubtful: !UNDONE.test(detail) };
    }
    case "refused":
      return toFailure(toError(result.error), recorded);
  }
}

/** Sorts the errors of a request into refusals and missing responses. All others are violations. */
export function toFailure(error: unknown, recorded: Recorded): Result {
  const { account, name } = recorded.command;
  if (error instanceof UnavailableError) {
    if (error.status !== null) {
      const isDoubtful = !UNDONE.test(error.problem?.detail ?? "");
      return { kind: "missing", outcome: `${error.status} ${error.code}`, isDoubtful };
    }
    const code = toNetworkCode(error.cause);
    return { kind: "missing", outcome: `no response: ${code}`, isDoubtful: code !== "ECONNREFUSED" };
  }
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return { kind: "missing", outcome: "no response: client's time limit", isDoubtful: true };
  }
  if (error instanceof LedgerError && REFUSALS[name].includes(error.code)) return { kind: "refused", error };
  const problem = error instanceof LedgerError ? error.problem : null;
  throw new ViolationError(account, `A correct request failed: ${String(error)}`, { recorded, problem });
}

function toNetworkCode(cause: unknown): string {
  const { code, cause: inner, message } = cause as Error & { code?: string };
  return code ?? (inner === undefined ? message : toNetworkCode(inner));
}

/** Checks the reasons of a refusal that the response states. */
function checkRefusal(
  { account, overdraftLimit }: AccountHistory,
  recorded: Recorded,
  error: LedgerError,
): void {
  if (!(error instanceof InsufficientCreditsError)) return;
  const { available, required } = error.facts;
  if (compareAmounts(addAmounts(available, overdraftLimit), required) < 0) return;
  throw new ViolationError(account, "A command was refused though it was covered.", {
    recorded,
    problem: error.problem,
  });
}

/** Sends another command with a used key. Each server has to refuse it. */
async function expectConflict(
  round: Round,
  draw: Draw,
  original: Recorded,
  command: SingleCommand,
): Promise<void> {
  const server = pickServer(draw, round.actors);
  const evidence = { original, command, server: server.number };
  round.counts.requests += 1;
  try {
    const response = await sendSingle(server.ledger, command, AbortSignal.timeout(draw.pick(TIMEOUTS_MS)));
    const history = toHistory(round, original);
    // An anonymization erases the salt, without which payloads can't be compared. The first response comes then.
    if (history.firstSentMs("anonymizeAccount") !== null && response.repeated) {
      return history.accept(original, response, performance.now());
    }
    throw new ViolationError(command.account, "A used key was accepted with another payload.", {
      ...evidence,
      response,
    });
  } catch (error) {
    if (error instanceof ViolationError) throw error;
    if (error instanceof LedgerError && error.is("key_conflict")) return round.counts.refuse("key_conflict");
    const result = toFailure(error, original);
    if (result.kind === "missing") return round.counts.miss(result.outcome);
    throw new ViolationError(
      command.account,
      `A used key with another payload is ${String(error)}`,
      evidence,
    );
  }
}

function toHistory({ accounts }: Round, { command }: Recorded): AccountHistory {
  return accounts.find(({ account }) => account === command.account) as AccountHistory;
}
