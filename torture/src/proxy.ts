import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** The treatment of the bytes of a proxy. */
export type Treatment =
  /** They pass. */
  | { readonly kind: "pass" }
  /** They pass after a time. */
  | { readonly kind: "delay"; readonly ms: number }
  /** None passes, and no connection is closed: a black hole. Those that wait pass afterwards. */
  | { readonly kind: "hold" }
  /** Those of the database are lost. The database does the work, and no one sees its response. */
  | { readonly kind: "swallow" }
  /** New connections are reset. */
  | { readonly kind: "refuse" };

/** A proxy between a server and the database. */
export interface DatabaseProxy {
  /** The URL of the database through the proxy. */
  readonly url: string;
  /** Changes the treatment of all connections. */
  treat(treatment: Treatment): void;
  /**
   * Loses all connections without a sign on either side, as a firewall does that has dropped its state. Nothing of them
   * passes any more, their ends included. New connections pass.
   */
  lose(): void;
  /** Resets all connections on both sides, lost ones included. */
  reset(): void;
  close(): Promise<void>;
}

const PASS: Treatment = { kind: "pass" };

/** Opens a proxy to the database of a URL, on a free port of 127.0.0.1. */
export async function openProxy(databaseUrl: string): Promise<DatabaseProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const lost = new WeakSet<Socket>();
  let treatment = PASS;
  /** Resolves when the bytes that are held may pass. */
  let pass = () => {};
  let passing = Promise.resolve();

  /** Forwards the bytes of one direction in their order. */
  function forward(from: Socket, to: Socket, isResponse: boolean): void {
    let before = Promise.resolve();
    let waiting = 0;
    const write = (chunk: Buffer) => void (to.writable && to.write(chunk));
    from.on("data", (chunk: Buffer) => {
      const { kind } = treatment;
      if (lost.has(from) || (kind === "swallow" && isResponse)) return;
      if (kind !== "hold" && kind !== "delay" && waiting === 0) return write(chunk);
      const ready = kind === "delay" ? new Promise<void>((r) => setTimeout(r, treatmentMs())) : passing;
      waiting += 1;
      before = Promise.all([before, ready]).then(() => {
        waiting -= 1;
        write(chunk);
      });
    });
  }
  const treatmentMs = () => (treatment.kind === "delay" ? treatment.ms : 0);

  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (treatment.kind === "refuse") {
      client.on("error", () => {});
      client.resetAndDestroy();
      return;
    }
    const port = Number(target.port);
    const upstream = connect({ host: target.hostname, port, noDelay: true, allowHalfOpen: true });
    client.setNoDelay(true);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => {
        sockets.delete(socket);
        if (!lost.has(socket)) other.destroy();
      });
      socket.once("end", () => {
        if (!lost.has(socket)) other.end();
      });
      forward(socket, other, socket === upstream);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = new URL(databaseUrl);
  url.port = String((server.address() as AddressInfo).port);

  const reset = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    url: url.href,
    treat(next) {
      pass();
      treatment = next;
      if (next.kind !== "hold") return;
      passing = new Promise((resolve) => {
        pass = resolve;
      });
    },
    lose() {
      for (const socket of sockets) lost.add(socket);
    },
    reset,
    async close() {
      reset();
      server.close();
      await once(server, "close");
    },
  };
}
