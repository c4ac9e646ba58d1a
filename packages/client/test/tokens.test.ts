import { expect, test } from "vitest";
import { createLedgerClient, ForbiddenError, UnauthorizedError } from "../src/index.js";
import { json, problem, serve } from "./server.js";

/** Serves an API that accepts one token, which can change. */
async function serveWith(tokens: { good: string }) {
  return serve((received, response) => {
    if (received.headers.authorization === `Bearer ${tokens.good}`) json(response, 200, { id: "acme" });
    else problem(response, 401, "unauthorized");
  });
}

test("the key is sent as a bearer token", async () => {
  const { baseUrl, received } = await serve((_, response) => json(response, 200, {}));
  await createLedgerClient({ baseUrl, key: "sk_1" }).getAccount("acme");
  expect(received[0]?.headers.authorization).toBe("Bearer sk_1");
});

test("getToken is called once, and all requests share its token", async () => {
  const { baseUrl } = await serveWith({ good: "t1" });
  let calls = 0;
  const client = createLedgerClient({
    baseUrl,
    getToken: async () => {
      calls += 1;
      return "t1";
    },
  });
  await Promise.all([client.getAccount("acme"), client.getAccount("acme")]);
  await client.getAccount("acme");
  expect(calls).toBe(1);
});

test("after a 401 the client calls getToken again and repeats the request with the same key", async () => {
  const tokens = { good: "t1" };
  const { baseUrl, received } = await serveWith(tokens);
  let calls = 0;
  const client = createLedgerClient({ baseUrl, getToken: () => `t${++calls}` });
  await client.spend("acme", { credits: "1" });
  tokens.good = "t2";
  await client.spend("acme", { credits: "1" });
  expect(calls).toBe(2);
  expect(received.map((r) => r.headers.authorization)).toEqual(["Bearer t1", "Bearer t1", "Bearer t2"]);
  expect(received[1]?.headers["idempotency-key"]).toBe(received[2]?.headers["idempotency-key"]);
});

test("several requests refused with one token call getToken once", async () => {
  const tokens = { good: "t1" };
  const { baseUrl } = await serveWith(tokens);
  let calls = 0;
  const client = createLedgerClient({ baseUrl, getToken: async () => `t${++calls}` });
  await client.getAccount("acme");
  tokens.good = "t2";
  await Promise.all([1, 2, 3, 4].map(() => client.getAccount("acme")));
  expect(calls).toBe(2);
});

test("a second 401 is an UnauthorizedError", async () => {
  const { baseUrl, received } = await serveWith({ good: "none" });
  const client = createLedgerClient({ baseUrl, getToken: () => "bad" });
  await expect(client.getAccount("acme")).rejects.toBeInstanceOf(UnauthorizedError);
  expect(received).toHaveLength(2);
});

test("the call after a second 401 gets another token before it sends a request", async () => {
  const tokens = { good: "t3" };
  const { baseUrl, received } = await serveWith(tokens);
  let calls = 0;
  const client = createLedgerClient({ baseUrl, getToken: () => `t${++calls}` });
  await expect(client.getAccount("acme")).rejects.toBeInstanceOf(UnauthorizedError);
  await client.getAccount("acme");
  expect(received.map((r) => r.headers.authorization)).toEqual(["Bearer t1", "Bearer t2", "Bearer t3"]);
});

test("after a 403 the client repeats nothing, and the next call gets another token", async () => {
  const { baseUrl, received } = await serve((request, response) => {
    if (request.headers.authorization === "Bearer t2") json(response, 200, { id: "acme" });
    else problem(response, 403, "forbidden");
  });
  let calls = 0;
  const client = createLedgerClient({ baseUrl, getToken: () => `t${++calls}` });
  await expect(client.getAccount("acme")).rejects.toBeInstanceOf(ForbiddenError);
  expect([received.length, calls]).toEqual([1, 1]);
  await client.getAccount("acme");
  await client.getAccount("acme");
  expect([received.length, calls]).toEqual([3, 2]);
});

test("an error of getToken is the cause of an UnauthorizedError, and the next call calls it again", async () => {
  const { baseUrl, received } = await serveWith({ good: "t" });
  const cause = new Error("session expired");
  let broken = true;
  const client = createLedgerClient({
    baseUrl,
    getToken: async () => {
      if (broken) throw cause;
      return "t";
    },
  });
  const error = await client.getAccount("acme").catch((e: unknown) => e);
  expect(error).toBeInstanceOf(UnauthorizedError);
  expect(error).toMatchObject({ code: "token_unavailable", status: null, cause });
  expect(received).toHaveLength(0);
  broken = false;
  await client.getAccount("acme");
});

test("a getToken that returns no token causes an UnauthorizedError without a request", async () => {
  const client = createLedgerClient({ baseUrl: "http://127.0.0.1:1", getToken: () => "" });
  await expect(client.getAccount("acme")).rejects.toMatchObject({
    name: "UnauthorizedError",
    code: "token_unavailable",
  });
});

test("a key that a header cannot carry is refused", async () => {
  const client = createLedgerClient({ baseUrl: "http://127.0.0.1:1", key: "two\nlines" });
  await expect(client.getAccount("acme")).rejects.toMatchObject({ code: "bad_request", status: null });
});
