import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A response that the server plays. */
export interface Reply {
  /** Default: 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** The parts of the body, each sent alone, and promises to wait for. Null leaves out the headers too. */
  readonly body: readonly (string | Promise<void>)[] | null;
  /** The end of the reply: the end of the body, silence, or a broken connection. Default: the end. */
  readonly ending?: "end" | "hang" | "reset";
}

/** A server that plays recorded responses of a provider. */
export interface Provider {
  readonly url: string;
  /** The bodies of the requests, as JSON. */
  readonly requests: readonly Readonly<Record<string, unknown>>[];
  /** Adds responses, in the order of the requests. */
  play(...replies: readonly Reply[]): void;
  /** Returns the number of responses that were not asked for. */
  left(): number;
  close(): Promise<void>;
}

/** Makes a response of JSON. */
export function json(value: unknown, status = 200): Reply {
  return { status, headers: { "content-type": "application/json" }, body: [JSON.stringify(value)] };
}

/** Makes a response of server-sent events. */
export function events(body: readonly (string | Promise<void>)[], ending: Reply["ending"] = "end"): Reply {
  return { headers: { "content-type": "text/event-stream" }, body, ending };
}

/** Starts a server on a free port. */
export async function startProvider(): Promise<Provider> {
  const requests: Record<string, unknown>[] = [];
  const replies: Reply[] = [];
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      requests.push(JSON.parse(body) as Record<string, unknown>);
      const reply = replies.shift() ?? json({ error: { message: "No response is left." } }, 400);
      return playReply(response, reply);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    play: (...added) => void replies.push(...added),
    left: () => replies.length,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

async function playReply(response: ServerResponse, { status = 200, headers = {}, body, ending }: Reply) {
  if (body !== null) {
    response.writeHead(status, headers);
    response.flushHeaders();
    for (const part of body) {
      // Each part is sent alone, so that clients see them one after the other.
      await (typeof part === "string" ? new Promise((resolve) => setTimeout(resolve, 1)) : part);
      if (response.destroyed) return;
      if (typeof part === "string") response.write(part);
    }
  }
  if (ending === "hang") return;
  if (ending !== "reset") response.end();
  else setTimeout(() => response.destroy(), 20);
}
