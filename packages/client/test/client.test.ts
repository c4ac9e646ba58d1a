import { expect, expectTypeOf, test, vi } from "vitest";
import { type Amount, createLedgerClient, type Ledger, type SpendInput } from "../src/index.js";
import { json, serve } from "./server.js";

async function recorder(body: unknown = {}) {
  const { baseUrl, received } = await serve((_, response) => json(response, 200, body));
  return { client: createLedgerClient({ baseUrl, key: "t" }), received, baseUrl };
}

test("every method calls its route", async () => {
  const { client, received } = await recorder();
  await client.putAccount("acme", { name: "Acme", overdraftLimit: "10" });
  await client.getAccount("acme");
  await client.grant("acme", { kind: "purchase", credits: "1000" });
  await client.usage([{ id: "e1", account: "acme", kind: "ai_usage", credits: "1" }]);
  await client.spend("acme", { credits: 0.75 });
  await client.hold("acme", { credits: "1", expiresIn: 60 });
  await client.settle("acme", "h1", { credits: "1" });
  await client.release("acme", "h/2");
  await client.refund("acme", { entry: 3 });
  await client.adjust("acme", { credits: "-2", description: "Counted twice" });
  await client.writeOff("acme", { credits: "2", description: "Closed" });
  await client.activity("acme", { filter: "used", page: 2, perPage: 8, asOf: "a+b" });
  await client.activityEntries("acme", 7, { limit: 50 });
  await client.entries("acme", { order: "asc", cursor: "c" });
  await client.grants("acme");
  await client.createToken("acme", { expiresIn: 60 });
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
    "GET /v1/accounts/acme/activity?filter=used&page=2&perPage=8&asOf=a%2Bb",
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
  expect(received[4]?.body).toEqual({ credits: 0.75 });
  expect(received[7]?.body).toEqual({});
  expect(received.filter((r) => r.method === "GET").map((r) => r.body)).toEqual(Array(5).fill(undefined));
});

test("account ids arrive unchanged", async () => {
  const { client, received } = await recorder();
  const ids = ["a/b c?#%", "ä🙂", "a%2Fb", "user:1@x+y", "..."];
  for (const id of ids) await client.getAccount(id);
  const arrived = received.map((r) => decodeURIComponent(r.url.slice("/v1/accounts/".length)));
  expect(arrived).toEqual(ids);
  expect(received[0]?.url).toBe("/v1/accounts/a%2Fb%20c%3F%23%25");
});

test.each(["", ".", "..", "\ud800"])("the id %j is refused before it reaches a wrong path", async (id) => {
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

test("dates are sent as RFC 3339 strings, and null or undefined query parameters are left out", async () => {
  const { client, received } = await recorder();
  const expiresAt = new Date("2026-12-01T00:00:00Z");
  await client.grant("acme", { kind: "bonus", credits: 5, expiresAt });
  expect(received[0]?.body).toMatchObject({ expiresAt: "2026-12-01T00:00:00.000Z" });
  await client.activity("acme", { page: undefined, asOf: null } as object);
  expect(received[1]?.url).toBe("/v1/accounts/acme/activity");
});

test.each([
  ["NaN", { credits: Number.NaN }, "credits"],
  ["an infinite number", { credits: "1", cost: Number.POSITIVE_INFINITY }, "cost"],
  ["a bigint", { credits: 1n }, "credits"],
  ["an invalid Date", { credits: "1", occurredAt: new Date(Number.NaN) }, "occurredAt"],
  ["a nested NaN", { credits: "1", quantities: { tokens: Number.NaN } }, "quantities.tokens"],
])("%s is refused, since JSON would lose it", async (_, input, path) => {
  const { client, received } = await recorder();
  await expect(client.spend("acme", input as unknown as SpendInput)).rejects.toMatchObject({
    name: "InvalidRequestError",
    errors: [{ path }],
  });
  expect(received).toHaveLength(0);
});

test("baseUrl may have a path and end in slashes", async () => {
  const { baseUrl, received } = await recorder();
  await createLedgerClient({ baseUrl: `${baseUrl}/credits//`, key: "t" }).getAccount("acme");
  expect(received[0]?.url).toBe("/credits/v1/accounts/acme");
});

test("fetch can be replaced", async () => {
  const fetch = async () => Response.json({ id: "acme" });
  const client = createLedgerClient({ baseUrl: "http://127.0.0.1:1", key: "t", fetch });
  expect(await client.getAccount("acme")).toEqual({ id: "acme" });
});

test.each(["/credits", "credits.example.com"])(
  "the baseUrl %j is refused by a request, not by its page's server",
  async (relative) => {
    const fetch = vi.fn(async () => Response.json({ id: "acme" }));
    const client = createLedgerClient({ baseUrl: relative, key: "t", fetch });
    const error = await client.getAccount("acme").catch((e: unknown) => e);
    expect(error).toMatchObject({ name: "InvalidRequestError", errors: [{ path: "baseUrl" }] });
    expect((error as Error).message).toContain("is not absolute. Outside a browser it must be");
    expect(fetch).not.toHaveBeenCalled();
  },
);

test("a relative baseUrl works in a browser", async () => {
  vi.stubGlobal("location", new URL("https://app.example.com/settings"));
  const fetch = vi.fn(async () => Response.json({ id: "acme" }));
  await createLedgerClient({ baseUrl: "/credits/", key: "t", fetch }).getAccount("acme");
  expect(fetch).toHaveBeenCalledWith("/credits/v1/accounts/acme", expect.anything());
  vi.unstubAllGlobals();
});

const baseUrl = "http://127.0.0.1:1";
const getToken = () => "t";

test.each([
  [{ key: "t" }, "The baseUrl undefined is not a string"],
  [{ baseUrl, key: "" }, "got no key"],
  [{ baseUrl }, "got no key"],
  [{ baseUrl, key: "t", getToken }, "got both a key and getToken"],
  [{ baseUrl, key: "t", retries: -1 }, "retries is -1"],
  [{ baseUrl, key: "t", timeoutMs: 0 }, "timeoutMs is 0"],
  [{ baseUrl, key: "t", retryDelayMs: Number.NaN }, "retryDelayMs is NaN"],
  [{ baseUrl, token: "t" }, 'createLedgerClient has no option "token"'],
])("the client options %j are refused", (options, message) => {
  const create = createLedgerClient as (options: object) => Ledger;
  expect(() => create(options)).toThrow(TypeError);
  expect(() => create(options)).toThrow(message);
});

test.each([
  ["idempotencyKey", (client: Ledger, options: object) => client.spend("acme", { credits: "1" }, options)],
  ["idempotencyKey", (client: Ledger, options: object) => client.getAccount("acme", options)],
])("the unknown call option %s is refused before the request", async (name, call) => {
  const { client, received } = await recorder();
  const error = await call(client, { [name]: "x" }).catch((e: unknown) => e);
  expect(error).toMatchObject({ name: "InvalidRequestError", errors: [{ path: name }] });
  expect((error as Error).message).toContain(`The call has no option "${name}"`);
  expect(received).toHaveLength(0);
});

test("amounts of results are strings, and inputs also accept numbers", () => {
  expectTypeOf<number>().not.toExtend<Amount>();
  expectTypeOf<bigint>().not.toExtend<Amount>();
  expectTypeOf<string>().not.toExtend<Amount>();
  expectTypeOf<{ credits: bigint }>().not.toExtend<SpendInput>();
  expectTypeOf<{ credits: string }>().not.toExtend<SpendInput>();
  expectTypeOf<{ credits: "12.5" }>().toExtend<SpendInput>();
  expectTypeOf<{ credits: number }>().toExtend<SpendInput>();
});
