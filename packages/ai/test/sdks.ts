import { createAnthropic } from "@ai-sdk/anthropic";
import { createAnthropic as createAnthropic3 } from "@ai-sdk/anthropic-3";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAI as createOpenAI3 } from "@ai-sdk/openai-3";
import * as ai7 from "ai";
import * as ai6 from "ai-6";
import { type CreditsOptions, withCredits } from "../src/index.js";

/** The APIs of providers that models of the AI SDK call. */
export type Api = "chat" | "responses" | "messages";

/** The model of a call, and who is charged for it. */
export interface Target {
  readonly url: string;
  readonly api: Api;
  readonly options: CreditsOptions;
  readonly fetch?: typeof globalThis.fetch;
}

/** The parameters of a call that the tests vary. */
export interface Call {
  readonly maxOutputTokens?: number;
  readonly maxRetries?: number;
  readonly abortSignal?: AbortSignal;
  /** True to offer the tool `look` and to go on with its result. */
  readonly hasTool?: boolean;
  /** True to include raw chunks. */
  readonly includeRawChunks?: boolean;
}

/** A stream of a call. */
export interface Streamed {
  readonly text: AsyncIterable<string>;
  readonly parts: AsyncIterable<{ readonly type: string }>;
  readonly errors: readonly unknown[];
}

/** One version of the AI SDK. */
export interface Sdk {
  readonly name: string;
  generate(target: Target, call?: Call): Promise<{ readonly text: string }>;
  stream(target: Target, call?: Call): Streamed;
}

const SCHEMA = { type: "object", properties: {} } as const;
const PROMPT = "Why?";

function model7({ url: baseURL, api, options, fetch = globalThis.fetch }: Target) {
  const settings = { baseURL, apiKey: "key", fetch };
  if (api === "messages") return withCredits(createAnthropic(settings)("claude-sonnet-5"), options);
  const openai = createOpenAI(settings);
  return withCredits(api === "chat" ? openai.chat("gpt-5.5") : openai.responses("gpt-5.5"), options);
}

function model6({ url: baseURL, api, options, fetch = globalThis.fetch }: Target) {
  const settings = { baseURL, apiKey: "key", fetch };
  if (api === "messages") return withCredits(createAnthropic3(settings)("claude-sonnet-5"), options);
  const openai = createOpenAI3(settings);
  return withCredits(api === "chat" ? openai.chat("gpt-5.5") : openai.responses("gpt-5.5"), options);
}

function settings7({ hasTool = false, ...call }: Call) {
  const look = ai7.tool({ inputSchema: ai7.jsonSchema(SCHEMA), execute: async () => "Nothing." });
  const loop = hasTool ? { tools: { look }, stopWhen: ai7.stepCountIs(5) } : {};
  return { prompt: PROMPT, maxRetries: 0, ...call, ...loop };
}

function settings6({ hasTool = false, ...call }: Call) {
  const look = ai6.tool({ inputSchema: ai6.jsonSchema(SCHEMA), execute: async () => "Nothing." });
  const loop = hasTool ? { tools: { look }, stopWhen: ai6.stepCountIs(5) } : {};
  return { prompt: PROMPT, maxRetries: 0, ...call, ...loop };
}

/** The versions of the AI SDK that are supported. */
export const SDKS: readonly Sdk[] = [
  {
    name: "AI SDK 7",
    generate: (target, call = {}) => ai7.generateText({ model: model7(target), ...settings7(call) }),
    stream(target, call = {}) {
      const errors: unknown[] = [];
      const onError = ({ error }: { error: unknown }) => void errors.push(error);
      const result = ai7.streamText({ model: model7(target), ...settings7(call), onError });
      return {
        errors,
        get text() {
          return result.textStream;
        },
        get parts() {
          return result.fullStream;
        },
      };
    },
  },
  {
    name: "AI SDK 6",
    generate: (target, call = {}) => ai6.generateText({ model: model6(target), ...settings6(call) }),
    stream(target, call = {}) {
      const errors: unknown[] = [];
      const onError = ({ error }: { error: unknown }) => void errors.push(error);
      const result = ai6.streamText({ model: model6(target), ...settings6(call), onError });
      return {
        errors,
        get text() {
          return result.textStream;
        },
        get parts() {
          return result.fullStream;
        },
      };
    },
  },
];
