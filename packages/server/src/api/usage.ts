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
import { describe, faultsOf } from "./inputs.js";
import { EVENTS_MAX } from "./requests.js";

/** A usage event as it was decoded, or its faults. */
export type DecodedEvent = {
  /** The id as the caller gave it. It is null if the event has none. */
  readonly id: string | null;
} & (
  | { readonly input: UsageInput; readonly faults: null }
  | { readonly input: null; readonly faults: readonly Fault[] }
);

type Accepted = Extract<Outcome, { refusal: null }>;

/** Makes the method that posts decoded usage events. One that is refused harms no other. */
export function createUsageMethod(options: Pick<MethodOptions, "engine" | "kinds" | "labels" | "presenter">) {
  const { engine, kinds, labels, presenter } = options;
  const operation = OPERATIONS.usage as Operation;

  /** Returns the labels of each account that has entries with dimensions. */
  async function readLabels(commands: readonly Command[], outcomes: readonly Outcome[]) {
    const byAccount = new Map<string, Dimensioned[]>();
    outcomes.forEach((outcome, index) => {
      const facts = outcome.refusal === null ? (outcome.entry as Entry).facts : null;
      if (facts === null || !hasDimension(facts)) return;
      const { account, input } = commands[index] as Command;
      if (!(outcome as Accepted).repeated) labels.note(account, input as Dimensioned);
      const ofAccount = byAccount.get(account);
      if (ofAccount === undefined) byAccount.set(account, [facts]);
      else ofAccount.push(facts);
    });
    const read = async ([account, facts]: [string, Dimensioned[]]) =>
      [account, await labels.read(account, facts)] as const;
    return new Map<string, ToLabel>(await Promise.all([...byAccount].map(read)));
  }

  return async function postUsage(events: readonly DecodedEvent[]): Promise<UsageResults> {
    const commands: Command[] = [];
    const refused: (Refused | null)[] = [];
    for (const { id, input, faults } of events) {
      const found = faults ?? faultsOf(operation, input, kinds);
      refused.push(found.length > 0 ? toRefused(id, found) : null);
      if (input !== null && found.length === 0)
        commands.push({ operation, account: input.account, key: input.id, hold: null, input });
    }
    const outcomes = await engine.submitAll(commands);
    const toLabels = await readLabels(commands, outcomes);
    let next = 0;
    const results = events.map(({ id }, index): UsageResult => {
      const without = refused[index] as Refused | null;
      if (without !== null) return without;
      const { account } = commands[next] as Command;
      const outcome = outcomes[next] as Outcome;
      next += 1;
      if (outcome.refusal !== null) return { status: "refused", id, error: outcome.refusal };
      const entry = presenter.entry(outcome.entry as Entry, toLabels.get(account) ?? BY_ID);
      return { status: outcome.repeated ? "duplicate" : "posted", id: id as string, entry };
    });
    return { results };
  };
}

/** Returns the faults of an array of events. Those of single events are refused alone. */
export function faultsOfEvents(events: unknown): readonly Fault[] {
  const faultOf = (message: string) => [{ path: "events", message }];
  if (!Array.isArray(events)) return faultOf("is not an array. Give the events in an array");
  if (events.length === 0) return faultOf("is empty. Give at least 1 event");
  if (events.length > EVENTS_MAX)
    return faultOf(`has more than ${EVENTS_MAX.toLocaleString("en")} events. Send them in several calls`);
  return [];
}

/** Decodes an event. */
export function decodeEvent(event: unknown): DecodedEvent {
  const { value, faults } = decode(OPERATIONS.usage.schema, event);
  const id = toEventId(event);
  return faults === null ? { id, input: value as UsageInput, faults } : { id, input: null, faults };
}

/** Returns the id of an event, or null if it has none. */
export function toEventId(event: unknown): string | null {
  const id = (event as { readonly id?: unknown } | null | undefined)?.id;
  return typeof id === "string" ? id : null;
}

type Refused = Extract<UsageResult, { status: "refused" }>;

function toRefused(id: string | null, faults: readonly Fault[]): Refused {
  return { status: "refused", id, error: { code: "bad_request", detail: describe(faults), facts: {} } };
}
