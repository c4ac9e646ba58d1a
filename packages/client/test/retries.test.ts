import { expect, test } from "vitest";
import { createLedgerClient, RefusedError, UnavailableError } from "../src/index.js";
import { parseRetryAfter } from "../src/transport.js";
import { json, problem, serve } from "./server.js";

const quick = { key: "secret", retryDelayMs: 5 };

/** Makes a fetch that records the headers of its requests. It waits for an abort where `respond` returns null. */
function silentFetch(respond: (tries: number) => Response | null) {
  const sent: Headers[] = [];
  const fetch = (_: unknown, init?: RequestInit): Promise<Response> => {
    sent.push(new Headers(init?.headers));
    const response = respond(sent.length);
    if (response !== null) return Promise.resolve(response);
    return new Promise((_, reject) => {
      init?.signal?.addEventListener("abort", () => reject(init.signal?.reason));
    });
  };
  return { fetch, sent };
}

test.each([408, 429, 502, 503, 504])(
  "a command with the response %i is sent again with the same key",
  async (status) => {
    const { baseUrl, received } = await serve((_, response, tries) => {
      if (tries < 3) problem(response, status, "overloaded");
      else json(response, 201, { entry: { seq: 1 } });
    });
    const client = createLedgerClient({ baseUrl, ...quick });

    expect(await client.spend("acme", { credits: "1.5" })).toEqual({ entry: { seq: 1 } });

    expect(received).toHaveLength(3);
    const keys = new Set(received.map((r) => r.headers["idempotency-key"]));
    expect(keys.size).toBe(1);
    expect([...keys][0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(received.map((r) => r.body)).toEqual(Array(3).fill({ credits: "1.5" }));
  },
);

test("a command is sent again with the same key if the connection breaks after it arrived", async () => {
  const { baseUrl, received } = await serve((_, response, tries) => {
    if (tries === 1) response.destroy();
    else json(response, 200, { entry: { seq: 7 } });
  });
  await createLedgerClient({ baseUrl, ...quick }).grant(
    "acme",
    { kind: "bonus", credits: "5" },
    { key: "order-4821" },
  );
  expect(received.map((r) => r.headers["idempotency-key"])).toEqual(["order-4821", "order-4821"]);
});

test("a request is sent again if its response breaks off", async () => {
  const { baseUrl, received } = await serve((_, response, tries) => {
    if (tries > 1) return json(response, 200, { id: "acme" });
    response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
    response.write('{"id"', () => response.destroy());
  });
  expect(await createLedgerClient({ baseUrl, ...quick }).getAccount("acme")).toEqual({ id: "acme" });
  expect(received).toHaveLength(2);
});

test("a request is sent again if a try exceeds the time limit", async () => {
  const { fetch, sent } = silentFetch((tries) => (tries > 1 ? Response.json({ id: "acme" }) : null));
  const client = createLedgerClient({ baseUrl: "http://127.0.0.1:1", ...quick, timeoutMs: 60, fetch });
  expect(await client.getAccount("acme")).toEqual({ id: "acme" });
  expect(sent).toHaveLength(2);
});

test("if every try times out, the error has the cause and the key that makes a repetition safe", async () => {
  const { fetch, sent } = silentFetch(() => null);
  const options = { ...quick, timeoutMs: 30, retries: 1, fetch };
  const client = createLedgerClient({ baseUrl: "http://127.0.0.1:1", ...options });
  const error = await client.spend("acme", { credits: "1" }, { key: "call-9" }).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(UnavailableError);
  expect(error).toMatchObject({ code: "unavailable", status: null, tries: 2, key: "call-9" });
  expect((error as UnavailableError).cause).toMatchObject({ name: "TimeoutError" });
  expect((error as Error).message).toContain('safe to send it again with the key "call-9"');
  expect(sent.map((headers) => headers.get("idempotency-key"))).toEqual(["call-9", "call-9"]);
});

test("a port without a server causes an UnavailableError with the network's error as its cause", async () => {
  const client = createLedgerClient({ baseUrl: "http://127.0.0.1:1", ...quick, retries: 2 });
  const error = await client.getAccount("acme").catch((e: unknown) => e);
  expect(error).toBeInstanceOf(UnavailableError);
  expect(error).toMatchObject({ tries: 3, key: null });
  expect((error as UnavailableError).cause).toBeInstanceOf(Error);
});

test("the client waits for the time of Retry-After", async () => {
  const { baseUrl, received } = await serve((_, response, tries) => {
    if (tries === 1) problem(response, 503, "overloaded", {}, { "retry-after": "1" });
    else json(response, 200, { id: "acme" });
  });
  await createLedgerClient({ baseUrl, ...quick }).getAccount("acme");
  const [first, second] = received;
  expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(990);
});

test("a Retry-After of hours causes an UnavailableError at once", async () => {
  const { baseUrl, received } = await serve((_, response) =>
    problem(response, 429, "overloaded", {}, { "retry-after": "7200" }),
  );
  const error = await createLedgerClient({ baseUrl, ...quick })
    .getAccount("acme")
    .catch((e: unknown) => e);
  expect(error).toBeInstanceOf(UnavailableError);
  expect(error).toMatchObject({ status: 429, code: "overloaded", retryAfterSeconds: 7200, tries: 1 });
  expect(received).toHaveLength(1);
});

test("Retry-After is parsed as seconds and as a date", () => {
  expect(parseRetryAfter("3")).toBe(3000);
  expect(parseRetryAfter("Sun, 22 Nov 2026 10:00:05 GMT", Date.UTC(2026, 10, 22, 10, 0, 0))).toBe(5000);
  expect(parseRetryAfter("Sun, 22 Nov 2026 10:00:05 GMT", Date.UTC(2026, 10, 22, 11, 0, 0))).toBe(0);
  expect(parseRetryAfter("soon")).toBeNull();
  expect(parseRetryAfter(null)).toBeNull();
});

test.each([400, 401, 402, 403, 404, 409, 413, 415, 422, 500])(
  "a request with the response %i is not sent again",
  async (status) => {
    const { baseUrl, received } = await serve((_, response) => problem(response, status, "no"));
    await expect(
      createLedgerClient({ baseUrl, ...quick }).spend("acme", { credits: "1" }),
    ).rejects.toMatchObject({
      status,
    });
    expect(received).toHaveLength(1);
  },
);

test("a client with retries: 0 sends a request once", async () => {
  const { baseUrl, received } = await serve((_, response) => problem(response, 503, "overloaded"));
  const client = createLedgerClient({ baseUrl, ...quick, retries: 0 });
  await expect(client.getAccount("acme")).rejects.toBeInstanceOf(UnavailableError);
  expect(received).toHaveLength(1);
});

test("commands without a key get different keys", async () => {
  const { baseUrl, received } = await serve((_, response) => json(response, 201, { entry: {} }));
  const client = createLedgerClient({ baseUrl, ...quick });
  await client.spend("acme", { credits: "1" });
  await client.spend("acme", { credits: "1" });
  expect(received[0]?.headers["idempotency-key"]).not.toBe(received[1]?.headers["idempotency-key"]);
});

test("an unknown code of 422 is a RefusedError with the server's detail", async () => {
  const { baseUrl } = await serve((_, response) =>
    problem(response, 422, "refund_exceeds", { detail: "Entry 3 has 2 credits left to refund" }),
  );
  const error = await createLedgerClient({ baseUrl, ...quick })
    .refund("acme", { entry: 3 })
    .catch((e: unknown) => e);
  expect(error).toBeInstanceOf(RefusedError);
  expect((error as Error).message).toBe(
    "POST /v1/accounts/acme/refunds failed with 422 refund_exceeds: Entry 3 has 2 credits left to refund.",
  );
});
