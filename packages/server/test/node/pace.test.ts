import { EventEmitter } from "node:events";
import type { Server } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { pace } from "../../src/node/pace.js";

const get = (path: string) => new Request(`http://ledger.test${path}`);
const post = (path: string) => new Request(`http://ledger.test${path}`, { method: "POST" });
const withLength = (bytes: number) => ({ incoming: { headers: { "content-length": String(bytes) } } });

describe("a paced server", () => {
  let begun: string[];
  let isFull: boolean;
  let paced: ReturnType<typeof pace>;
  let server: EventEmitter;

  beforeEach(() => {
    begun = [];
    isFull = false;
    paced = pace({
      get isFull() {
        return isFull;
      },
      async fetch({ url }) {
        begun.push(new URL(url).pathname);
        return new Response("ok");
      },
    });
    server = new EventEmitter();
    paced.watch(server as Server);
  });

  it("begins a request at once while there is little to do", async () => {
    const reply = paced.fetch(get("/1"));
    expect(begun).toEqual(["/1"]);
    expect(await (await reply).text()).toBe("ok");
  });

  it("begins 64 requests per turn of the event loop, in their order", async () => {
    const paths = Array.from({ length: 200 }, (_, index) => `/${index}`);
    const replies = paths.map((path) => paced.fetch(get(path)));
    expect(begun).toHaveLength(64);
    const health = paced.fetch(get("/healthz"));
    expect(begun.at(-1)).toBe("/healthz");
    await nextTurn();
    await nextTurn();
    expect(begun.length).toBeLessThanOrEqual(1 + 3 * 64);
    await Promise.all([...replies, health]);
    expect(begun.filter((path) => path !== "/healthz")).toEqual(paths);
  });

  it("begins no more in a turn when their bodies are large, and one in any case", async () => {
    const large = ["/1", "/2", "/3"].map((path) => paced.fetch(post(path), withLength(20_000)));
    const larger = paced.fetch(post("/4"), withLength(16_000_000));
    expect(begun).toEqual(["/1", "/2"]);
    await Promise.all(large);
    expect(begun).toEqual(["/1", "/2", "/3", "/4"]);
    await larger;
    const after = paced.fetch(post("/5"), withLength(1));
    expect(begun).toHaveLength(4);
    await after;
  });

  it("takes a body that does not state its length for a large one", async () => {
    const chunked = { incoming: { headers: { "transfer-encoding": "chunked" } } };
    const replies = Array.from({ length: 6 }, (_, index) => paced.fetch(post(`/${index}`), chunked));
    expect(begun).toHaveLength(1);
    await Promise.all(replies);
    expect(begun).toHaveLength(6);
  });

  it("begins reads before requests that may write", async () => {
    const replies = Array.from({ length: 100 }, (_, index) => paced.fetch(post(`/write-${index}`)));
    replies.push(paced.fetch(get("/read"), withLength(1_000_000)));
    await Promise.all(replies);
    expect(begun.indexOf("/read")).toBe(64);
    expect(begun).toHaveLength(101);
  });

  it("leaves requests that may write a part of each turn, however many reads there are", async () => {
    let isDone = false;
    const readers = Array.from({ length: 400 }, async () => {
      while (!isDone) await paced.fetch(get("/read"), withLength(1_000_000));
    });
    const writes = Array.from({ length: 40 }, (_, index) => paced.fetch(post(`/write-${index}`)));
    await Promise.all(writes);
    expect(begun.filter((path) => path !== "/read")).toHaveLength(40);
    isDone = true;
    await Promise.all(readers);
  });

  it("refuses requests that may write while 512 wait, the first of them for half a second", async () => {
    const now = vi.spyOn(performance, "now").mockReturnValue(1_000);
    const replies = Array.from({ length: 64 + 510 }, (_, index) => paced.fetch(post(`/${index}`)));
    now.mockReturnValue(1_501);
    replies.push(paced.fetch(post("/too-few")));
    now.mockReturnValue(1_500);
    replies.push(paced.fetch(post("/in-time")));
    now.mockReturnValue(1_501);
    const late = paced.fetch(post("/late"));
    const read = paced.fetch(get("/read"));
    now.mockRestore();
    const response = await late;
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
    expect((await read).status).toBe(200);
    for (const reply of replies) expect((await reply).status).toBe(200);
    expect(begun).not.toContain("/late");
    expect((await paced.fetch(post("/later"))).status).toBe(200);
  });

  it("refuses no more than 128 requests per turn", async () => {
    const now = vi.spyOn(performance, "now").mockReturnValue(1_000);
    const replies = Array.from({ length: 64 + 512 }, (_, index) => paced.fetch(post(`/${index}`)));
    now.mockReturnValue(2_000);
    let refused = 0;
    const late = Array.from({ length: 300 }, async () => {
      await paced.fetch(post("/late"));
      refused += 1;
    });
    now.mockRestore();
    while (refused === 0) await nextTurn();
    expect(refused).toBe(128);
    await Promise.all([...replies, ...late]);
    expect(refused).toBe(300);
  });

  it("refuses requests that may write while the ledger takes none, also those that wait", async () => {
    const replies = Array.from({ length: 66 }, (_, index) => paced.fetch(post(`/${index}`)));
    isFull = true;
    replies.push(paced.fetch(post("/refused")));
    const read = paced.fetch(get("/read"));
    const statuses = (await Promise.all(replies)).map(({ status }) => status);
    expect(statuses).toEqual([...Array.from({ length: 64 }, () => 200), 503, 503, 503]);
    expect((await read).status).toBe(200);
    isFull = false;
    expect((await paced.fetch(post("/later"))).status).toBe(200);
    expect(begun).toHaveLength(66);
  });

  it("refuses also in the turns that are left to new connections", async () => {
    isFull = true;
    server.emit("connection");
    const reply = paced.fetch(post("/refused"));
    let isRefused = false;
    void reply.then(() => {
      isRefused = true;
    });
    await nextTurn();
    server.emit("connection");
    await nextTurn();
    expect(isRefused).toBe(true);
  });

  it("begins none while connections come, but only for a number of turns", async () => {
    const connect = () => server.emit("connection");
    connect();
    const reply = paced.fetch(get("/1"));
    for (let turn = 0; turn < 40; turn++) {
      connect();
      await nextTurn();
    }
    expect(begun).toEqual([]);
    await paced.fetch(get("/healthz"));
    expect(begun).toEqual(["/healthz"]);
    for (let turn = 0; turn < 40; turn++) {
      connect();
      await nextTurn();
    }
    expect(begun).toEqual(["/healthz", "/1"]);
    await reply;
  });
});
