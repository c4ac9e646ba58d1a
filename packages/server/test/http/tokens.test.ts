import { once } from "node:events";
import { request } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openLedger, SECRET, type TestLedger } from "./ledger.js";
import { listRoutes } from "./openapi-schema.js";

/** The operations that a token allows. It allows no other operation of the document. */
const READS = [
  "GET /v1/accounts/{account}",
  "GET /v1/accounts/{account}/activity",
  "GET /v1/accounts/{account}/activity/{position}/entries",
  "GET /v1/accounts/{account}/balance",
  "GET /v1/accounts/{account}/entries",
  "GET /v1/accounts/{account}/entries/{seq}",
  "GET /v1/accounts/{account}/grants",
  "GET /v1/accounts/{account}/holds",
  "GET /v1/accounts/{account}/holds/{hold}",
  "GET /v1/accounts/{account}/totals",
];

describe("an account token", () => {
  let ledger: TestLedger;
  let server: ReturnType<typeof serve>;
  let port: number;
  let authorization: string;
  let hold: string;
  /** Ids that are alike when their paths are decoded once too often, or normalized. */
  const others = ["b", "a%2Fb", "..", "a/..", "A", "a ", "a/activity", "a%2F..%2Fb", "a/../b"];

  beforeAll(async () => {
    ledger = await openLedger({ engine: "pglite" });
    for (const account of ["a", ...others.filter((other) => other !== "..")]) {
      await ledger.local.putAccount(account);
      await ledger.local.adjust(account, { credits: 1, description: "x" });
    }
    hold = (await ledger.local.hold("a", { credits: "0.5" })).hold.id;
    authorization = `Bearer ${(await ledger.local.createToken("a")).token}`;
    server = serve({ fetch: ledger.local.fetch, port: 0, hostname: "127.0.0.1" });
    await once(server, "listening");
    port = (server.address() as AddressInfo).port;
  });
  afterAll(async () => {
    server.close();
    await ledger.drop();
  });

  /** Sends a path as it is. fetch would normalize it first. */
  async function send(method: string, path: string, credential = authorization) {
    const sent = request({ port, host: "127.0.0.1", method, path, headers: { authorization: credential } });
    sent.end();
    const [response] = (await once(sent, "response")) as [import("node:http").IncomingMessage];
    let text = "";
    for await (const chunk of response) text += chunk;
    return { status: response.statusCode as number, text };
  }

  /** Returns the path of a route for an account, with its required parameters. */
  const toPath = (path: string, account: string) =>
    path
      .replace("{account}", account)
      .replace("{position}", "1")
      .replace("{seq}", "1")
      .replace("{hold}", hold)
      .replace(/\/totals$/, "/totals?by=kind");

  it("reads its account, and allows no other operation of the document", async () => {
    for (const { method, path } of listRoutes(ledger.document)) {
      const own = toPath(path, "a");
      const body = method === "GET" ? undefined : {};
      const reply = await ledger.call(method, own, body, { authorization, key: "k" });
      const expected = READS.includes(`${method} ${path}`) ? 200 : 403;
      expect(reply.status, `${method} ${path}`).toBe(expected);
      if (path.includes("{account}")) {
        const other = toPath(path, "b");
        const closed = await ledger.call(method, other, body, { authorization });
        expect([closed.status, closed.body.code], `${method} ${other}`).toEqual([403, "forbidden"]);
      }
    }
    expect((await ledger.readState("a")).entries).toHaveLength(1);
  });

  it("is documented for exactly the operations that it allows", () => {
    const named = listRoutes(ledger.document)
      .filter(({ operation }) => operation.security?.some((way) => "accountToken" in way))
      .map(({ method, path }) => `${method} ${path}`);
    expect(named.sort()).toEqual([...READS].sort());
  });

  it("allows no other method", async () => {
    for (const method of ["POST", "PUT", "PATCH", "DELETE", "PROPFIND"]) {
      for (const path of [
        "/v1/accounts/a",
        "/v1/accounts/a/entries",
        "/v1/usage",
        "/v1/accounts/a/nothing",
      ]) {
        expect((await send(method, path)).status, `${method} ${path}`).toBe(403);
      }
    }
    // A preflight of a browser is allowed for everybody, and its response has nothing of the account.
    expect(await send("OPTIONS", "/v1/accounts/b")).toEqual({ status: 204, text: "" });
    const override = { authorization, headers: { "x-http-method-override": "PUT" } };
    expect((await ledger.get("/v1/accounts/a", override)).status).toBe(200);
  });

  it("allows HEAD for what it reads with GET", async () => {
    expect(await send("HEAD", "/v1/accounts/a")).toEqual({ status: 200, text: "" });
    expect((await send("HEAD", "/v1/accounts/b")).status).toBe(403);
    expect((await send("HEAD", "/v1/usage")).status).toBe(403);
  });

  // biome-ignore format: one path after the other
  it.each([
    "/v1/accounts/b", "/v1/accounts/A", "/v1/accounts/a%20", "/v1/accounts/a%2Fb", "/v1/accounts/a%2F..%2Fb",
    "/v1/accounts/a/../b", "/v1/accounts/a/%2e%2e/b", "/v1/accounts/a/..%2Fb", "/v1/accounts/a%252Fb",
    "/v1/accounts/a%252F..%252Fb", "/v1/accounts/a%2Factivity", "/v1/accounts/%61%2F..", "/v1/accounts/a%00",
    "/v1/accounts/..", "/v1/accounts/%2e%2e", "/v1/accounts/", "/v1/accounts//a", "/v1/accounts", "/v1/",
    "/v1/accounts/a;b", "/v1/accounts/a%ff/entries", "/v1/accounts/b?account=a",
    "/v1/accounts/b/entries?x=/v1/accounts/a/", "/v1/accounts/b#/v1/accounts/a",
    "/v1/accounts/b%23/v1/accounts/a/", "//v1/accounts/b", "/./v1/accounts/b", "/V1/accounts/b",
    "/v1\\accounts\\b", "/v1/accounts/a\\..\\b", "/v1/accounts/b/..;/a", "http://a/v1/accounts/b",
    "/v1/accounts/b%3F/v1/accounts/a",
  ])("reads no other account at %s", async (path) => {
    const reply = await send("GET", path);
    expect([400, 403, 404], `${reply.status} ${reply.text}`).toContain(reply.status);
  });

  it.each([
    "/v1/accounts/a",
    "/v1/accounts/%61",
    "/v1/accounts/a?x",
    "/v1/accounts/b/../a",
    "/v1/accounts/b/%2e%2e/a",
  ])("reads at %s its own account or nothing", async (path) => {
    const reply = await send("GET", path);
    if (reply.status === 200) expect(JSON.parse(reply.text)).toMatchObject({ id: "a" });
    else expect([400, 403, 404]).toContain(reply.status);
  });

  it("finds nothing at a path with a trailing slash", async () => {
    for (const path of ["/v1/accounts/a/", "/v1/accounts/a/entries/", "/v1/usage/"]) {
      expect((await send("GET", path, `Bearer ${SECRET}`)).status, path).toBe(404);
      expect([403, 404]).toContain((await send("GET", path)).status);
    }
  });
});
