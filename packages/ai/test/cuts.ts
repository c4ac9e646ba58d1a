import type { LocalLedger } from "@credit-activity/server";
import type { Client } from "./clients.js";
import { createAccount, until } from "./ledger.js";
import { events, json, type Provider, type Reply } from "./provider.js";
import type { Api } from "./sdks.js";
import { chatStream, messagesStream, type Recording, responsesStream, WORDS, whole } from "./shapes.js";

/** A moment at which a stream ends, with what the server plays and what the client does. */
export interface Moment {
  readonly name: string;
  /** Returns the response. `left` resolves once the client has left. */
  reply(recording: Recording, api: Api, left: Promise<void>): Reply;
  /** The number of words after which the client stops. Default: it does not stop. */
  readonly stopsAfter?: number;
  /** The way to stop. Default: it aborts. */
  readonly leaves?: true;
}

const RECORDINGS: Record<Api, Recording> = {
  chat: chatStream,
  responses: responsesStream,
  messages: messagesStream,
};

const FAILURE = { type: "server_error", code: "server_error", message: "The server failed.", param: null };

/** The event by which an API reports a failure within a stream. */
function toFailure(api: Api): string {
  if (api === "messages") {
    const error = { type: "overloaded_error", message: "Overloaded" };
    return `event: error\ndata: ${JSON.stringify({ type: "error", error })}\n\n`;
  }
  if (api === "chat") return `data: ${JSON.stringify({ error: FAILURE })}\n\n`;
  return `event: error\ndata: ${JSON.stringify({ sequence_number: 99, ...FAILURE, type: "error" })}\n\n`;
}

const first = ({ opening, tokens }: Recording) => [...opening, ...tokens.slice(0, 2)];

/** The moments at which streams end, in the order of a stream. */
export const MOMENTS: readonly Moment[] = [
  { name: "aborted before the headers", stopsAfter: 0, reply: () => ({ body: null, ending: "hang" }) },
  { name: "aborted after the headers", stopsAfter: 0, reply: () => events([], "hang") },
  { name: "aborted before the first token", stopsAfter: 0, reply: ({ opening }) => events(opening, "hang") },
  { name: "aborted amid the tokens", stopsAfter: 2, reply: (recording) => events(first(recording), "hang") },
  {
    name: "aborted after the last token",
    stopsAfter: 4,
    reply: ({ opening, tokens, finish }) => events([...opening, ...tokens, ...finish], "hang"),
  },
  {
    name: "left amid the tokens",
    stopsAfter: 2,
    leaves: true,
    reply(recording, _, left) {
      const rest = whole(recording).slice(first(recording).length);
      return events([...first(recording), left, ...rest]);
    },
  },
  { name: "connection broken before the headers", reply: () => ({ body: null, ending: "reset" }) },
  {
    name: "connection broken amid the tokens",
    reply: (recording) => events(first(recording), "reset"),
  },
  {
    name: "ended without its usage",
    reply: ({ opening, tokens, finish }) => events([...opening, ...tokens, ...finish]),
  },
  { name: "refused by the provider with 429", reply: () => json({ type: "error", error: FAILURE }, 429) },
  { name: "refused by the provider with 500", reply: () => json({ type: "error", error: FAILURE }, 500) },
  {
    name: "failed by the provider amid the tokens",
    reply: (recording, api) => events([...first(recording), toFailure(api)]),
  },
  { name: "complete", reply: (recording) => events(whole(recording)) },
];

/** Plays a stream to a client up to a moment. It returns the charge and what its entry says. */
export async function play(
  ledger: LocalLedger,
  provider: Provider,
  client: Client,
  api: Api,
  moment: Moment,
): Promise<string> {
  const account = await createAccount(ledger);
  const recording = RECORDINGS[api];
  let leave = () => {};
  const left = new Promise<void>((resolve) => {
    leave = resolve;
  });
  const reply = moment.reply(recording, api, left);
  provider.play(reply);
  const controller = new AbortController();
  const { stopsAfter = Number.POSITIVE_INFINITY, leaves = false } = moment;
  const stopText = WORDS.slice(0, stopsAfter).join("");
  const sent = (reply.body ?? []).join("").length;
  let received = -1;
  const fetch: typeof globalThis.fetch = async (...parameters) => {
    const response = await globalThis.fetch(...parameters);
    received = 0;
    return response.body === null ? response : new Response(response.body.pipeThrough(count()), response);
  };
  const count = () =>
    new TransformStream<Uint8Array, Uint8Array>({
      transform(bytes, to) {
        received += bytes.length;
        to.enqueue(bytes);
      },
    });
  let text = "";
  const calls = provider.requests.length;
  const ended = client
    .stream({
      url: provider.url,
      api,
      options: account.options,
      fetch,
      signal: controller.signal,
      onText(all) {
        text = all;
        if (!leaves || all !== stopText) return false;
        setTimeout(leave, 50);
        return true;
      },
    })
    .catch(() => {});
  if (stopsAfter < 5 && !leaves) {
    const isReached = () => (reply.body === null ? provider.requests.length > calls : received >= sent);
    await until(async () => isReached() && text === stopText);
    // The client has read the last bytes, and goes on with them.
    await new Promise((resolve) => setTimeout(resolve, 50));
    controller.abort();
  }
  await ended;
  await until(async () => (await account.openHolds()) === 0);
  const entries = await account.used();
  if (entries.length > 1) throw new Error(`The call was charged ${entries.length} times.`);
  const [entry] = entries;
  if (entry === undefined) return "nothing";
  const {
    inputTokens = 0,
    cacheReadTokens = 0,
    outputTokens = 0,
    reasoningTokens = 0,
  } = entry.quantities ?? {};
  const toSum = (...tokens: (string | number)[]) => tokens.filter((count) => count !== 0).join(" + ") || "0";
  const input = toSum(inputTokens, cacheReadTokens);
  const output = toSum(outputTokens, reasoningTokens);
  return `${entry.credits.slice(1)}: ${input} in, ${output} out${entry.estimated ? ", estimated" : ""}`;
}
