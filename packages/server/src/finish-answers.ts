import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * Lets a server that is closed finish its answers. Node takes a connection for idle as soon as the last of an answer has
 * been written to it, and `close` cuts idle connections, so that a long answer to a slow reader is cut off half-way. From
 * here on a connection is idle when its answers have left the process; once the server is closed, it is cut when it is.
 *
 * Call it before the server listens.
 */
export function finishAnswers(server: Server): void {
  /** How many answers are on their way on each connection. */
  const answers = new Map<Socket, number>();
  server.on("connection", (socket: Socket) => {
    answers.set(socket, 0);
    socket.once("close", () => answers.delete(socket));
  });
  server.on("request", ({ socket }: IncomingMessage, response: ServerResponse) => {
    const add = (count: number) => {
      const before = answers.get(socket);
      if (before !== undefined) answers.set(socket, before + count);
    };
    add(1);
    response.once("close", () => {
      add(-1);
      if (!server.listening && answers.get(socket) === 0) socket.destroySoon();
    });
  });
  server.closeIdleConnections = () => {
    for (const [socket, count] of answers) if (count === 0) socket.destroySoon();
  };
}
