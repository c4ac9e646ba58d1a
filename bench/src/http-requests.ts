import { MODELS, toAccountId } from "./data.js";
import { createRandom, createZipf } from "./random.js";

/** The requests of a load over HTTP. They are sent to another thread, so this is data. */
export type RequestPlan =
  /** Reads pages by their paths, in turn. */
  | { readonly kind: "pages"; readonly paths: readonly string[] }
  /** Single spends over a number of accounts by Zipf's law. `keys` is the beginning of the keys. */
  | { readonly kind: "spend"; readonly accounts: number; readonly seed: number; readonly keys: string }
  /** Usage in bulk, one event per account in turn. `ids` is the beginning of the ids. */
  | { readonly kind: "usage"; readonly accounts: number; readonly ids: string };

/** The number of events per request of usage. */
export const EVENTS_PER_REQUEST = 1_000;

/** The requests of a load, and the responses that are expected. */
export interface Requests {
  /** Returns the complete request of a number: head and body, in ASCII. */
  request(index: number): string;
  readonly status: number;
  /** The number of operations per response. */
  readonly operations: number;
  /** True if the response confirms the request. */
  isDone(body: string): boolean;
}

const SPEND_BODY = JSON.stringify({
  credits: "0.01",
  source: MODELS[0],
  description: "Chat completion",
});

/** Creates the requests of a plan. */
export function createRequests(plan: RequestPlan, credential: string): Requests {
  switch (plan.kind) {
    case "pages": {
      const requests = plan.paths.map((path) => formatGet(path, credential));
      return {
        request: (index) => requests[index % requests.length] ?? "",
        status: 200,
        operations: 1,
        isDone: (body) => body.includes('"rows":[{'),
      };
    }
    case "spend": {
      const draw = createZipf(plan.accounts, createRandom(plan.seed));
      return {
        request: (index) => {
          const path = `/v1/accounts/${toAccountId(draw())}/spend`;
          return formatPost(path, credential, SPEND_BODY, `idempotency-key: ${plan.keys}-${index}\r\n`);
        },
        status: 201,
        operations: 1,
        isDone: (body) => body.includes('"entry":{'),
      };
    }
    case "usage":
      return {
        request: (index) => formatPost("/v1/usage", credential, createUsageBody(plan, index)),
        status: 200,
        operations: EVENTS_PER_REQUEST,
        isDone: (body) => body.split('"status":"posted"').length === EVENTS_PER_REQUEST + 1,
      };
  }
}

function createUsageBody({ accounts, ids }: { accounts: number; ids: string }, index: number): string {
  const events = Array.from({ length: EVENTS_PER_REQUEST }, (_, nth) => {
    const number = index * EVENTS_PER_REQUEST + nth;
    return {
      id: `${ids}-${number}`,
      account: toAccountId(number % accounts),
      kind: "ai_usage",
      credits: "0.01",
      source: MODELS[number % MODELS.length],
      description: "Chat completion",
    };
  });
  return JSON.stringify({ events });
}

/** Formats a GET request. */
export function formatGet(path: string, credential: string): string {
  return `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${credential}\r\n\r\n`;
}

function formatPost(path: string, credential: string, body: string, head = ""): string {
  return (
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${credential}\r\n${head}` +
    `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  );
}
