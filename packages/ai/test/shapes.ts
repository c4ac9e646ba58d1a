import { VERSION } from "./ledger.js";

/** A recorded stream, cut where a client can stop reading. Each string is one server-sent event. */
export interface Recording {
  /** The events before the first token. */
  readonly opening: readonly string[];
  /** The events of the tokens. */
  readonly tokens: readonly string[];
  /** The events after the last token and before the usage. */
  readonly finish: readonly string[];
  /** The events from the usage on. */
  readonly usage: readonly string[];
}

/** The recorded output, which is 20 tokens by the count of its length. */
export const WORDS = ["Credits add up, ", "entry by entry, ", "and each balance ", "explains itself. "];

/** The facts of the entry of a whole recording: 100 × 3 + 900 × 0.3 + 18 × 15 + 32 × 20 micro-credits. */
export const EXACT = {
  kind: "ai_usage",
  credits: "-0.00148",
  price: VERSION,
  quantities: { inputTokens: "100", cacheReadTokens: "900", outputTokens: "18", reasoningTokens: "32" },
  estimated: false,
};

const event = (data: unknown, name?: string) =>
  `${name === undefined ? "" : `event: ${name}\n`}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;

const CHAT = {
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 1_795_341_600,
  model: "gpt-5.5-2026-08-01",
  service_tier: "default",
};

const chat = (delta: object, finish_reason: string | null = null) =>
  event({ ...CHAT, choices: [{ index: 0, delta, logprobs: null, finish_reason }], usage: null });

/** The usage of chat completions. The prompt includes the cached tokens, and the completion the reasoning. */
export const CHAT_USAGE = {
  prompt_tokens: 1000,
  completion_tokens: 50,
  total_tokens: 1050,
  prompt_tokens_details: { cached_tokens: 900, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: 32,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
};

/** A stream of chat completions. */
export const chatStream: Recording = {
  opening: [chat({ role: "assistant", content: "", refusal: null })],
  tokens: WORDS.map((content) => chat({ content })),
  finish: [chat({}, "stop")],
  usage: [event({ ...CHAT, choices: [], usage: CHAT_USAGE }), event("[DONE]")],
};

/** A chat completion. */
export const chatResult = {
  ...CHAT,
  object: "chat.completion",
  choices: [
    {
      index: 0,
      message: { role: "assistant", content: WORDS.join(""), refusal: null, annotations: [] },
      logprobs: null,
      finish_reason: "stop",
    },
  ],
  usage: CHAT_USAGE,
};

/** A chat completion that calls the tool `look`. */
export const chatToolCall = {
  ...chatResult,
  choices: [
    {
      index: 0,
      message: {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "call_1", type: "function", function: { name: "look", arguments: "{}" } }],
      },
      finish_reason: "tool_calls",
    },
  ],
};

const MESSAGE = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-sonnet-5",
  content: [],
  stop_reason: null,
  stop_sequence: null,
};

/** The input of messages. It excludes the cached tokens. */
const MESSAGE_INPUT = { input_tokens: 100, cache_creation_input_tokens: 0, cache_read_input_tokens: 900 };

const messages = (type: string, data: object = {}) => event({ type, ...data }, type);

/** A stream of messages. Its usage starts with the exact input. The thinking is a part of the output. */
export const messagesStream: Recording = {
  opening: [
    messages("message_start", { message: { ...MESSAGE, usage: { ...MESSAGE_INPUT, output_tokens: 1 } } }),
    messages("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
    messages("ping"),
  ],
  tokens: WORDS.map((text) =>
    messages("content_block_delta", { index: 0, delta: { type: "text_delta", text } }),
  ),
  finish: [messages("content_block_stop", { index: 0 })],
  usage: [
    messages("message_delta", {
      delta: { stop_reason: "end_turn", stop_sequence: null },
      usage: { ...MESSAGE_INPUT, output_tokens: 50, output_tokens_details: { thinking_tokens: 32 } },
    }),
    messages("message_stop"),
  ],
};

/** A message. */
export const messagesResult = {
  ...MESSAGE,
  content: [{ type: "text", text: WORDS.join("") }],
  stop_reason: "end_turn",
  usage: { ...MESSAGE_INPUT, output_tokens: 50, output_tokens_details: { thinking_tokens: 32 } },
};

const RESPONSE = {
  id: "resp_1",
  object: "response",
  created_at: 1_795_341_600,
  model: "gpt-5.5-2026-08-01",
  error: null,
  incomplete_details: null,
  parallel_tool_calls: true,
  tool_choice: "auto",
  tools: [],
};

const ITEM = { id: "msg_1", type: "message", role: "assistant" };

const DONE_ITEM = {
  ...ITEM,
  status: "completed",
  content: [{ type: "output_text", text: WORDS.join(""), annotations: [], logprobs: [] }],
};

/** The usage of responses. The input includes the cached tokens, and the output the reasoning. */
const RESPONSES_USAGE = {
  input_tokens: 1000,
  input_tokens_details: { cached_tokens: 900 },
  output_tokens: 50,
  output_tokens_details: { reasoning_tokens: 32 },
  total_tokens: 1050,
};

/** A response. */
export const responsesResult = {
  ...RESPONSE,
  status: "completed",
  output: [DONE_ITEM],
  usage: RESPONSES_USAGE,
};

let sequence = 0;
const responses = (type: string, data: object) => event({ type, sequence_number: sequence++, ...data }, type);

/** A stream of responses. */
export const responsesStream: Recording = {
  opening: [
    responses("response.created", {
      response: { ...RESPONSE, status: "in_progress", output: [], usage: null },
    }),
    responses("response.output_item.added", {
      output_index: 0,
      item: { ...ITEM, status: "in_progress", content: [] },
    }),
    responses("response.content_part.added", {
      item_id: "msg_1",
      output_index: 0,
      content_index: 0,
      part: { type: "output_text", text: "", annotations: [], logprobs: [] },
    }),
  ],
  tokens: WORDS.map((delta) =>
    responses("response.output_text.delta", {
      item_id: "msg_1",
      output_index: 0,
      content_index: 0,
      delta,
      logprobs: [],
    }),
  ),
  finish: [
    responses("response.output_text.done", {
      item_id: "msg_1",
      output_index: 0,
      content_index: 0,
      text: WORDS.join(""),
      logprobs: [],
    }),
    responses("response.output_item.done", { output_index: 0, item: DONE_ITEM }),
  ],
  usage: [responses("response.completed", { response: responsesResult })],
};

/** Returns all events of a recording. */
export function whole({ opening, tokens, finish, usage }: Recording): string[] {
  return [...opening, ...tokens, ...finish, ...usage];
}
