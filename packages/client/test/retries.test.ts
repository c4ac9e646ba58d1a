import { expect, test } from "vitest";
import { createClient, RefusedError, UnavailableError } from "../src/index.js";
import { retryAfterMs } from "../src/transport.js";
import { json, problem, serve } from "./server.js";

const quick = { token: "secret", retryDelayMs: 5 };

test.each([408, 429, 502, 503, 504])(
  "a command answered with %i is sent again with the same key",
  async (status) => {
    const { baseUrl, received } = await serve((_, response, tries) => {
      if (tries < 3) problem(response, status, "overloaded");
      else json(response, 201, { entry: { seq: 1 } });
    });
    const client = createClient({ baseUrl, ...quick });

    expect(await client.spend("acme", { credits: "1.5" })).toEqual({ entry: { seq: 1 } });

    expect(received).toHaveLength(3);
    const keys = new Set(received.map((r) => r.headers["idempotency-key"]));
    expect(keys.size).toBe(1);
    expect([...keys][0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(received.map((r) => r.body)).toEqual(Array(3).fill({ credits: "1.5" }));
  },
);

test("a connection that breaks after the command arrived is tried again with the same key", async () => {
  const { baseUrl, received } = await serve((_, response, tries) => {
    if (tries === 1) response.destroy();
    else json(response, 200, { entry: { seq: 7 } });
  });
  await createClient({ baseUrl, ...quick }).grant(
    "acme",
    { kind: "bonus", credits: "5" },
    { key: "order-4821" },
  );
  expect(received.map((r) => r.headers["idempotency-key"])).toEqual(["order-4821", "order-4821"]);
});

test("an answer that breaks off half-way is tried again", async () => {
  const { baseUrl, received } = await serve((_, response, tries) => {
    if (tries > 1) return json(response, 200, { account: "acme" });
    response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
    response.write('{"account"', () => response.destroy());
  });
  expect(await createClient({ baseUrl, ...quick }).getAccount("acme")).toEqual({ account: "acme" });
  expect(received).toHaveLength(2);
});

test("a try that takes too long is given up and repeated", async () => {
  const { baseUrl, received } = await serve((_, response, tries) => {
    if (tries > 1) json(response, 200, { account: "acme" });
  });
  const client = createClient({ baseUrl, ...quick, timeoutMs: 60 });
  expect(await client.getAccount("acme")).toEqual({ account: "acme" });
  expect(received).toHaveLength(2);
});

test("when every try times out the error says so, with the key that makes another go safe", async () => {
  const { baseUrl, received } = await serve(() => {});
  const client = createClient({ baseUrl, ...quick, timeoutMs: 30, retries: 1 });
  const error = await client.spend("acme", { credits: "1" }, { key: "call-9" }).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(UnavailableError);
  expect(error).toMatchObject({ code: "unavailable", status: null, tries: 2, key: "call-9" });
  expect((error as UnavailableError).cause).toMatchObject({ name: "TimeoutError" });
  expect((error as Error).message).toContain('send it again with the key "call-9"');
  expect(received).toHaveLength(2);
});

test("a server nobody listens on gives an UnavailableError with the network's reason", async () => {
  const client = createClient({ baseUrl: "http://127.0.0.1:1", ...quick, retries: 2 });
  const error = await client.getAccount("acme").catch((e: unknown) => e);
  expect(error).toBeInstanceOf(UnavailableError);
  expect(error).toMatchObject({ tries: 3, key: null });
  expect((error as UnavailableError).cause).toBeInstanceOf(Error);
});

test("Retry-After is waited for", async () => {
  const { baseUrl, received } = await serve((_, response, tries) => {
    if (tries === 1) problem(response, 503, "overloaded", {}, { "retry-after": "1" });
    else json(response, 200, { account: "acme" });
  });
  await createClient({ baseUrl, ...quick }).getAccount("acme");
  const [first, second] = received;
  expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(990);
});

test("a Retry-After of hours is not waited for, but told", async () => {
  const { baseUrl, received } = await serve((_, response) =>
    problem(response, 429, "overloaded", {}, { "retry-after": "7200" }),
  );
  const error = await createClient({ baseUrl, ...quick })
    .getAccount("acme")
    .catch((e: unknown) => e);
  expect(error).toBeInstanceOf(UnavailableError);
  expect(error).toMatchObject({ status: 429, code: "overloaded", retryAfterSeconds: 7200, tries: 1 });
  expect(received).toHaveLength(1);
});

test("Retry-After is read as seconds and as a date", () => {
  expect(retryAfterMs("3")).toBe(3000);
  expect(retryAfterMs("Sun, 22 Nov 2026 10:00:05 GMT", Date.UTC(2026, 10, 22, 10, 0, 0))).toBe(5000);
  expect(retryAfterMs("Sun, 22 Nov 2026 10:00:05 GMT", Date.UTC(2026, 10, 22, 11, 0, 0))).toBe(0);
  expect(retryAfterMs("soon")).toBeNull();
  expect(retryAfterMs(null)).toBeNull();
});

test.each([400, 401, 402, 403, 404, 409, 413, 415, 422, 500])("%i is not tried again", async (status) => {
  const { baseUrl, received } = await serve((_, response) => problem(response, status, "no"));
  await expect(createClient({ baseUrl, ...quick }).spend("acme", { credits: "1" })).rejects.toMatchObject({
    status,
  });
  expect(received).toHaveLength(1);
});

test("retries: 0 sends once", async () => {
  const { baseUrl, received } = await serve((_, response) => problem(response, 503, "overloaded"));
  const client = createClient({ baseUrl, ...quick, retries: 0 });
  await expect(client.getAccount("acme")).rejects.toBeInstanceOf(UnavailableError);
  expect(received).toHaveLength(1);
});

test("calls without a key carry different keys", async () => {
  const { baseUrl, received } = await serve((_, response) => json(response, 201, { entry: {} }));
  const client = createClient({ baseUrl, ...quick });
  await client.spend("acme", { credits: "1" });
  await client.spend("acme", { credits: "1" });
  expect(received[0]?.headers["idempotency-key"]).not.toBe(received[1]?.headers["idempotency-key"]);
});

test("a refusal for another reason is a RefusedError in the server's words", async () => {
  const { baseUrl } = await serve((_, response) =>
    problem(response, 422, "refund_exceeds", { detail: "Entry 3 has 2 credits left to refund" }),
  );
  const error = await createClient({ baseUrl, ...quick })
    .refund("acme", { entry: 3 })
    .catch((e: unknown) => e);
  expect(error).toBeInstanceOf(RefusedError);
  expect((error as Error).message).toBe(
    "POST /v1/accounts/acme/refunds failed with 422 refund_exceeds: Entry 3 has 2 credits left to refund.",
  );
});
