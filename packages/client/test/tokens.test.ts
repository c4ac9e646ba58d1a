import { expect, test } from "vitest";
import { createClient, UnauthorizedError } from "../src/index.js";
import { json, problem, serve } from "./server.js";

/** A server that takes one token only, which can change. */
async function serveWith(tokens: { good: string }) {
  return serve((received, response) => {
    if (received.headers.authorization === `Bearer ${tokens.good}`) json(response, 200, { account: "acme" });
    else problem(response, 401, "unauthorized");
  });
}

test("a fixed token is sent as a bearer", async () => {
  const { baseUrl, received } = await serve((_, response) => json(response, 200, {}));
  await createClient({ baseUrl, token: "sk_1" }).getAccount("acme");
  expect(received[0]?.headers.authorization).toBe("Bearer sk_1");
});

test("getToken is asked once, and its token shared", async () => {
  const { baseUrl } = await serveWith({ good: "t1" });
  let asked = 0;
  const client = createClient({
    baseUrl,
    getToken: async () => {
      asked += 1;
      return "t1";
    },
  });
  await Promise.all([client.getAccount("acme"), client.getAccount("acme")]);
  await client.getAccount("acme");
  expect(asked).toBe(1);
});

test("after a 401 getToken is asked once more and the request sent again with the same key", async () => {
  const tokens = { good: "t1" };
  const { baseUrl, received } = await serveWith(tokens);
  let asked = 0;
  const client = createClient({ baseUrl, getToken: () => `t${++asked}` });
  await client.spend("acme", { credits: "1" });
  tokens.good = "t2";
  await client.spend("acme", { credits: "1" });
  expect(asked).toBe(2);
  expect(received.map((r) => r.headers.authorization)).toEqual(["Bearer t1", "Bearer t1", "Bearer t2"]);
  expect(received[1]?.headers["idempotency-key"]).toBe(received[2]?.headers["idempotency-key"]);
});

test("several requests refused with one token ask for its successor once", async () => {
  const tokens = { good: "t1" };
  const { baseUrl } = await serveWith(tokens);
  let asked = 0;
  const client = createClient({ baseUrl, getToken: async () => `t${++asked}` });
  await client.getAccount("acme");
  tokens.good = "t2";
  await Promise.all([1, 2, 3, 4].map(() => client.getAccount("acme")));
  expect(asked).toBe(2);
});

test("a second 401 is an UnauthorizedError, not a loop", async () => {
  const { baseUrl, received } = await serveWith({ good: "none" });
  const client = createClient({ baseUrl, getToken: () => "bad" });
  await expect(client.getAccount("acme")).rejects.toBeInstanceOf(UnauthorizedError);
  expect(received).toHaveLength(2);
});

test("a getToken that fails is told with its cause, and asked again by the next call", async () => {
  const { baseUrl, received } = await serveWith({ good: "t" });
  const cause = new Error("session expired");
  let broken = true;
  const client = createClient({
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

test("a token no header can carry is refused with a sentence", async () => {
  const client = createClient({ baseUrl: "http://127.0.0.1:1", token: "two\nlines" });
  await expect(client.getAccount("acme")).rejects.toMatchObject({ code: "bad_request", status: null });
});
