import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { finishResponses } from "../../src/node/shutdown.js";

/** More than the system buffers for a client that does not read. */
const BYTES = 30_000_000;

describe("a closed server", () => {
  const server = createServer((_request, response) => response.end(Buffer.alloc(BYTES, "x")));
  finishResponses(server);
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

  it("finishes a response to a slow client, and then closes the connection", async () => {
    const client = await open("GET / HTTP/1.1\r\nhost: here\r\n\r\n");
    await once(client, "readable");
    const closed = once(server.close(), "close");
    await pause(100);
    let read = 0;
    client.on("data", (part: Buffer) => {
      read += part.length;
    });
    await Promise.all([closed, once(client, "close")]);
    expect(read).toBeGreaterThan(BYTES);
  });

  it("does not wait for connections without a request", async () => {
    const idle = await open("");
    idle.resume();
    await pause(50);
    await Promise.all([once(server.close(), "close"), once(idle, "close")]);
  });
});
