import { models, spreadAccount } from "./data.js";
import { randomFrom, zipf } from "./random.js";

/** What a load over HTTP asks for, as data, for it is sent to another thread. */
export type Requests =
  /** Pages by their paths, in turn. */
  | { readonly kind: "pages"; readonly paths: readonly string[] }
  /** Single spends over so many accounts by Zipf's law, under keys that begin so. */
  | { readonly kind: "spend"; readonly accounts: number; readonly seed: number; readonly keys: string }
  /** Usage in bulk, one event an account after the other, with ids that begin so. */
  | { readonly kind: "usage"; readonly accounts: number; readonly ids: string };

/** How many events a request with usage carries. */
export const events_per_request = 1_000;

/** How to ask, and what to expect. */
export interface Asking {
  /** The whole request of this number: head and body, in ASCII. */
  request(index: number): string;
  readonly status: number;
  /** How many operations an answer is. */
  readonly operations: number;
  /** Whether the answer did what was asked. */
  isDone(body: string): boolean;
}

const spend_body = JSON.stringify({
  credits: "0.01",
  source: models[0],
  description: "Chat completion",
});

/** Prepares requests with a credential. */
export function asking(requests: Requests, credential: string): Asking {
  switch (requests.kind) {
    case "pages": {
      const texts = requests.paths.map((path) => get(path, credential));
      return {
        request: (index) => texts[index % texts.length] ?? "",
        status: 200,
        operations: 1,
        isDone: (body) => body.includes('"rows":[{'),
      };
    }
    case "spend": {
      const draw = zipf(requests.accounts, randomFrom(requests.seed));
      return {
        request: (index) => {
          const path = `/v1/accounts/${spreadAccount(draw())}/spend`;
          return post(path, credential, spend_body, `idempotency-key: ${requests.keys}-${index}\r\n`);
        },
        status: 201,
        operations: 1,
        isDone: (body) => body.includes('"entry":{'),
      };
    }
    case "usage":
      return {
        request: (index) => post("/v1/usage", credential, usageBody(requests, index)),
        status: 200,
        operations: events_per_request,
        isDone: (body) => body.split('"status":"posted"').length === events_per_request + 1,
      };
  }
}

function usageBody({ accounts, ids }: { accounts: number; ids: string }, index: number): string {
  const events = Array.from({ length: events_per_request }, (_, nth) => {
    const number = index * events_per_request + nth;
    return {
      id: `${ids}-${number}`,
      account: spreadAccount(number % accounts),
      kind: "ai_usage",
      credits: "0.01",
      source: models[number % models.length],
      description: "Chat completion",
    };
  });
  return JSON.stringify({ events });
}

/** A GET request. */
export function get(path: string, credential: string): string {
  return `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${credential}\r\n\r\n`;
}

function post(path: string, credential: string, body: string, head = ""): string {
  return (
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${credential}\r\n${head}` +
    `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  );
}
