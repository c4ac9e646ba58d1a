import { expect, expectTypeOf, test } from "vitest";
import { type Amount, amount, createClient, isAmount, type SpendInput } from "../src/index.js";
import { json, serve } from "./server.js";

async function recorder(body: unknown = {}) {
  const { baseUrl, received } = await serve((_, response) => json(response, 200, body));
  return { client: createClient({ baseUrl, token: "t" }), received, baseUrl };
}

test("every method goes to its route", async () => {
  const { client, received } = await recorder();
  await client.putAccount("acme", { name: "Acme", overdraft_limit: "10" });
  await client.getAccount("acme");
  await client.grant("acme", { kind: "purchase", credits: "1000" });
  await client.usage([{ id: "e1", account: "acme", kind: "ai_usage", credits: "1" }]);
  await client.spend("acme", { credits: "1" });
  await client.hold("acme", { credits: "1", expires_in: 60 });
  await client.settle("acme", "h1", { credits: "1" });
  await client.release("acme", "h/2");
  await client.refund("acme", { entry: 3 });
  await client.adjust("acme", { credits: "-2", description: "Counted twice" });
  await client.writeOff("acme", { credits: "2", description: "Closed" });
  await client.activity("acme", { filter: "used", page: 2, per_page: 8, as_of: "a+b" });
  await client.activityEntries("acme", 7, { limit: 50 });
  await client.entries("acme", { order: "asc", cursor: "c" });
  await client.grants("acme");
  await client.createToken("acme", { expires_in: 60 });
  expect(received.map((r) => `${r.method} ${r.url}`)).toEqual([
    "PUT /v1/accounts/acme",
    "GET /v1/accounts/acme",
    "POST /v1/accounts/acme/grants",
    "POST /v1/usage",
    "POST /v1/accounts/acme/spend",
    "POST /v1/accounts/acme/holds",
    "POST /v1/accounts/acme/holds/h1/settle",
    "POST /v1/accounts/acme/holds/h%2F2/release",
    "POST /v1/accounts/acme/refunds",
    "POST /v1/accounts/acme/adjustments",
    "POST /v1/accounts/acme/writeoffs",
    "GET /v1/accounts/acme/activity?filter=used&page=2&per_page=8&as_of=a%2Bb",
    "GET /v1/accounts/acme/activity/7/entries?limit=50",
    "GET /v1/accounts/acme/entries?order=asc&cursor=c",
    "GET /v1/accounts/acme/grants",
    "POST /v1/accounts/acme/tokens",
  ]);
  const keyed = received
    .filter((r) => r.headers["idempotency-key"] !== undefined)
    .map((r) => r.url.split("/").at(-1));
  expect(keyed).toEqual([
    "grants",
    "spend",
    "holds",
    "settle",
    "release",
    "refunds",
    "adjustments",
    "writeoffs",
  ]);
  expect(received[3]?.body).toEqual({
    events: [{ id: "e1", account: "acme", kind: "ai_usage", credits: "1" }],
  });
  expect(received[7]?.body).toEqual({});
  expect(received.filter((r) => r.method === "GET").map((r) => r.body)).toEqual(Array(5).fill(undefined));
});

test("account ids arrive as they are, whatever they hold", async () => {
  const { client, received } = await recorder();
  const ids = ["a/b c?#%", "ä🙂", "a%2Fb", "user:1@x+y", "..."];
  for (const id of ids) await client.getAccount(id);
  const arrived = received.map((r) => decodeURIComponent(r.url.slice("/v1/accounts/".length)));
  expect(arrived).toEqual(ids);
  expect(received[0]?.url).toBe("/v1/accounts/a%2Fb%20c%3F%23%25");
});

test.each(["", ".", "..", "\ud800"])("the id %j is refused before it goes to the wrong path", async (id) => {
  const { client, received } = await recorder();
  await expect(client.getAccount(id)).rejects.toMatchObject({ name: "InvalidRequestError", status: null });
  expect(received).toHaveLength(0);
});

test.each(["", " a", "ü", "a".repeat(256)])("the key %j is refused before it is sent", async (key) => {
  const { client, received } = await recorder();
  await expect(client.spend("acme", { credits: "1" }, { key })).rejects.toMatchObject({
    errors: [{ path: "key" }],
  });
  expect(received).toHaveLength(0);
});

test("baseUrl may end in slashes and have a path", async () => {
  const { baseUrl, received } = await recorder();
  await createClient({ baseUrl: `${baseUrl}/credits//`, token: "t" }).getAccount("acme");
  expect(received[0]?.url).toBe("/credits/v1/accounts/acme");
});

test("options that can't work are refused when the client is made", () => {
  expect(() => createClient({ baseUrl: "/credits", token: "t" })).toThrow("must be absolute");
  expect(() => createClient({ baseUrl: "http://127.0.0.1:1", token: "" })).toThrow("got no token");
  expect(() => createClient({ baseUrl: "http://127.0.0.1:1", token: "t", retries: -1 })).toThrow(
    "retries: -1",
  );
  expect(() => createClient({ baseUrl: "http://127.0.0.1:1", token: "t", timeoutMs: 0 })).toThrow(
    "timeoutMs",
  );
});

test("eachEntry follows cursors to the end, and stops early when its reader does", async () => {
  const { baseUrl, received } = await serve((one, response) => {
    const cursor = Number(new URL(one.url, "http://x").searchParams.get("cursor") ?? "0");
    const entries = [{ seq: cursor + 1 }, { seq: cursor + 2 }];
    json(response, 200, { entries, next_cursor: cursor < 4 ? String(cursor + 2) : null });
  });
  const client = createClient({ baseUrl, token: "t" });
  const seen: number[] = [];
  for await (const entry of client.eachEntry("acme", { order: "asc", limit: 2 })) seen.push(entry.seq);
  expect(seen).toEqual([1, 2, 3, 4, 5, 6]);
  expect(received.map((r) => r.url.split("?")[1])).toEqual([
    "order=asc&limit=2",
    "order=asc&limit=2&cursor=2",
    "order=asc&limit=2&cursor=4",
  ]);
  for await (const _ of client.eachActivityEntry("acme", 3)) break;
  expect(received).toHaveLength(4);
});

test("a cursor that leads to itself is an error, not an endless list", async () => {
  const { client } = await recorder({ grants: [{ seq: 1 }], next_cursor: "same" });
  const reading = (async () => {
    for await (const _ of client.eachGrant("acme"));
  })();
  await expect(reading).rejects.toMatchObject({ code: "unexpected_response" });
});

test("amounts are decimal strings, and numbers are not among them", () => {
  expect(["0", "-12.5", "9223372036854.775807"].every(isAmount)).toBe(true);
  expect(
    ["", "1e3", "+1", "1.", ".5", "01", "1.1234567", "NaN", "Infinity", " 1", 1, null].some(isAmount),
  ).toBe(false);
  expect(amount("12.5")).toBe("12.5");
  expect(() => amount("1e3")).toThrow('"1e3" is not an amount');
  expectTypeOf<number>().not.toExtend<Amount>();
  expectTypeOf<bigint>().not.toExtend<Amount>();
  expectTypeOf<string>().not.toExtend<Amount>();
  expectTypeOf<{ credits: number }>().not.toExtend<SpendInput>();
  expectTypeOf<{ credits: "12.5" }>().toExtend<SpendInput>();
});
