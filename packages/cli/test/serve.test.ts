import { once } from "node:events";
import { existsSync } from "node:fs";
import { Agent, type IncomingMessage, request } from "node:http";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import path from "node:path";
import { createLedger } from "@credit-activity/server";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createHostileDatabase } from "../../../tools/hostile-database.js";
import type { Database } from "../../../tools/postgres.js";
import { type Directory, makeDirectory, run, type Serving, serve, until } from "./command.js";

const SECRET = "secret-of-the-operator";

let directory: Directory;
let database: Database;
let server: Serving | undefined;
beforeAll(async () => {
  directory = await makeDirectory();
  database = await createHostileDatabase("serve");
});
afterAll(async () => {
  await directory.remove();
  await database.drop();
});
afterEach(async () => {
  await server?.stop("SIGKILL");
  server = undefined;
});

const call = (method: string, pathname: string, body?: object) =>
  fetch(`${server?.address}${pathname}`, {
    method,
    headers: { authorization: `Bearer ${SECRET}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

describe("serve while PostgreSQL is away", () => {
  it("waits for it, and says so", async () => {
    const { hostname, port } = new URL(database.url);
    const proxy = createServer((socket) => {
      const upstream = connect(Number(port), hostname);
      for (const [from, to] of [
        [socket, upstream],
        [upstream, socket],
      ] as const) {
        from.pipe(to);
        from.on("error", () => to.destroy());
      }
    });
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const away = new URL(database.url);
    away.port = String((proxy.address() as AddressInfo).port);
    proxy.close();
    await once(proxy, "close");

    server = await serve(
      [],
      { DATABASE_URL: away.href, CREDITS_SECRET_KEY: SECRET, HOST: "127.0.0.1" },
      async (running) => {
        const refused = /can't be used as .*ECONNREFUSED.* The next try is in 0\.5 s\./;
        await until(() => refused.test(running.printed()) || undefined, running);
        proxy.listen(Number(away.port), "127.0.0.1");
      },
    );
    expect((await call("PUT", "/v1/accounts/away", {})).status).toBe(201);
    expect((await server.stop()).code).toBe(0);
    proxy.close();
  });

  it.each([
    ["the schema is read", "credits.migrations"],
    ["the secret of tokens is written", "INSERT INTO credits.secrets"],
    ["the secret of tokens is read", "SELECT value FROM credits.secrets"],
  ])("tries again when the connection breaks while %s", async (_, statement) => {
    const { hostname, port } = new URL(database.url);
    let cuts = 0;
    const proxy = createServer((socket) => {
      const upstream = connect(Number(port), hostname);
      for (const end of [socket, upstream]) end.on("error", () => end.destroy());
      upstream.pipe(socket);
      socket.on("close", () => upstream.destroy());
      socket.on("data", (bytes) => {
        if (cuts > 0 || !bytes.includes(statement)) return void upstream.write(bytes);
        cuts += 1;
        socket.end();
      });
    });
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const cut = new URL(database.url);
    cut.port = String((proxy.address() as AddressInfo).port);
    server = await serve([], { DATABASE_URL: cut.href, CREDITS_SECRET_KEY: SECRET });
    expect(cuts).toBe(1);
    expect(server.printed()).toMatch(
      /can't be used as .*Connection terminated.* The next try is in 0\.5 s\./,
    );
    expect((await server.stop()).code).toBe(0);
    proxy.close();
  });

  it("ends where waiting would not help: a wrong password, or a key that is too short", async () => {
    const wrong = new URL(database.url);
    wrong.password = "wrong";
    const { code, stderr } = await run(["serve", "--port", "0"], { DATABASE_URL: wrong.href });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/password authentication failed/)]);
    const short = await run(["serve", "--port", "0"], {
      DATABASE_URL: database.url,
      CREDITS_SECRET_KEY: "short",
    });
    expect([short.code, short.stderr]).toEqual([
      1,
      expect.stringMatching(/secretKeys\.0 is not 16 to 255 printable ASCII characters without spaces/),
    ]);
  });
});

describe("serve on a directory", () => {
  const env = () => ({
    DATA_DIR: path.join(directory.path, "data"),
    CREDITS_SECRET_KEY: SECRET,
    HOST: "127.0.0.1",
  });

  it("listens on its host, logs the durability, and ends on SIGTERM", async () => {
    server = await serve([], env());
    expect(server.address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await call("PUT", "/v1/accounts/acme", {})).status).toBe(201);
    expect((await call("POST", "/v1/accounts/acme/grants", { kind: "purchase", credits: "5" })).status).toBe(
      201,
    );
    expect((await fetch(`${server.address}/docs`)).status).toBe(200);
    expect((await fetch(`${server.address}/v1/accounts/acme`)).status).toBe(401);
    const lock = path.join(env().DATA_DIR, "lock");
    expect(existsSync(lock)).toBe(true);

    const second = await run(["serve", "--port", "0"], env());
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(
      new RegExp(`^error: The directory .* is open in process ${server.process.pid}`),
    );
    expect(second.stderr).toMatch(/Stop that process, choose another directory, or use PostgreSQL/);
    expect(second.stderr).not.toMatch(/^ {4}at /m);
    expect((await call("GET", "/v1/accounts/acme")).status).toBe(200);

    const { code, stdout, stderr } = await server.stop();
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/a power cut can lose the last commits/);
    expect(existsSync(lock)).toBe(false);
  });

  it("takes over the lock of a killed process, with everything it had confirmed", async () => {
    server = await serve([], env());
    for (let index = 0; index < 5; index++) {
      expect((await call("POST", "/v1/accounts/acme/spend", { credits: "0.5" })).status).toBe(201);
    }
    await server.stop("SIGKILL");
    expect(existsSync(path.join(env().DATA_DIR, "lock"))).toBe(true);
    server = await serve([], env());
    expect(await (await call("GET", "/v1/accounts/acme")).json()).toMatchObject({ balance: "2.5" });
    expect((await server.stop("SIGINT")).code).toBe(0);
  });
});

describe("serve on PostgreSQL", () => {
  const env = () => ({ DATABASE_URL: database.url, CREDITS_SECRET_KEY: SECRET });

  it("prefers options to the environment, and reports a port in use", async () => {
    server = await serve(["--port", "0", "--host", "127.0.0.1"], { ...env(), PORT: "1", HOST: "192.0.2.1" });
    const { port } = new URL(server.address);
    const second = await run(["serve"], { ...env(), PORT: port });
    expect(second.code).toBe(1);
    expect(second.stderr).toBe(`error: Port ${port} on 127.0.0.1 is in use. Choose another with --port.\n`);
    const third = await run(["serve", "--host", "192.0.2.1"], { ...env(), PORT: "0" });
    expect(third.code).toBe(1);
    expect(third.stderr).toMatch(/^error: .*192\.0\.2\.1/);
    expect(third.stderr).not.toMatch(/^ {4}at /m);
    const { code, stdout } = await server.stop();
    expect([code, /PostgreSQL: a reply means/.test(stdout)]).toEqual([0, true]);
  });

  it("takes an empty variable for none, so an empty host is not all addresses", async () => {
    const empty = { HOST: "", DATA_DIR: "", TRUSTED_PROXIES: "", CLOCK_OFFSET_MAX: "" };
    server = await serve([], { ...env(), ...empty });
    expect(new URL(server.address).hostname).toBe("127.0.0.1");
    expect((await server.stop()).code).toBe(0);
  });

  it("finishes the requests in flight on SIGTERM, takes no more, and does not wait for idle connections", async () => {
    server = await serve([], env());
    await call("PUT", "/v1/accounts/busy", {});
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const events = (batch: number) =>
      Array.from({ length: 2_000 }, (_, index) => ({
        ...{ id: `${batch}-${index}`, account: "busy", kind: "ai_usage", credits: "0.001" },
      }));
    const requests = Array.from({ length: 4 }, (_, batch) =>
      post(agent, "/v1/usage", { events: events(batch) }),
    );
    await Promise.all(requests.map(({ accepted }) => accepted));
    const stoppingMs = Date.now();
    const finished = server.stop();
    const statuses = await Promise.all(requests.map(({ status }) => status));
    expect(statuses).toEqual([200, 200, 200, 200]);
    const { code, stderr } = await finished;
    expect([code, stderr]).toEqual([0, ""]);
    expect(Date.now() - stoppingMs).toBeLessThan(4_000);
    agent.destroy();
    await expect(fetch(server.address)).rejects.toThrow();
    const ledger = await createLedger({ database: { url: database.url } });
    expect((await ledger.verify()).entries).toBe(8_000);
    await ledger.close();
  });

  /** Sends the body once the server has accepted the head of the request. */
  function post(agent: Agent, pathname: string, body: object) {
    const headers = {
      authorization: `Bearer ${SECRET}`,
      "content-type": "application/json",
      expect: "100-continue",
    };
    const sent = request(`${server?.address}${pathname}`, { agent, method: "POST", headers });
    sent.flushHeaders();
    const accepted = once(sent, "continue").then(() => {
      sent.end(JSON.stringify(body));
    });
    const status = once(sent, "response").then(async ([response]: IncomingMessage[]) => {
      await once((response as IncomingMessage).resume(), "end");
      return response?.statusCode;
    });
    return { accepted, status };
  }

  it("ends on SIGTERM though its connections to the database were lost without a sign", async () => {
    const { hostname, port } = new URL(database.url);
    const sockets = new Set<Socket>();
    let isLost = false;
    const proxy = createServer({ allowHalfOpen: true }, (socket) => {
      const upstream = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
      for (const [from, to] of [
        [socket, upstream],
        [upstream, socket],
      ] as const) {
        sockets.add(from);
        from.on("error", () => {});
        from.on("data", (bytes) => isLost || to.write(bytes));
        from.on("end", () => isLost || to.end());
      }
    });
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const lost = new URL(database.url);
    lost.port = String((proxy.address() as AddressInfo).port);
    server = await serve([], { DATABASE_URL: lost.href, CREDITS_SECRET_KEY: SECRET });
    expect((await call("PUT", "/v1/accounts/lost", {})).status).toBe(201);
    expect((await call("POST", "/v1/accounts/lost/spend", { credits: "1" })).status).toBe(402);
    isLost = true;
    const { code, stderr } = await server.stop();
    expect([code, stderr]).toEqual([0, ""]);
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });

  it("runs twice on one database", async () => {
    server = await serve([], env());
    const other = await serve([], env());
    await call("PUT", "/v1/accounts/shared", {});
    const read = await fetch(`${other.address}/v1/accounts/shared`, {
      headers: { authorization: `Bearer ${SECRET}` },
    });
    expect(read.status).toBe(200);
    expect((await other.stop()).code).toBe(0);
  });
});
