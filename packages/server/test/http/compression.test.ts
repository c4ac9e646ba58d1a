import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync, inflateSync } from "node:zlib";
import { createLedgerClient } from "@credit-activity/client";
import { serve } from "@hono/node-server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openLedger, SECRET, type TestLedger } from "./ledger.js";

interface Received {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
}

type Send = (
  method: string,
  path: string,
  headers?: Readonly<Record<string, string>>,
  body?: string,
) => Promise<Received>;

const EVENTS = 150;
let ledger: TestLedger;
let server: ReturnType<typeof serve>;
let origin: string;

beforeAll(async () => {
  ledger = await openLedger({ engine: "pglite" });
  await ledger.local.putAccount("large");
  await ledger.post("/v1/usage", { events: createEvents("large") });
  server = serve({ fetch: ledger.local.fetch, port: 0, hostname: "127.0.0.1" });
  await once(server, "listening");
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  await ledger.drop();
});

function createEvents(account: string) {
  return Array.from({ length: EVENTS }, (_, n) => ({
    id: `${account}-${n}`,
    account,
    kind: "ai_usage",
    credits: "1.5",
    description: "Grüße",
  }));
}

const credentials = { authorization: `Bearer ${SECRET}` };

const throughHandler: Send = async (method, path, headers = {}, body) => {
  const sent = new Request(`http://ledger.test${path}`, {
    method,
    headers: { ...credentials, ...headers },
    ...(body === undefined ? {} : { body }),
  });
  const reply = await ledger.local.fetch(sent);
  return {
    status: reply.status,
    headers: reply.headers,
    bytes: Buffer.from(await reply.arrayBuffer()),
  };
};

const overTheWire: Send = async (method, path, headers = {}, body) => {
  const sent = request(`${origin}${path}`, { method, headers: { ...credentials, ...headers } });
  sent.end(body);
  const [reply] = (await once(sent, "response")) as [IncomingMessage];
  const received = new Headers();
  for (const [name, value] of Object.entries(reply.headers)) received.set(name, String(value));
  return { status: reply.statusCode as number, headers: received, bytes: await buffer(reply) };
};

describe.each([
  ["of the fetch handler", throughHandler],
  ["of a server", overTheWire],
] as const)("a response %s", (_, send) => {
  const large = "/v1/accounts/large/entries?limit=1000";
  const accepting = (encoding: string) => ({ "accept-encoding": encoding });

  it("is compressed when it is large and the client accepts that", async () => {
    for (const path of [large, "/openapi.json"]) {
      const plain = await send("GET", path);
      expect(plain.headers.get("content-encoding"), path).toBeNull();
      expect(plain.headers.get("vary"), path).toBe("Accept-Encoding");
      expect(plain.bytes.length, path).toBeGreaterThan(32 * 1024);
      for (const [accepted, encoding] of [
        ["gzip", "gzip"],
        ["gzip, deflate, br", "gzip"],
        ["br, *;q=0.1", "gzip"],
        ["deflate, gzip;q=0", "deflate"],
      ] as const) {
        const packed = await send("GET", path, accepting(accepted));
        expect([packed.status, packed.headers.get("content-encoding")], accepted).toEqual([200, encoding]);
        expect(packed.headers.get("vary")).toBe("Accept-Encoding");
        expect(packed.headers.get("content-type")).toBe("application/json");
        expect(packed.headers.get("etag")).toBe(plain.headers.get("etag"));
        expect(packed.headers.get("content-length")).toBeNull();
        expect(packed.bytes.length).toBeLessThan(plain.bytes.length / 2);
        const unpacked = encoding === "gzip" ? gunzipSync(packed.bytes) : inflateSync(packed.bytes);
        expect(unpacked.equals(plain.bytes)).toBe(true);
      }
    }
  });

  it("is not compressed when the client does not accept that", async () => {
    const plain = await send("GET", large);
    for (const accepted of ["", "identity", "br", "gzip;q=0", "*;q=0", "gzip;q=0, *;q=0, identity"]) {
      const reply = await send("GET", large, accepting(accepted));
      expect(reply.headers.get("content-encoding"), accepted).toBeNull();
      expect(reply.bytes.equals(plain.bytes), accepted).toBe(true);
    }
  });

  it("is not compressed when it is small, or responds to a command", async () => {
    const gzip = accepting("gzip");
    for (const path of [
      "/v1/accounts/large",
      "/v1/accounts/large/activity",
      "/v1/accounts/large/entries?limit=20",
    ]) {
      const reply = await send("GET", path, gzip);
      expect([reply.status, reply.headers.get("content-encoding")], path).toEqual([200, null]);
      expect(reply.headers.get("vary"), path).toBeNull();
      expect(() => JSON.parse(reply.bytes.toString()), path).not.toThrow();
    }
    const body = JSON.stringify({ events: createEvents("large") });
    const posted = await send("POST", "/v1/usage", { ...gzip, "content-type": "application/json" }, body);
    expect([posted.status, posted.headers.get("content-encoding")]).toEqual([200, null]);
    expect(posted.bytes.length).toBeGreaterThan(32 * 1024);
  });

  it("has one ETag, compressed or not", async () => {
    const plain = await send("GET", large);
    const packed = await send("GET", large, accepting("gzip"));
    for (const { headers } of [plain, packed]) {
      for (const accepted of ["identity", "gzip"]) {
        const ifNoneMatch = headers.get("etag") as string;
        const again = await send("GET", large, { ...accepting(accepted), "if-none-match": ifNoneMatch });
        expect([again.status, again.bytes.length]).toEqual([304, 0]);
        expect(again.headers.get("content-encoding")).toBeNull();
        for (const name of ["etag", "vary", "cache-control", "access-control-allow-origin"]) {
          expect(again.headers.get(name), name).toBe(plain.headers.get(name));
        }
      }
    }
  });

  it("has no body when the method is HEAD", async () => {
    const plain = await send("GET", large);
    const head = await send("HEAD", large, accepting("gzip"));
    expect([head.status, head.bytes.length]).toEqual([200, 0]);
    for (const name of ["etag", "vary", "cache-control", "content-type"]) {
      expect(head.headers.get(name), name).toBe(plain.headers.get(name));
    }
    const etag = plain.headers.get("etag") as string;
    const again = await send("HEAD", large, { ...accepting("gzip"), "if-none-match": etag });
    expect([again.status, again.bytes.length]).toEqual([304, 0]);
  });
});

it("a client reads all of a long list while another client goes away", async () => {
  const client = createLedgerClient({ baseUrl: origin, key: SECRET });
  const gone = request(`${origin}/v1/accounts/large/entries?limit=1000`, {
    headers: { ...credentials, "accept-encoding": "gzip" },
  });
  gone.on("error", () => {});
  gone.end();
  gone.on("response", (reply) => reply.destroy());
  const { entries } = await client.entries("large", { limit: 1000 });
  expect(entries).toHaveLength(EVENTS);
  expect(entries[0]?.description).toBe("Grüße");
});
