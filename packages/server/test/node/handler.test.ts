import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createLedgerClient } from "@credit-activity/client";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createLedger, type LocalLedger } from "../../src/index.js";
import { toNodeHandler } from "../../src/node/index.js";

const SECRET = "secret-of-the-tests";

let ledger: LocalLedger;
let server: Server;

beforeAll(async () => {
  ledger = await createLedger({ database: { memory: true }, secretKeys: [SECRET] });
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

afterAll(() => ledger.close());

/** Serves the ledger behind a parser, and returns the URL. */
async function serve(parse: (request: IncomingMessage) => Promise<void>): Promise<string> {
  const handler = toNodeHandler(ledger);
  server = createServer((request, response) => {
    void parse(request).then(() => handler(request, response));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Parsers, by what they leave of a body. */
const PARSERS: Readonly<Record<string, (request: IncomingMessage) => Promise<void>>> = {
  "nothing read": async () => {},
  "the value of JSON": async (request) => {
    const bytes = await readBytes(request);
    if (bytes.length > 0) Object.assign(request, { body: JSON.parse(bytes.toString()) });
  },
  "a string": async (request) => {
    Object.assign(request, { body: (await readBytes(request)).toString() });
  },
  bytes: async (request) => {
    Object.assign(request, { body: await readBytes(request) });
  },
  "the bytes as they were sent, beside another value": async (request) => {
    Object.assign(request, { rawBody: await readBytes(request), body: { unlike: true } });
  },
};

describe.each(Object.entries(PARSERS))("behind a parser that leaves %s", (name, parse) => {
  it("carries out commands and reads", async () => {
    const client = createLedgerClient({ baseUrl: await serve(parse), key: SECRET });
    const account = `account ${name}`;
    await client.putAccount(account, { name: "Zoë" });
    await client.grant(
      account,
      { kind: "bonus", title: "Willkommen, Zoë", credits: "10", expiresAt: null },
      { key: "g" },
    );
    const { entry } = await client.spend(account, { credits: "4" }, { key: "s" });
    expect(entry).toMatchObject({ credits: "-4", balance: "6" });
    expect(await client.getAccount(account)).toMatchObject({ name: "Zoë", balance: "6" });
  });

  it("takes a body of many events", async () => {
    const client = createLedgerClient({ baseUrl: await serve(parse), key: SECRET });
    const account = `many ${name}`;
    await client.putAccount(account, { overdraftLimit: null });
    const events = Array.from({ length: 2_000 }, (_, n) => ({
      id: `${name} ${n}`,
      account,
      credits: "0.01" as const,
      kind: "ai_usage",
      description: "é".repeat(40),
    }));
    const { results } = await client.usage(events);
    expect(results.filter(({ status }) => status === "posted")).toHaveLength(2_000);
  });
});

it("a parser that unpacks the body changes its length", async () => {
  const url = await serve(async (request) => {
    await readBytes(request);
    Object.assign(request, { body: { name: "Unpacked".repeat(20) } });
  });
  const response = await fetch(`${url}/v1/accounts/unpacked`, {
    method: "PUT",
    headers: {
      authorization: `Bearer ${SECRET}`,
      "content-type": "application/json",
      "content-encoding": "gzip",
    },
    body: "packed",
  });
  expect(response.status).toBe(201);
  expect(await response.json()).toMatchObject({ name: "Unpacked".repeat(20) });
});

it("the length of a body is that of what the parser left, not of what was sent", async () => {
  const url = await serve(PARSERS["the value of JSON"] as (request: IncomingMessage) => Promise<void>);
  const response = await fetch(`${url}/v1/accounts/padded`, {
    method: "PUT",
    headers: { authorization: `Bearer ${SECRET}`, "content-type": "application/json" },
    body: `{"name":"Padded"}${" ".repeat(2 * 1024 * 1024)}`,
  });
  expect([response.status, await response.json()]).toMatchObject([201, { name: "Padded" }]);
});

it("a body of which nothing is left is the fault of what is in front", async () => {
  const url = await serve(async (request) => {
    await readBytes(request);
  });
  const response = await fetch(`${url}/v1/accounts/lost`, {
    method: "PUT",
    headers: { authorization: `Bearer ${SECRET}`, "content-type": "application/json" },
    body: "{}",
  });
  expect(response.status).toBe(500);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(await response.json()).toMatchObject({
    code: "internal",
    detail: expect.stringContaining("Mount the ledger before what reads bodies."),
  });
  expect(
    (await fetch(`${url}/v1/accounts/lost`, { headers: { authorization: `Bearer ${SECRET}` } })).status,
  ).toBe(404);
});

it("opens the ledger with the first request, and responds 503 while it can't be opened", async () => {
  const logged = vi.spyOn(console, "error").mockImplementation(() => {});
  let isReachable = false;
  const handler = toNodeHandler(async () => {
    if (!isReachable) throw new Error("Unreachable.");
    return ledger;
  });
  server = createServer((request, response) => void handler(request, response));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/healthz`;
  const refused = await fetch(url);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(await refused.json()).toMatchObject({
    code: "unavailable",
    detail: "The ledger could not be opened. Read the log of the server.",
  });
  expect(logged.mock.calls).toEqual([[expect.objectContaining({ message: "Unreachable." })]]);
  logged.mockRestore();
  isReachable = true;
  expect((await fetch(url)).status).toBe(200);
});
