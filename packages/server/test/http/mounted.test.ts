import { createLedgerClient, type Ledger } from "@credit-activity/client";
import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLedger, type LedgerOptions, type LocalLedger } from "../../src/index.js";
import { SECRET } from "./ledger.js";

const ORIGIN = "http://shop.example";
const BASE = "/api/credits";

type Fetch = (request: Request) => Response | Promise<Response>;

/** Returns a client whose requests a handler receives. */
function toClient(fetch: Fetch): Ledger {
  return createLedgerClient({
    baseUrl: `${ORIGIN}${BASE}`,
    key: SECRET,
    fetch: async (input: string | URL | Request, init?: RequestInit) => fetch(new Request(input, init)),
  });
}

/** Does what a product does, and returns its last entry. */
async function runCommands(client: Ledger): Promise<unknown> {
  await client.putAccount("a/b", { name: "Acme" });
  await client.grant(
    "a/b",
    { kind: "bonus", title: "Welcome", credits: "10", expiresAt: null },
    { key: "g" },
  );
  await client.spend("a/b", { credits: "4" }, { key: "s" });
  return (await client.entries("a/b")).entries[0];
}

const DONE = { credits: "-4", balance: "6" };

describe("a ledger under a base path", () => {
  let ledger: LocalLedger;

  beforeAll(async () => {
    ledger = await createLedger({ database: { memory: true }, secretKeys: [SECRET], basePath: BASE });
  });

  afterAll(() => ledger.close());

  const get = (path: string, headers = {}) => ledger.fetch(new Request(`${ORIGIN}${path}`, { headers }));

  it("receives whole paths", async () => {
    expect(await runCommands(toClient(ledger.fetch))).toMatchObject(DONE);
  });

  it("serves health checks and a document whose server is beside it", async () => {
    expect((await get(`${BASE}/healthz`)).status).toBe(200);
    expect((await get(`${BASE}/readyz`)).status).toBe(200);
    const url = `${ORIGIN}${BASE}/openapi.json`;
    const document = (await (await get(`${BASE}/openapi.json`)).json()) as { servers: { url: string }[] };
    expect(new URL(document.servers[0]?.url as string, url).href).toBe(`${ORIGIN}${BASE}/`);
  });

  it("lets an account token read its account, and nothing else", async () => {
    const client = toClient(ledger.fetch);
    await client.putAccount("mine", { name: "Mine" });
    const { token } = await ledger.createToken("mine");
    const headers = { authorization: `Bearer ${token}` };
    expect((await get(`${BASE}/v1/accounts/mine`, headers)).status).toBe(200);
    expect((await get(`${BASE}/v1/accounts/other`, headers)).status).toBe(403);
    expect((await get(`${BASE}/v1/accounts/mine/../other`, headers)).status).toBe(403);
  });

  it.each([
    ["/v1/accounts/mine"],
    ["/v1/accounts/mine/api/credits/v1/accounts/mine"],
    ["/api/creditsx/v1/accounts/mine"],
    ["/API/credits/v1/accounts/mine"],
    ["/api/credits"],
    ["/healthz"],
  ])("does not serve %s", async (path) => {
    const response = await get(path, { authorization: `Bearer ${SECRET}` });
    expect(response.status).toBe(404);
    expect(((await response.json()) as { detail: string }).detail).toBe(
      `GET ${path} is not under the basePath "/api/credits". Correct the option basePath, or the URL.`,
    );
  });

  it("names the document where a path under it does not exist", async () => {
    const response = await get(`${BASE}/nothing`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      detail: "GET /nothing does not exist. See the OpenAPI document at /api/credits/openapi.json.",
    });
  });
});

it.each(["api", "/api/", "/", "", "/a?b", "/a b", 1])("%j is not a base path", async (basePath) => {
  const options = { database: { memory: true }, basePath } as unknown as LedgerOptions;
  await expect(createLedger(options)).rejects.toThrow(/^basePath /);
});

it("a ledger without a base path is mounted by a framework that takes it off", async () => {
  const ledger = await createLedger({ database: { memory: true }, secretKeys: [SECRET] });
  const app = new Hono().mount(BASE, ledger.fetch);
  expect(await runCommands(toClient(app.fetch))).toMatchObject(DONE);
  await ledger.close();
});
