import { isDeepStrictEqual } from "node:util";
import type { Amount } from "@credit-activity/client";
import type { Command, CommandName, Response } from "./commands.js";
import { withoutText } from "./free-text.js";

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
    const { entry, repeated } = response;
    if (first !== null && !this.isSame(first, response)) {
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

  /** True if two responses show the same. What an anonymization erases may be missing, once one was sent. */
  isSame(one: Response, other: Response): boolean {
    const isErasing = this.firstSentMs("anonymizeAccount") !== null;
    const toShown = ({ entry, hold }: Response) =>
      isErasing ? [entry && withoutText(entry), hold && withoutText(hold)] : [entry, hold];
    return isDeepStrictEqual(toShown(one), toShown(other));
  }

  /** Returns the time at which a command of a name was first sent, or null. */
  firstSentMs(name: CommandName): number | null {
    return this.first(name, ({ sentMs }) => sentMs);
  }

  /** Returns the time at which a command of a name was first known to be accepted, or null. */
  firstAcceptedMs(name: CommandName): number | null {
    return this.first(name, ({ acceptedMs }) => acceptedMs);
  }

  private first(name: CommandName, toMs: (recorded: Recorded) => number | null): number | null {
    let first: number | null = null;
    for (const recorded of this.commands.values()) {
      const ms = recorded.command.name === name ? toMs(recorded) : null;
      if (ms !== null) first = Math.min(ms, first ?? ms);
    }
    return first;
  }

  /**
   * Records a refusal.
   *
   * @throws ViolationError if the command had been accepted before the request, or if the account was not in the state
   * that the refusal states
   */
  refuse(recorded: Recorded, code: string, sentMs: number): void {
    if (recorded.acceptedMs !== null && recorded.acceptedMs < sentMs) {
      throw new ViolationError(this.account, `A command was accepted, and its repetition is ${code}.`, {
        recorded,
      });
    }
    if (code === "account_closed" && this.firstSentMs("closeAccount") === null) {
      throw new ViolationError(this.account, "An account is closed that nobody has closed.", { recorded });
    }
    const closedMs = this.firstAcceptedMs("closeAccount");
    if (code === "account_open" && closedMs !== null && closedMs < sentMs) {
      throw new ViolationError(this.account, "An account is open after it was closed.", { recorded });
    }
    recorded.refusal = code;
    recorded.refusedAt = Date.now();
  }
}
