import type { UsageResult, UsageResults } from "@credit-activity/client";
import { decode } from "../core/codec.js";
import type { Command, Operation } from "../core/command.js";
import type { Outcome } from "../core/decide.js";
import type { Entry } from "../core/entry.js";
import type { Fault } from "../core/faults.js";
import { OPERATIONS } from "../core/operations/index.js";
import type { UsageInput } from "../core/operations/usage.js";
import { BY_ID, type Dimensioned, hasDimension, type ToLabel } from "../queries/labels.js";
import type { MethodOptions } from "./calls.js";
import { toThrown } from "./errors.js";
import { describe, findFaults } from "./inputs.js";
import { EVENTS_MAX } from "./requests.js";

/** A usage event that could not be decoded. */
export class FaultyEvent {
  /** The id as the caller gave it. It is null if the event has none. */
  readonly id: string | null;

  constructor(
    event: unknown,
    readonly faults: readonly Fault[],
  ) {
    this.id = toEventId(event);
  }
}

/** A usage event as it was decoded, or its faults. */
export type DecodedEvent = UsageInput | FaultyEvent;

export interface UsageMethodOptions {
  /** Called with an error that nobody foresaw, which failed events of a call whose other events were decided. */
  readonly onError: (error: Error) => void;
}

/** Makes the method that posts decoded usage events. One that is refused or fails harms no other. */
export function createUsageMethod(
  options: Pick<MethodOptions, "engine" | "kinds" | "labels" | "presenter"> & UsageMethodOptions,
) {
  const { engine, kinds, labels, presenter, onError } = options;
  const operation = OPERATIONS.usage as Operation;

  /** Returns the labels of each account that has entries with dimensions. */
  async function readLabels(commands: readonly Command[], outcomes: readonly (Outcome | Error)[]) {
    const byAccount = new Map<string, Dimensioned[]>();
    outcomes.forEach((outcome, index) => {
      if (outcome instanceof Error || outcome.refusal !== null) return;
      const { facts } = outcome.entry as Entry;
      if (!hasDimension(facts)) return;
      const { account, input } = commands[index] as Command;
      if (!outcome.repeated) labels.note(account, input as Dimensioned);
      const ofAccount = byAccount.get(account);
      if (ofAccount === undefined) byAccount.set(account, [facts]);
      else ofAccount.push(facts);
    });
    const read = async ([account, facts]: [string, Dimensioned[]]) =>
      [account, await labels.read(account, facts)] as const;
    return new Map<string, ToLabel>(await Promise.all([...byAccount].map(read)));
  }

  return async function postUsage(
    events: readonly DecodedEvent[],
    ids: readonly (string | null)[] | null,
  ): Promise<UsageResults> {
    const commands: Command[] = [];
    const refused = new Map<number, Refused["error"]>();
    events.forEach((event, index) => {
      const isFaulty = event instanceof FaultyEvent;
      const faults = isFaulty ? event.faults : findFaults(operation, event, kinds);
      if (isFaulty || faults.length > 0) refused.set(index, toRefused(faults));
      else commands.push({ operation, account: event.account, key: event.id, hold: null, input: event });
    });
    const outcomes = await engine.submitAll(commands);
    const failures = new Set(outcomes.filter((outcome) => outcome instanceof Error));
    const isDecided = refused.size > 0 || outcomes.some((outcome) => !(outcome instanceof Error));
    // With nothing decided, the whole call failed. The caller sends it again if that may help one of its events.
    if (!isDecided) throw [...failures].find((one) => toThrown(one).code !== "internal") ?? outcomes[0];
    for (const failure of failures) if (toThrown(failure).code === "internal") onError(failure);
    const toLabels = await readLabels(commands, outcomes);
    let next = 0;
    const results = events.map((event, index): UsageResult => {
      const id = ids === null ? event.id : (ids[index] as string | null);
      const without = refused.get(index);
      if (without !== undefined) return { status: "refused", id, error: without };
      const { account } = commands[next] as Command;
      const outcome = outcomes[next] as Outcome | Error;
      next += 1;
      if (outcome instanceof Error) return { status: "failed", id: id as string, error: toFailure(outcome) };
      if (outcome.refusal !== null) return { status: "refused", id, error: outcome.refusal };
      const entry = presenter.entry(outcome.entry as Entry, toLabels.get(account) ?? BY_ID);
      return { status: outcome.repeated ? "duplicate" : "posted", id: id as string, entry };
    });
    return { results };
  };
}

/**
 * Returns the faults of an array of events. Those of single events are refused alone.
 *
 * @param given the number of events, where it is not that of the array
 */
export function findFaultsOfEvents(events: unknown, given?: number): readonly Fault[] {
  const faultOf = (message: string) => [{ path: "events", message }];
  if (!Array.isArray(events)) return faultOf("is not an array. Give the events in an array");
  const count = given ?? events.length;
  if (count === 0) return faultOf("is empty. Give at least 1 event");
  if (count > EVENTS_MAX)
    return faultOf(`has more than ${EVENTS_MAX.toLocaleString("en")} events. Send them in several calls`);
  return [];
}

/** Decodes an event. */
export function decodeEvent(event: unknown): DecodedEvent {
  const { value, faults } = decode(OPERATIONS.usage.schema, event);
  return faults === null ? (value as UsageInput) : new FaultyEvent(event, faults);
}

/** Returns the id of an event, or null if it has none. */
export function toEventId(event: unknown): string | null {
  const id = (event as { readonly id?: unknown } | null | undefined)?.id;
  return typeof id === "string" ? id : null;
}

type Refused = Extract<UsageResult, { status: "refused" }>;
type Failed = Extract<UsageResult, { status: "failed" }>;

function toFailure(error: Error): Failed["error"] {
  const { code, message } = toThrown(error);
  return { code: code as Failed["error"]["code"], detail: message, facts: {} };
}

function toRefused(faults: readonly Fault[]): Refused["error"] {
  return { code: "bad_request", detail: describe(faults), facts: {} };
}
