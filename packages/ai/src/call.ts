import {
  type ErrorCode,
  fromMicros,
  type Hold,
  LedgerError,
  toMicros,
  UnavailableError,
  type UsageEvent,
} from "@credit-activity/client";
import { estimateInput } from "./estimate.js";
import type { Metering } from "./options.js";
import { type Charge, type Model, toCharge } from "./price.js";
import { KIND, report } from "./report.js";
import type { Step } from "./steps.js";
import { unref } from "./timers.js";
import {
  type InputUsage,
  NO_INPUT,
  NO_OUTPUT,
  type OutputUsage,
  type Reported,
  toQuantities,
  type Usage,
} from "./usage.js";

/** The time that a hold lasts. It is extended while its call runs. */
export const HOLD_SECONDS = 900;
const EXTEND_EVERY_MS = (HOLD_SECONDS / 3) * 1000;

/** The pauses before a settlement is tried again. */
const RETRY_DELAYS_MS = [100, 1_000];

/** A request to a model, as far as its hold needs it. */
export interface CallRequest {
  readonly model: Model;
  /** The parts of the request that become input tokens. */
  readonly input: unknown;
  /** The most output tokens that the request allows. Default: that of the options. */
  readonly maxOutputTokens?: number | undefined;
}

/** News of a call: a part of its stream, or its whole result. */
export interface Progress {
  /** The usage that the provider reported. */
  readonly reported?: Reported;
  /** Streamed output, apart from reasoning. */
  readonly output?: string;
  /** Streamed reasoning. */
  readonly reasoning?: string;
  /** True if the usage that the provider reported is final. */
  readonly isComplete?: boolean;
  /** True if the provider reported a failure. */
  readonly hasFailed?: boolean;
}

/**
 * A call to a model that is metered. It holds credits while the call runs, collects its progress, and settles once.
 */
export class MeteredCall {
  readonly #metering: Metering;
  readonly #model: Model;
  readonly #estimatedInput: number;
  readonly #attributes: Attributes;
  readonly #step: Step;
  #hold: Pick<Hold, "id" | "credits"> | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  #reportedInput: InputUsage | null = null;
  #reportedOutput: OutputUsage | null = null;
  #output = "";
  #reasoning = "";
  #isComplete = false;
  #hasFailed = false;
  #ended: Promise<void> | null = null;

  private constructor(metering: Metering, { model, input }: CallRequest) {
    this.#metering = metering;
    this.#model = model;
    this.#estimatedInput = estimateInput(input, metering.countTokens);
    this.#attributes = toAttributes(metering, model);
    this.#step = metering.steps.take();
  }

  /**
   * Holds the estimated credits of a call. Without a price nothing is held.
   *
   * @throws LedgerError if the ledger refuses the hold, such as an `InsufficientCreditsError`
   */
  static async open(metering: Metering, request: CallRequest): Promise<MeteredCall> {
    const call = new MeteredCall(metering, request);
    try {
      await call.#open(request.maxOutputTokens ?? metering.maxOutputTokens);
    } catch (error) {
      call.#step.leave();
      throw error;
    }
    return call;
  }

  async #open(maxOutputTokens: number): Promise<void> {
    const usage = { ...NO_INPUT, input: this.#estimatedInput, output: maxOutputTokens, reasoning: 0 };
    const { micros } = toCharge(this.#metering.price, usage, this.#model);
    if (micros === 0n) return;
    const { ledger, account } = this.#metering;
    const { hold } = await ledger.hold(account, {
      credits: fromMicros(micros),
      expiresIn: HOLD_SECONDS,
      ...this.#attributes,
    });
    this.#hold = hold;
    this.#timer = unref(setInterval(() => void this.#extend(hold.id), EXTEND_EVERY_MS));
  }

  /** Takes note of progress. It has no effect once the call has ended. */
  observe(progress: Progress): void {
    const { input, output } = progress.reported ?? NOTHING;
    if (input !== null) this.#reportedInput = { ...(this.#reportedInput ?? NO_INPUT), ...input };
    if (output !== null) this.#reportedOutput = { ...(this.#reportedOutput ?? NO_OUTPUT), ...output };
    this.#output += progress.output ?? "";
    this.#reasoning += progress.reasoning ?? "";
    this.#isComplete ||= progress.isComplete ?? false;
    this.#hasFailed ||= progress.hasFailed ?? false;
  }

  /**
   * Ends a call whose response began. It settles what was used, or releases the hold if the provider reported a failure.
   * What the provider did not report is estimated, and an estimate never exceeds the hold.
   */
  end(): Promise<void> {
    if (this.#hasFailed && !this.#isComplete) return this.fail();
    this.#ended ??= this.#settle();
    return this.#ended;
  }

  /** Ends a call without a response, and releases its hold. The next call takes its step. */
  fail(): Promise<void> {
    if (this.#ended === null) this.#step.leave();
    this.#ended ??= this.#release();
    return this.#ended;
  }

  async #release(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#hold === null) return;
    const { ledger, account } = this.#metering;
    // A hold that can't be released expires.
    await ledger.release(account, this.#hold.id).catch(() => {});
  }

  async #extend(hold: string): Promise<void> {
    const { ledger, account } = this.#metering;
    // A hold that could not be extended expires. The usage is reported without it then.
    await ledger.extend(account, hold, { expiresIn: HOLD_SECONDS }).catch(() => {});
  }

  /** Settles what was used. It never fails, because the response is not lost with its settlement. */
  async #settle(): Promise<void> {
    clearInterval(this.#timer);
    const { account } = this.#metering;
    const known = { id: this.#step.key, account, kind: KIND, ...this.#attributes };
    // A usage that the price function can't price has cost what was held.
    let event: UsageEvent = { ...known, ...toPriced({ micros: this.#held(), version: null }) };
    try {
      const { usage, isEstimated } = this.#toUsage();
      const measured = { quantities: toQuantities(usage), estimated: isEstimated };
      event = { ...event, ...measured };
      const charge = this.#toBounded(usage, isEstimated);
      const charged = { ...measured, ...toPriced(charge) };
      event = { ...event, ...charged };
      if (charge.micros === 0n) return await this.#release();
      await retry(() => this.#charge({ ...known, ...charged }, charged));
    } catch (error) {
      // A settlement that was refused for good leaves its hold open.
      if (!(error instanceof UnavailableError)) await this.#release();
      void handOver(this.#metering.onUnsettled, event, error);
    }
  }

  /** Returns what was used. If the provider's report is not complete, the rest is estimated from the stream. */
  #toUsage(): { usage: Usage; isEstimated: boolean } {
    const input = this.#reportedInput;
    const output = this.#reportedOutput;
    if (this.#isComplete && input !== null && output !== null) {
      return { usage: { ...input, ...output }, isEstimated: false };
    }
    const { countTokens } = this.#metering;
    const usage = {
      ...(input ?? { ...NO_INPUT, input: this.#estimatedInput }),
      // A report from the midst of a stream can be behind it.
      output: Math.max(output?.output ?? 0, countTokens(this.#output)),
      reasoning: Math.max(output?.reasoning ?? 0, countTokens(this.#reasoning)),
    };
    return { usage, isEstimated: true };
  }

  #toBounded(usage: Usage, isEstimated: boolean): Charge {
    const charge = toCharge(this.#metering.price, usage, this.#model);
    const held = this.#held();
    // Without a hold there is no bound.
    const isBounded = isEstimated && this.#hold !== null;
    return isBounded && charge.micros > held ? { ...charge, micros: held } : charge;
  }

  #held(): bigint {
    return this.#hold === null ? 0n : toMicros(this.#hold.credits);
  }

  async #charge(event: UsageEvent, measured: Pick<UsageEvent, "credits">): Promise<void> {
    const { ledger, account } = this.#metering;
    if (this.#hold !== null) {
      try {
        await ledger.settle(account, this.#hold.id, { ...measured, excess: "debt" }, { key: event.id });
        return;
      } catch (error) {
        // The step was charged before.
        if (hasCode(error, "key_conflict")) return this.#release();
        // A hold that has expired is gone, and the usage remains.
        if (!hasCode(error, "hold_closed")) throw error;
      }
    }
    try {
      await report(ledger, event);
    } catch (error) {
      if (!hasCode(error, "key_conflict")) throw error;
    }
  }
}

type Attributes = Pick<UsageEvent, "source" | "project" | "member" | "task" | "description">;

function toAttributes(metering: Metering, { id }: Model): Attributes {
  const { label, project = null, member = null, task = null, description = null } = metering;
  return { source: { type: "model", id, label: label(id) }, project, member, task, description };
}

/** Hands an event over. A receiver that fails leaves it on the console, and does not end the process. */
async function handOver(
  onUnsettled: Metering["onUnsettled"],
  event: UsageEvent,
  error: unknown,
): Promise<void> {
  try {
    await onUnsettled(event, error);
  } catch (failure) {
    console.error("onUnsettled failed. Report this event with ledger.usage:", JSON.stringify(event), failure);
  }
}

const NOTHING: Reported = { input: null, output: null };

function toPriced({ micros, version }: Charge): Pick<UsageEvent, "credits" | "price"> {
  return { credits: fromMicros(micros), price: version };
}

async function retry(run: () => Promise<void>): Promise<void> {
  for (const delay of RETRY_DELAYS_MS) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      await new Promise((resolve) => setTimeout(resolve, delay));
    }
  }
  return run();
}

function hasCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof LedgerError && error.is(code);
}
