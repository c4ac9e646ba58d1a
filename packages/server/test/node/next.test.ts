import { createLedgerClient } from "@credit-activity/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLedger, type LocalLedger } from "../../src/index.js";
import { createRouteHandlers, type RouteContext } from "../../src/next/index.js";

const SECRET = "secret-of-the-tests";

describe("route handlers of Next.js", () => {
  let ledger: LocalLedger;

  beforeAll(async () => {
    ledger = await createLedger({ database: { memory: true }, secretKeys: [SECRET] });
  });

  afterAll(() => ledger.close());

  const handlers = createRouteHandlers(async () => ledger);

  /** Returns a `fetch` of the routes below a path, as Next.js calls their handlers. */
  function toFetch(base: string, name = "path"): typeof fetch {
    return async (input, init) => {
      const request = new Request(input as string, init);
      const rest = new URL(request.url).pathname.slice(base.length);
      const parts = rest.split("/").filter((part) => part !== "");
      const params = Promise.resolve({ locale: "en", [name]: parts.map(decodeURIComponent) });
      return handlers[request.method as keyof typeof handlers](request, { params });
    };
  }

  it.each([
    ["/api/credits", "path"],
    ["/docs/en/v1/accounts", "rest"],
  ])("serve the API below %s", async (base, name) => {
    const fetch = toFetch(base, name);
    const client = createLedgerClient({ baseUrl: `http://shop.example${base}`, key: SECRET, fetch });
    const account = `a/b?c%2F${base}`;
    await client.putAccount(account, { name: "Acme" });
    await client.grant(account, { kind: "bonus", title: "Welcome", credits: "10", expiresAt: null });
    const { entry } = await client.spend(account, { credits: "4" });
    expect(entry).toMatchObject({ credits: "-4", balance: "6" });
    const activity = await client.activity(account, { perPage: 1 });
    expect(activity).toMatchObject({ from: 1, to: 1, balance: "6" });
  });

  it("serve paths that Next.js ends with a slash", async () => {
    const response = await toFetch("/credits")("http://shop.example/credits/v1/accounts/nobody/", {
      headers: { authorization: `Bearer ${SECRET}` },
    });
    expect(await response.json()).toMatchObject({ code: "account_not_found" });
  });

  it("refuse what the token may not read", async () => {
    await ledger.putAccount("mine");
    const { token } = await ledger.createToken("mine");
    const headers = { authorization: `Bearer ${token}` };
    const read = (account: string) =>
      toFetch("/credits")(`http://shop.example/credits/v1/accounts/${account}`, { headers });
    expect((await read("mine")).status).toBe(200);
    expect((await read("other")).status).toBe(403);
    expect((await toFetch("/credits")("http://shop.example/credits/v1/accounts/mine")).status).toBe(401);
  });

  it("respond to a preflight", async () => {
    const response = await toFetch("/credits")("http://shop.example/credits/v1/accounts/mine", {
      method: "OPTIONS",
      headers: { origin: "http://page.example", "access-control-request-method": "GET" },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
  });

  it("state how to name the directory of a route that catches no path", async () => {
    const context: RouteContext = { params: Promise.resolve({ path: "healthz" }) };
    await expect(handlers.GET(new Request("http://shop.example/healthz"), context)).rejects.toThrow(
      "The route catches no path. Name its directory [...path].",
    );
  });
});
