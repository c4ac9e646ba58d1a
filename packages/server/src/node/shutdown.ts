import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * Makes a server finish its responses when it is closed. Call it before the server listens.
 *
 * Node takes a connection for idle once the end of a response is written to it, and `close` destroys idle connections. A
 * slow client would lose the rest of a long response. With this function a connection is idle once its responses have
 * left the process. After `close` it is destroyed then.
 */
export function finishResponses(server: Server): void {
  /** The number of unfinished responses per connection. */
  const unfinished = new Map<Socket, number>();
  server.on("connection", (socket: Socket) => {
    unfinished.set(socket, 0);
    socket.once("close", () => unfinished.delete(socket));
  });
  server.on("request", ({ socket }: IncomingMessage, response: ServerResponse) => {
    const add = (count: number) => {
      const before = unfinished.get(socket);
      if (before !== undefined) unfinished.set(socket, before + count);
    };
    add(1);
    response.once("close", () => {
      add(-1);
      if (!server.listening && unfinished.get(socket) === 0) socket.destroySoon();
    });
  });
  server.closeIdleConnections = () => {
    for (const [socket, count] of unfinished) if (count === 0) socket.destroySoon();
  };
}
