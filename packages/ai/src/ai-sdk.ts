import { MeteredCall, type Progress } from "./call.js";
import { readChunk } from "./chunks.js";
import { type Json, toNumber, toObject, toText } from "./json.js";
import { type CreditsOptions, type Metering, toMetering } from "./options.js";
import { toLimit } from "./requests.js";
import { meterStream } from "./stream.js";
import { type Reported, splitInput, splitOutput, toCount } from "./usage.js";

/** A language model of the Vercel AI SDK, version 6 or 7. */
export interface SdkModel {
  readonly specificationVersion: string;
  readonly provider: string;
  readonly modelId: string;
  readonly supportedUrls: unknown;
  doGenerate(options: never): PromiseLike<unknown>;
  doStream(options: never): PromiseLike<unknown>;
}

/** The parts of a call's options that metering needs. */
interface SdkOptions {
  readonly prompt: unknown;
  readonly tools?: unknown;
  readonly responseFormat?: unknown;
  readonly maxOutputTokens?: number;
  readonly includeRawChunks?: boolean;
  readonly abortSignal?: AbortSignal;
}

/** A result or an end of a stream. Nothing of its shape is certain, because models of others make it. */
interface SdkFinish {
  readonly usage?: unknown;
  readonly finishReason?: unknown;
}

type SdkResult = SdkFinish & { readonly content?: unknown };

type SdkPart =
  | { readonly type: "text-delta" | "reasoning-delta" | "tool-input-delta"; readonly delta: string }
  | { readonly type: "raw"; readonly rawValue: unknown }
  | { readonly type: "error" }
  | ({ readonly type: "finish" } & SdkFinish);

interface Inner extends SdkModel {
  doGenerate(options: SdkOptions): PromiseLike<SdkResult>;
  doStream(options: SdkOptions): PromiseLike<{ readonly stream: ReadableStream<SdkPart> }>;
}

const VERSIONS = ["v3", "v4"];

/**
 * Wraps a model of the Vercel AI SDK (6 or 7) so that its calls are charged. Each call holds its estimated credits first,
 * and settles what was used when it ends.
 *
 * A call throws the error of the ledger if the hold is refused, such as an `InsufficientCreditsError`. The model is not
 * called then.
 *
 * @throws TypeError if an option is not valid, or if the model is not one of these versions
 */
export function withCredits<M extends SdkModel>(model: M, options: CreditsOptions): M {
  if (!VERSIONS.includes(model.specificationVersion)) {
    throw new TypeError(
      `The model has the specification ${model.specificationVersion}. Use a model of AI SDK 6 or 7 (${VERSIONS.join(", ")}).`,
    );
  }
  const metering = toMetering(options);
  const inner = model as unknown as Inner;
  const metered: SdkModel = {
    specificationVersion: model.specificationVersion,
    provider: model.provider,
    modelId: model.modelId,
    get supportedUrls() {
      return model.supportedUrls;
    },
    doGenerate: (call: SdkOptions) => generate(inner, metering, call),
    doStream: (call: SdkOptions) => stream(inner, metering, call),
  };
  return metered as M;
}

async function generate(model: Inner, metering: Metering, options: SdkOptions): Promise<SdkResult> {
  const call = await open(model, metering, options);
  const result = await orFail(call, () => model.doGenerate(options));
  try {
    for (const { type, text, input } of toParts(result.content)) {
      if (type === "reasoning") call.observe({ reasoning: toText(text) });
      else call.observe({ output: toText(text) || toText(input) });
    }
    call.observe(toProgress(result));
  } finally {
    await call.end();
  }
  return result;
}

async function stream(model: Inner, metering: Metering, options: SdkOptions) {
  const call = await open(model, metering, options);
  // Anthropic reports the input at the start of a stream. The SDK passes it on in raw chunks only.
  const result = await orFail(call, () => model.doStream({ ...options, includeRawChunks: true }));
  const observe = (part: SdkPart) => {
    call.observe(fromPart(part));
    return part.type === "raw" && options.includeRawChunks !== true ? [] : [part];
  };
  return { ...result, stream: meterStream(result.stream, call, { observe }, options.abortSignal) };
}

function open(model: Inner, metering: Metering, options: SdkOptions): Promise<MeteredCall> {
  const { prompt, tools, responseFormat, maxOutputTokens } = options;
  return MeteredCall.open(metering, {
    model: { provider: model.provider, id: model.modelId },
    input: { prompt, tools, responseFormat },
    maxOutputTokens: toLimit(maxOutputTokens),
  });
}

async function orFail<Result>(call: MeteredCall, run: () => PromiseLike<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    await call.fail();
    throw error;
  }
}

function fromPart(part: SdkPart): Progress {
  switch (part.type) {
    case "text-delta":
    case "tool-input-delta":
      return { output: part.delta };
    case "reasoning-delta":
      return { reasoning: part.delta };
    case "raw":
      return toReport(readChunk(part.rawValue));
    case "error":
      return { hasFailed: true };
    case "finish":
      return toProgress(part);
    default:
      return {};
  }
}

/** Leaves only the usage of a raw chunk, because other parts of the stream have the rest. */
function toReport({ reported }: Progress): Progress {
  return reported === undefined ? {} : { reported };
}

/** The finish reasons of a stream that ended without one, or of one that failed. */
const OPEN_REASONS = ["other", "unknown", "interrupted"];

function toProgress({ usage, finishReason }: SdkFinish): Progress {
  const { unified, raw } = toObject(finishReason);
  const isOpen = raw === undefined && (unified === undefined || OPEN_REASONS.includes(toText(unified)));
  const hasFailed = unified === "error";
  return { reported: toReported(toObject(usage)), isComplete: !isOpen && !hasFailed, hasFailed };
}

function toParts(content: unknown): readonly Json[] {
  return Array.isArray(content) ? content.map(toObject) : [];
}

/** Converts the usage of the SDK. Its totals include all pools. */
function toReported({ inputTokens, outputTokens }: Json): Reported {
  const input = toObject(inputTokens);
  const output = toObject(outputTokens);
  return {
    input: splitInput(
      input.total ?? sum(input.noCache, input.cacheRead, input.cacheWrite),
      input.cacheRead,
      input.cacheWrite,
    ),
    output: splitOutput(output.total ?? sum(output.text, output.reasoning), output.reasoning),
  };
}

/** Adds pools up to their total. Without the first one there is none. */
function sum(first: unknown, ...others: readonly unknown[]): number | undefined {
  return others.reduce<number | undefined>(
    (total, count) => (total === undefined ? undefined : total + toCount(count)),
    toNumber(first),
  );
}
