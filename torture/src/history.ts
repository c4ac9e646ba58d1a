import { isDeepStrictEqual } from "node:util";
import type { Amount } from "@credit-activity/client";
import type { Command, Response } from "./commands.js";

/** Thrown at a violation. The evidence is printed with it. */
export class ViolationError extends Error {
  override readonly name = "ViolationError";
  constructor(
    readonly account: string,
    problem: string,
    readonly evidence: unknown,
  ) {
    super(problem);
  }
}

/** One request for a command. Times are those of the process's monotonic clock, in milliseconds, unless stated. */
export interface Try {
  readonly server: number;
  readonly sentMs: number;
  readonly tookMs: number;
  readonly outcome: string;
}

/** A command with what its clients have seen of it. */
export interface Recorded {
  readonly command: Command;
  readonly tries: Try[];
  /** The time of the first request. */
  sentMs: number | null;
  /** The first response that accepts the command, and its time. */
  response: Response | null;
  acceptedMs: number | null;
  /** True if a response stated that it is not the repetition of another. */
  isFirstSeen: boolean;
  /** The code of the last refusal, and its time in milliseconds since 1970. */
  refusal: string | null;
  refusedAt: number | null;
  /** True if a request had no response, so that it may still be carried out. */
  isDoubtful: boolean;
}

/** The commands on an account. */
export class AccountHistory {
  readonly commands = new Map<string, Recorded>();
  /** The highest seq that a response has had. A read that begins later has to have it. */
  confirmedSeq = 0;
  /** Commands that were accepted, for repetitions, refunds and settlements. */
  readonly accepted: Recorded[] = [];

  constructor(
    readonly account: string,
    readonly overdraftLimit: Amount,
  ) {}

  /** Records a new command. */
  add(command: Command): Recorded {
    const recorded: Recorded = {
      command,
      tries: [],
      sentMs: null,
      response: null,
      acceptedMs: null,
      isFirstSeen: false,
      refusal: null,
      refusedAt: null,
      isDoubtful: false,
    };
    this.commands.set(command.key, recorded);
    return recorded;
  }

  /**
   * Records a response that accepts a command.
   *
   * @throws ViolationError if it is not the response of the other tries, or if the command was carried out twice
   */
  accept(recorded: Recorded, response: Response, nowMs: number): void {
    const { response: first } = recorded;
    const { entry, hold, repeated } = response;
    if (first !== null && !isDeepStrictEqual([first.entry, first.hold], [entry, hold])) {
      throw new ViolationError(this.account, "Two responses to one key differ.", { recorded, response });
    }
    if (!repeated && recorded.isFirstSeen) {
      throw new ViolationError(this.account, "Two responses to one key both claim to be the first.", {
        recorded,
        response,
      });
    }
    if (!repeated) recorded.isFirstSeen = true;
    if (first !== null) return;
    recorded.response = response;
    recorded.acceptedMs = nowMs;
    this.accepted.push(recorded);
    if (entry !== null) this.confirmedSeq = Math.max(this.confirmedSeq, entry.seq);
  }

  /**
   * Records a refusal.
   *
   * @throws ViolationError if the command had been accepted before the request
   */
  refuse(recorded: Recorded, code: string, sentMs: number): void {
    if (recorded.acceptedMs !== null && recorded.acceptedMs < sentMs) {
      throw new ViolationError(this.account, `A command was accepted, and its repetition is ${code}.`, {
        recorded,
      });
    }
    recorded.refusal = code;
    recorded.refusedAt = Date.now();
  }
}
