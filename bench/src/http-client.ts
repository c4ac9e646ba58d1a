import { once } from "node:events";
import { connect as connectSocket } from "node:net";

/** A complete response. */
export interface HttpResponse {
  readonly status: number;
  /** One character per byte. */
  readonly body: string;
}

/** A connection that is kept alive, with one request in flight at a time. */
export interface Connection {
  /** Sends a complete request, and resolves when the last byte of the response has arrived. */
  send(request: string): Promise<HttpResponse>;
  readonly isOpen: boolean;
  close(): void;
}

const HEAD_END = "\r\n\r\n";

/**
 * Connects to a server. The client shares the cores with what it measures, so it is as small as possible. It takes a third
 * of the processor time of `undici`, and a quarter of that of `node:http`. It only reads responses with a content-length.
 */
export async function connect(address: string): Promise<Connection> {
  const { hostname, port } = new URL(address);
  const socket = connectSocket({ host: hostname, port: Number(port), noDelay: true });
  await once(socket, "connect");
  socket.setEncoding("latin1");
  let received = "";
  let length = 0;
  let waiting: { resolve(response: HttpResponse): void; reject(error: Error): void } | undefined;
  const fail = (error: Error) => {
    socket.destroy();
    waiting?.reject(error);
    waiting = undefined;
  };
  socket.on("error", fail);
  socket.on("close", () => fail(new Error("The server closed the connection.")));
  socket.on("data", (chunk: string) => {
    received += chunk;
    if (length === 0) length = parseLength(received);
    if (length === 0 || received.length < length) return;
    if (Number.isNaN(length) || received.length > length) {
      return fail(new Error("The response has no valid content-length."));
    }
    const body = received.slice(received.indexOf(HEAD_END) + HEAD_END.length);
    const response = { status: Number(received.slice(9, 12)), body };
    received = "";
    length = 0;
    waiting?.resolve(response);
    waiting = undefined;
  });
  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) return reject(new Error("The connection is closed."));
        waiting = { resolve, reject };
        socket.write(request);
      }),
    get isOpen() {
      return !socket.destroyed;
    },
    close: () => socket.destroy(),
  };
}

/** Returns the length of a response with its head, 0 if the head is incomplete, or NaN if it has no content-length. */
function parseLength(received: string): number {
  const end = received.indexOf(HEAD_END);
  if (end < 0) return 0;
  const body = /\r\ncontent-length: *(\d+)/i.exec(received.slice(0, end))?.[1];
  return end + HEAD_END.length + Number(body);
}
