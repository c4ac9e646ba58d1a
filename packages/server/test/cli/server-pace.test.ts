import { EventEmitter } from "node:events";
import type { Server } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { pace } from "../../src/cli/server-pace.js";

const get = (path: string) => new Request(`http://ledger.test${path}`);

describe("a paced server", () => {
  let begun: string[];
  let paced: ReturnType<typeof pace>;
  let server: EventEmitter;

  beforeEach(() => {
    begun = [];
    paced = pace(async ({ url }) => {
      begun.push(new URL(url).pathname);
      return new Response("ok");
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

  it("begins none while connections come, but only for a number of turns", async () => {
    const connect = () => server.emit("connection");
    connect();
    const reply = paced.fetch(get("/1"));
    for (let turn = 0; turn < 100; turn++) {
      connect();
      await nextTurn();
    }
    expect(begun).toEqual([]);
    await paced.fetch(get("/healthz"));
    expect(begun).toEqual(["/healthz"]);
    for (let turn = 0; turn < 200; turn++) {
      connect();
      await nextTurn();
    }
    expect(begun).toEqual(["/healthz", "/1"]);
    await reply;
  });
});
