import { HOLD_SECONDS, MeteredCall, type Progress } from "./call.js";
import { isObject, type Json, toNumber, toObject, toText } from "./json.js";
import { type CreditsOptions, toMetering } from "./options.js";
import { toOutputLimit } from "./requests.js";
import { unref } from "./timers.js";
import { NO_INPUT, NO_OUTPUT, type Reported, splitInput, splitOutput } from "./usage.js";

/** The parts of LangChain's messages that metering needs. */
interface ChatMessage {
  readonly content: unknown;
  readonly tool_calls?: unknown;
}

/** A callback handler of LangChain. */
export interface CreditsCallback {
  /** LangChain waits for the handler, so that a call is refused before it is sent. */
  readonly awaitHandlers: true;
  /** LangChain throws the errors of the handler. */
  readonly raiseError: true;
  handleChatModelStart(
    llm: unknown,
    messages: readonly (readonly ChatMessage[])[],
    runId: string,
    parentRunId?: string,
    extraParams?: Record<string, unknown>,
    tags?: string[],
    metadata?: Record<string, unknown>,
  ): Promise<void>;
  handleLLMStart(
    llm: unknown,
    prompts: readonly string[],
    runId: string,
    parentRunId?: string,
    extraParams?: Record<string, unknown>,
    tags?: string[],
    metadata?: Record<string, unknown>,
  ): Promise<void>;
  handleLLMNewToken(
    token: string,
    index: unknown,
    runId: string,
    parentRunId?: string,
    tags?: string[],
    fields?: unknown,
  ): void;
  handleLLMEnd(output: unknown, runId: string): Promise<void>;
  handleLLMError(error: unknown, runId: string): Promise<void>;
}

/** A call of LangChain while it runs. */
interface Run {
  readonly call: MeteredCall;
  readonly batch: Batch;
  hasStreamed: boolean;
  /** The output tokens that Anthropic reports at the start, and again within the total. */
  counted: number;
  idle: ReturnType<typeof setTimeout> | undefined;
}

/** The runs of one call with several prompts. Each prompt is a run. */
interface Batch {
  readonly size: number;
  /** True if the first run had the usage of the whole batch. LangChain leaves that of the others empty. */
  isReported: boolean;
  /** True if the hold of a run was refused. LangChain sends none of them then, and ends none. */
  isRefused: boolean;
}

/**
 * Makes a callback handler of LangChain that charges calls to models. Give it to a model, a chain or an agent, among its
 * `callbacks`. A call throws the error of the ledger if its hold is refused. The model is not called then.
 *
 * @throws TypeError if an option is not valid
 */
export function creditsCallback(options: CreditsOptions): CreditsCallback {
  const metering = toMetering(options);
  const runs = new Map<string, Run | null>();
  const batches = new WeakMap<object, Batch>();

  /** Returns the batch of a run. Its runs have the same object of parameters. */
  const toBatch = (extra: unknown): Batch => {
    const key = toObject(extra);
    const size = toNumber(key.batch_size) ?? 1;
    const batch = batches.get(key) ?? { size, isReported: false, isRefused: false };
    batches.set(key, batch);
    return batch;
  };

  const refuse = async (batch: Batch): Promise<void> => {
    batch.isRefused = true;
    const opened = [...runs].filter(([, run]) => run?.batch === batch);
    await Promise.all(opened.map(([runId]) => close(runId)?.call.fail()));
  };

  const open = async (input: unknown, runId: string, extra: unknown, metadata: unknown) => {
    // A handler that was given twice charges once.
    if (runs.has(runId)) return;
    runs.set(runId, null);
    const batch = toBatch(extra);
    const parameters = toObject(toObject(extra).invocation_params);
    const { ls_provider, ls_model_name } = toObject(metadata);
    try {
      const call = await MeteredCall.open(metering, {
        model: {
          provider: toText(ls_provider) || "unknown",
          id: toText(parameters.model) || toText(ls_model_name) || "unknown",
        },
        input: { input, tools: parameters.tools },
        maxOutputTokens: toOutputLimit(parameters),
      });
      runs.set(runId, { call, batch, hasStreamed: false, counted: 0, idle: undefined });
      if (batch.isRefused) await refuse(batch);
    } catch (error) {
      runs.delete(runId);
      await refuse(batch);
      throw error;
    }
  };

  const close = (runId: string): Run | null => {
    const run = runs.get(runId) ?? null;
    runs.delete(runId);
    clearTimeout(run?.idle);
    return run;
  };

  return {
    awaitHandlers: true,
    raiseError: true,

    handleChatModelStart: (_, messages, runId, _parent, extra, _tags, metadata) =>
      open(messages.flat().map(toInput), runId, extra, metadata),

    handleLLMStart: (_, prompts, runId, _parent, extra, _tags, metadata) =>
      open(prompts, runId, extra, metadata),

    handleLLMNewToken(token, _index, runId, _parent, _tags, fields) {
      const run = runs.get(runId);
      if (run == null) return;
      const { message } = toObject(toObject(fields).chunk);
      run.hasStreamed = true;
      run.call.observe(isObject(message) ? fromChunk(message) : { output: token });
      run.counted += isObject(message) ? toCounted(message) : 0;
      clearTimeout(run.idle);
      // LangChain does not report a loop over a stream that is left.
      const end = () =>
        void close(runId)
          ?.call.end()
          .catch(() => {});
      run.idle = unref(setTimeout(end, HOLD_SECONDS * 1000));
    },

    async handleLLMEnd(output, runId) {
      const run = close(runId);
      if (run === null) return;
      try {
        run.call.observe(fromOutput(toObject(output), run));
      } finally {
        await run.call.end();
      }
    },

    async handleLLMError(error, runId) {
      const run = close(runId);
      if (run === null) return;
      // A connection that breaks off or is aborted has neither a status nor an error of the provider.
      const { status, error: body } = toObject(error);
      const isRefused = typeof status === "number" || isObject(body);
      await (run.hasStreamed && !isRefused ? run.call.end() : run.call.fail());
    },
  };
}

/** Returns what the model reads of a message. */
function toInput({ content, tool_calls }: ChatMessage): unknown {
  return { content, tool_calls };
}

function fromChunk(message: Json): Progress {
  const blocks = Array.isArray(message.content) ? message.content.map(toObject) : [];
  const calls = Array.isArray(message.tool_call_chunks) ? message.tool_call_chunks.map(toObject) : [];
  const { reasoning_content } = toObject(message.additional_kwargs);
  const usage = toObject(message.usage_metadata);
  const reported = toReported(usage);
  // Only the end has the whole output, but Anthropic reports the whole input at the start.
  const hasInput = reported !== null && usage.input_tokens !== 0;
  return {
    output: [toText(message.content), ...blocks.map(toOutput), ...calls.map(({ args }) => toText(args))].join(
      "",
    ),
    reasoning: [toText(reasoning_content), ...blocks.map(toReasoning)].join(""),
    ...(hasInput && { reported: { input: reported.input, output: null } }),
  };
}

const toOutput = ({ text }: Json) => toText(text);

const toReasoning = ({ thinking, reasoning }: Json) => toText(thinking) || toText(reasoning);

/** Returns the output tokens of Anthropic's start, which LangChain adds to the total although they are in it. */
function toCounted({ response_metadata, usage_metadata }: Json): number {
  if (toObject(response_metadata).model_provider !== "anthropic") return 0;
  return toNumber(toObject(usage_metadata).output_tokens) ?? 0;
}

function fromOutput({ generations, llmOutput }: Json, { batch, hasStreamed, counted }: Run): Progress {
  const all = (Array.isArray(generations) ? generations.flat() : []).map(toObject);
  const usages = all.map(({ message }) => toReported(toObject(toObject(message).usage_metadata), counted));
  const reported = usages.find((usage) => usage !== null) ?? fromTotals(toObject(llmOutput), batch);
  const output = hasStreamed ? "" : all.map(({ text }) => toText(text)).join("");
  if (reported === null) return { output };
  // A stream of Anthropic that broke off has only the count of its start.
  return { reported, isComplete: counted === 0 || toTokens(reported) > 0 };
}

function toTokens({ output }: Reported): number {
  return (output?.output ?? 0) + (output?.reasoning ?? 0);
}

/** Converts LangChain's usage, whose totals include all pools. */
function toReported(usage: Json, counted = 0): Reported | null {
  const { cache_read, cache_creation } = toObject(usage.input_token_details);
  const { reasoning } = toObject(usage.output_token_details);
  const input = splitInput(usage.input_tokens, cache_read, cache_creation);
  const total = toNumber(usage.output_tokens);
  const output = splitOutput(total === undefined ? undefined : total - counted, reasoning);
  return input === null || output === null ? null : { input, output };
}

/** Reads the totals of a model that is not a chat model. Those of a batch are in its first run. */
function fromTotals({ tokenUsage }: Json, batch: Batch): Reported | null {
  const totals = toObject(tokenUsage);
  if (batch.isReported && Object.keys(totals).length === 0) return { input: NO_INPUT, output: NO_OUTPUT };
  const reported = toReported({ input_tokens: totals.promptTokens, output_tokens: totals.completionTokens });
  batch.isReported ||= batch.size > 1 && reported !== null;
  return reported;
}
