import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { finishAnswers } from "../../src/index.js";

/** More than the system takes at once for a reader that does not read. */
const BYTES = 30_000_000;

describe("a server that is closed", () => {
  const server = createServer((_request, response) => response.end(Buffer.alloc(BYTES, "x")));
  finishAnswers(server);
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    server.closeAllConnections();
  });

  async function open(request: string): Promise<Socket> {
    if (!server.listening) await once(server.listen(0, "127.0.0.1"), "listening");
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    sockets.push(socket);
    await once(socket, "connect");
    socket.write(request);
    return socket;
  }

  it("finishes an answer to a reader that is slow, and then lets go of the connection", async () => {
    const reader = await open("GET / HTTP/1.1\r\nhost: here\r\n\r\n");
    await once(reader, "readable");
    const closed = once(server.close(), "close");
    await pause(100);
    let read = 0;
    reader.on("data", (part: Buffer) => {
      read += part.length;
    });
    await Promise.all([closed, once(reader, "close")]);
    expect(read).toBeGreaterThan(BYTES);
  });

  it("does not wait for connections on which nothing is asked", async () => {
    const idle = await open("");
    idle.resume();
    await pause(50);
    await Promise.all([once(server.close(), "close"), once(idle, "close")]);
  });
});
