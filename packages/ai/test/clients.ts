import Anthropic from "@anthropic-ai/sdk";
import { ChatAnthropic } from "@langchain/anthropic";
import { ChatOpenAI } from "@langchain/openai";
import OpenAI from "openai";
import OpenAI6 from "openai-6";
import { creditsCallback, meteredFetch } from "../src/index.js";
import { type Api, SDKS, type Target } from "./sdks.js";

/** A call that streams. */
export interface StreamedCall extends Required<Target> {
  readonly signal: AbortSignal;
  /** Receives the output so far. It returns true to leave the stream. */
  readonly onText: (text: string) => boolean;
}

/** A client of the providers, which this package meters. */
export interface Client {
  readonly name: string;
  readonly apis: readonly Api[];
  stream(call: StreamedCall): Promise<void>;
}

/** Reads output until its reader leaves. */
async function read(output: AsyncIterable<string>, onText: StreamedCall["onText"]): Promise<void> {
  let text = "";
  for await (const part of output) {
    text += part;
    if (onText(text)) return;
  }
}

async function* map<Chunk>(
  stream: AsyncIterable<Chunk>,
  toText: (chunk: Chunk) => string | null | undefined,
) {
  for await (const chunk of stream) yield toText(chunk) ?? "";
}

const messages = [{ role: "user", content: "Why?" } as const];
const OPENAI = { model: "gpt-5.5", stream: true } as const;

function openai(name: string, Sdk: typeof OpenAI): Client {
  return {
    name,
    apis: ["chat", "responses"],
    async stream({ url, api, options, fetch, signal, onText }) {
      const settings = { baseURL: url, apiKey: "key", maxRetries: 0 };
      const sdk = new Sdk({ ...settings, fetch: meteredFetch({ ...options, fetch }) });
      if (api === "chat") {
        const chunks = await sdk.chat.completions.create({ ...OPENAI, messages }, { signal });
        return read(
          map(chunks, ({ choices }) => choices[0]?.delta.content),
          onText,
        );
      }
      const events = await sdk.responses.create({ ...OPENAI, input: "Why?" }, { signal });
      return read(
        map(events, (event) => (event.type === "response.output_text.delta" ? event.delta : "")),
        onText,
      );
    },
  };
}

const anthropic: Client = {
  name: "@anthropic-ai/sdk",
  apis: ["messages"],
  async stream({ url, options, fetch, signal, onText }) {
    const settings = { baseURL: new URL(url).origin, apiKey: "key", maxRetries: 0 };
    const sdk = new Anthropic({ ...settings, fetch: meteredFetch({ ...options, fetch }) });
    const request = { model: "claude-sonnet-5", messages, max_tokens: 4096, stream: true } as const;
    const events = await sdk.messages.create(request, { signal });
    return read(
      map(events, (event) =>
        event.type === "content_block_delta" && event.delta.type === "text_delta" ? event.delta.text : "",
      ),
      onText,
    );
  },
};

const langchain: Client = {
  name: "LangChain",
  apis: ["chat", "responses", "messages"],
  async stream({ url, api, options, fetch, signal, onText }) {
    const settings = { apiKey: "key", maxRetries: 0, callbacks: [creditsCallback(options)] };
    const model =
      api === "messages"
        ? new ChatAnthropic({
            ...settings,
            model: "claude-sonnet-5",
            anthropicApiUrl: new URL(url).origin,
            clientOptions: { fetch },
          })
        : new ChatOpenAI({
            ...settings,
            model: "gpt-5.5",
            configuration: { baseURL: url, fetch },
            useResponsesApi: api === "responses",
          });
    const chunks = await model.stream("Why?", { signal });
    return read(
      map(chunks, ({ text }) => text),
      onText,
    );
  },
};

/** The clients that are metered, with all supported versions of their SDKs. */
export const CLIENTS: readonly Client[] = [
  ...SDKS.map(
    (sdk): Client => ({
      name: sdk.name,
      apis: ["chat", "responses", "messages"],
      async stream({ signal, onText, ...target }) {
        const streamed = sdk.stream(target, { abortSignal: signal });
        await read(streamed.text, onText);
        if (streamed.errors.length > 0) throw streamed.errors[0];
      },
    }),
  ),
  openai("openai 7", OpenAI),
  openai("openai 6", OpenAI6 as unknown as typeof OpenAI),
  anthropic,
  langchain,
];
